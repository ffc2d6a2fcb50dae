import { parseMac } from '@reboots/protocol/net'
import { machineFacts, parsePolicy } from '@reboots/rules'
import { openMachineReplica, openPolicyReplica, type Log, type Metrics } from '@reboots/runtime'
import type { KnownMachine, ScriptPorts } from '../ports.ts'

/** The script route's ports over copies of the control plane's state. */
export interface Replicas extends ScriptPorts {
  /** Why there is no state yet, for /readyz. */
  problems(): readonly string[]
  close(): void
}

export function openReplicas(
  control: { readonly hardware: string; readonly rules: string },
  log: Log,
  metrics: Metrics,
): Replicas {
  const machines = openMachineReplica<KnownMachine>({
    address: control.hardware,
    prepare: (machine, iface) => ({ mac: parseMac(iface.mac)!, facts: machineFacts(machine, iface) }),
    log,
    metrics,
  })
  const compile = (document: string, version: string) => parsePolicy(document, 'policy', version)
  const policies = openPolicyReplica({ address: control.rules, compile, log, metrics })
  return {
    machineByMac: machines.byMac,
    machineByAddress: machines.byIp,
    policy: policies.current,
    get machinesSynced() {
      return machines.synced
    },
    problems: () => [machines.problem, policies.problem].filter((problem) => problem !== undefined),
    close() {
      machines.close()
      policies.close()
    },
  }
}
