import { parseMac } from '@reboots/protocol/net'
import {
  bootHistory,
  machineFacts,
  parsePolicy,
  type BootHistory,
  type Histories,
  type Policy,
  type Facts,
  shadowDifference,
} from '@reboots/rules'
import { openReplicas, type Log, type Metrics, type Replicas, type Traits } from '@reboots/runtime'
import type { Ask } from '../boot-api/ask.ts'
import type { BootPorts, KnownMachine } from '../ports.ts'

/** The copies of the control plane's state that scripts are decided by. */
export function openControlPlane(
  control: { readonly hardware: string; readonly rules: string },
  log: Log,
  metrics: Metrics,
): Replicas<KnownMachine, Policy, unknown, BootHistory, Facts> {
  return openReplicas<KnownMachine, Policy, unknown, BootHistory, Facts>({
    control,
    prepare: (machine, iface) => ({
      mac: parseMac(iface.mac),
      matched: iface.match !== undefined,
      facts: machineFacts(machine, iface),
    }),
    compile: (document, version, failed) => ({ ...parsePolicy(document, 'policy', version), failed }),
    remember: bootHistory,
    judge: shadowDifference,
    log,
    metrics,
  })
}

const NO_TRAITS: Traits = { clientId: '', circuitId: '', remoteId: '', uuid: '', facts: undefined }

/** The script route's ports over them. */
export function scriptPorts(
  { machines, policy }: Pick<Replicas<KnownMachine, Policy, unknown, unknown, Facts>, 'machines' | 'policy'>,
  history: Histories,
  ask: Ask,
): BootPorts {
  return {
    ask,
    machineByMac: machines.byMac,
    machineByAddress: machines.byIp,
    machineById: machines.byId,
    machineByUuid: (uuid) => machines.byTraits({ ...NO_TRAITS, uuid })?.value,
    policy: policy.current,
    decided: policy.decided,
    history,
    get machinesSynced() {
      return machines.synced
    },
  }
}
