import type { hardware } from '@reboots/api'
import type { Ipv4Address } from '@reboots/protocol/net'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { CompileCondition } from './match-index.ts'
import { openMachineReplica, type MachineReplica } from './machines.ts'
import { openPolicyReplica, type PolicyReplica } from './policy.ts'

export interface ReplicasOptions<T, P, F = unknown> {
  /** gRPC addresses, the section `control`. */
  readonly control: { readonly hardware: string; readonly rules: string }
  prepare(machine: hardware.Machine, iface: hardware.Interface): T
  /** See MachineReplicaOptions, and so `match`, which is its `compile`. */
  readonly match?: CompileCondition<F>
  /** See MachineReplicaOptions. */
  readonly changed?: (addresses: Iterable<Ipv4Address>) => void
  compile(document: string, version: string): P
  readonly log: Log
  readonly metrics: Metrics
}

/** Local copies of everything the control plane publishes. */
export interface Replicas<T, P, F = unknown> {
  readonly machines: MachineReplica<T, F>
  readonly policy: PolicyReplica<P>
  /** For /readyz: what there is no first state of yet, and why. */
  problems(): readonly string[]
  close(): void
}

/** What a service of the data plane decides by: the machines and the boot policy, kept current. */
export function openReplicas<T, P, F = unknown>(options: ReplicasOptions<T, P, F>): Replicas<T, P, F> {
  const { control, prepare, compile, log, metrics } = options
  const { changed } = options
  const machines = openMachineReplica<T, F>({
    address: control.hardware,
    prepare,
    compile: options.match,
    ...(changed && { changed }),
    log,
    metrics,
  })
  const policy = openPolicyReplica<P>({ address: control.rules, compile, log, metrics })
  return {
    machines,
    policy,
    problems: () => [machines.problem, policy.problem].filter((problem) => problem !== undefined),
    close() {
      machines.close()
      policy.close()
    },
  }
}
