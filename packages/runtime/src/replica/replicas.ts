import type { hardware, history } from '@reboots/api'
import type { Ipv4Address } from '@reboots/protocol/net'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { ConditionFailed } from './condition-errors.ts'
import { openHistoryReplica, type HistoryReplica } from './history.ts'
import type { CompileCondition } from './match-index.ts'
import { openMachineReplica, type MachineReplica } from './machines.ts'
import { openPolicyReplica, type PolicyReplica } from './policy.ts'
import type { Judge } from './shadow.ts'

/** A policy says whether it looks at the history of boots. */
interface Reads {
  readonly readsHistory: boolean
}

export interface ReplicasOptions<T, P extends Reads, F = unknown, H = unknown, D = unknown> {
  /** gRPC addresses, the section `control`. */
  readonly control: { readonly hardware: string; readonly rules: string }
  prepare(machine: hardware.Machine, iface: hardware.Interface): T
  /** See MachineReplicaOptions, and so `match`, which is its `compile`. */
  readonly match?: CompileCondition<F>
  /** See MachineReplicaOptions. */
  readonly changed?: (addresses: Iterable<Ipv4Address>) => void
  /** See PolicyReplicaOptions. */
  compile(document: string, version: string, failed: ConditionFailed): P
  /** See HistoryReplicaOptions, and so `remember`, which is its `prepare`. */
  remember(record: history.History): H
  /** See PolicyReplicaOptions. */
  readonly judge?: Judge<P, D>
  readonly log: Log
  readonly metrics: Metrics
}

/** Local copies of everything the control plane publishes. */
export interface Replicas<T, P, F = unknown, H = unknown, D = unknown> {
  readonly machines: MachineReplica<T, F>
  readonly policy: PolicyReplica<P, D>
  /** Only kept current, and waited for, once there has been a policy that looks at it. */
  readonly history: HistoryReplica<H>
  /** For /readyz: what there is no first state of yet, and why. */
  problems(): readonly string[]
  close(): void
}

/** What a service of the data plane decides by: the machines and the boot policy, kept current. */
export function openReplicas<T, P extends Reads, F = unknown, H = unknown, D = unknown>(
  options: ReplicasOptions<T, P, F, H, D>,
): Replicas<T, P, F, H, D> {
  const { control, prepare, log, metrics } = options
  const { changed } = options
  const machines = openMachineReplica<T, F>({
    address: control.hardware,
    prepare,
    compile: options.match,
    ...(changed && { changed }),
    log,
    metrics,
  })
  const history = openHistoryReplica<H>({ address: control.rules, prepare: options.remember, log, metrics })
  // Conditions that fail in a policy that nobody is answered by are not counted.
  const tried = (document: string, version: string): P => options.compile(document, version, () => {})
  const policy = openPolicyReplica<P, D>({
    address: control.rules,
    compile(document, version, failed) {
      const compiled = options.compile(document, version, failed)
      if (compiled.readsHistory) history.follow()
      return compiled
    },
    withheld: () => history.waiting,
    tryOut: options.judge && { compile: tried, judge: options.judge },
    log,
    metrics,
  })
  return {
    machines,
    policy,
    history,
    problems: () => [machines.problem, policy.problem, history.problem].filter((problem) => problem !== undefined),
    close() {
      machines.close()
      policy.close()
      history.close()
    },
  }
}
