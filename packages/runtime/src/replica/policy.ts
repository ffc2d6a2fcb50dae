import { rules } from '@reboots/api'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { connect } from '../rpc/connect.ts'
import { conditionErrors, type ConditionFailed } from './condition-errors.ts'
import { openConnection } from './connection.ts'
import { follow } from './follow.ts'
import { Shadow, type Judge } from './shadow.ts'

export interface PolicyReplicaOptions<P, D = unknown> {
  /** gRPC address of the rules-engine. */
  readonly address: string
  /** Once per version. A version for which it throws is logged and left out: the one before stays. `failed` counts and logs. */
  compile(document: string, version: string, failed: ConditionFailed): P
  /** As long as this is so there is no policy, whatever has been received: it cannot be decided by yet. */
  readonly withheld?: () => boolean
  /** How a candidate is made ready and decided by again; absent: none is tried out. */
  readonly tryOut?: { compile(document: string, version: string): P; readonly judge: Judge<P, D> } | undefined
  readonly log: Log
  readonly metrics: Metrics
}

/** The published boot policy, compiled; the last good version stays for ever when the rules-engine is gone. */
export interface PolicyReplica<P, D = unknown> {
  current(): P | undefined
  /** To be told after each decision, with what it was made on: a candidate that is tried out decides on it too, later. */
  readonly decided: (facts: D) => void
  /** Content hash of the version in use; empty before the first. */
  readonly version: string
  /** There has been a version that could be compiled. */
  readonly synced: boolean
  readonly whenSynced: Promise<void>
  /** For /readyz: why there is no policy yet; undefined when there is. */
  readonly problem: string | undefined
  close(): void
}

/** Follows the rules-engine's Watch. */
export function openPolicyReplica<P, D = unknown>(options: PolicyReplicaOptions<P, D>): PolicyReplica<P, D> {
  const { address, log, metrics, withheld = () => false } = options
  const client = connect(rules.RulesServiceClient, address)
  const connection = openConnection('policy', `the rules-engine at ${address}`, log, metrics)
  const refusedVersions = metrics.counter('reboots_policy_refused_total', 'Policy versions that could not be compiled')
  const failedIn = conditionErrors(log, metrics)
  const shadow = new Shadow<P, D>(options.tryOut?.judge ?? (() => undefined), (report) =>
    // A report that does not arrive is one that was not made: they are samples.
    client.reportShadow(report, (error) => {
      if (error !== null) log.debug({ why: error.details }, 'report on a candidate lost')
    }),
  )
  let policy: P | undefined
  let current = ''
  let broken: string | undefined

  function startTrial(candidate: rules.Candidate | undefined): void {
    const { tryOut } = options
    if (policy === undefined || tryOut === undefined) return
    const active = { version: current, policy }
    try {
      const tried = candidate && {
        version: candidate.version,
        policy: tryOut.compile(candidate.document, candidate.version),
      }
      shadow.follow(active, tried)
      if (tried !== undefined) log.info({ candidate: tried.version, version: current }, 'trying a candidate out')
    } catch (error) {
      shadow.follow(active, undefined)
      log.error({ candidate: candidate?.version, why: String(error) }, 'a candidate cannot be tried out')
    }
  }

  function receive({ revision, version, document, candidate }: rules.WatchResponse): void {
    const before = current
    try {
      if (policy === undefined || version !== current) policy = options.compile(document, version, failedIn(version))
      if (version !== current) log.info({ version }, 'boot policy in use')
      current = version
      broken = undefined
      connection.complete(revision, 1)
      if (version !== before || (candidate?.version ?? '') !== shadow.version) startTrial(candidate)
    } catch (error) {
      broken = `version ${version} cannot be compiled: ${String(error)}`
      refusedVersions.inc()
      log.error({ version, why: String(error), kept: current }, 'boot policy left out')
    }
  }

  const following = follow<rules.WatchResponse>({
    open: (metadata) => client.watch({}, metadata),
    receive,
    connected: connection.connected,
    lost: connection.lost,
  })
  return {
    current: () => (withheld() ? undefined : policy),
    decided: (facts) => shadow.decided(facts),
    get version() {
      return current
    },
    get synced() {
      return connection.synced()
    },
    whenSynced: connection.whenSynced,
    get problem() {
      return connection.synced() ? undefined : (broken ?? connection.problem())
    },
    close() {
      shadow.close()
      following.close()
      client.close()
    },
  }
}
