import { parseMac } from '@reboots/protocol/net'
import { machineFacts, parsePolicy, type Policy } from '@reboots/rules'
import { openReplicas, type Log, type Metrics, type Replicas } from '@reboots/runtime'
import type { KnownMachine, ScriptPorts } from '../ports.ts'

/** The copies of the control plane's state that scripts are decided by. */
export function openControlPlane(
  control: { readonly hardware: string; readonly rules: string },
  log: Log,
  metrics: Metrics,
): Replicas<KnownMachine, Policy> {
  return openReplicas({
    control,
    prepare: (machine, iface) => ({ mac: parseMac(iface.mac)!, facts: machineFacts(machine, iface) }),
    compile: (document, version) => parsePolicy(document, 'policy', version),
    log,
    metrics,
  })
}

/** The script route's ports over them. */
export function scriptPorts({ machines, policy }: Replicas<KnownMachine, Policy>): ScriptPorts {
  return {
    machineByMac: machines.byMac,
    machineByAddress: machines.byIp,
    policy: policy.current,
    get machinesSynced() {
      return machines.synced
    },
  }
}
