import { rules } from '@reboots/api'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { connect } from '../rpc/connect.ts'
import { conditionErrors, type ConditionFailed } from './condition-errors.ts'
import { openConnection } from './connection.ts'
import { follow } from './follow.ts'

export interface PolicyReplicaOptions<P> {
  /** gRPC address of the rules-engine. */
  readonly address: string
  /** Once per version. A version for which it throws is logged and left out: the one before stays. `failed` counts and logs. */
  compile(document: string, version: string, failed: ConditionFailed): P
  /** As long as this is so there is no policy, whatever has been received: it cannot be decided by yet. */
  readonly withheld?: () => boolean
  readonly log: Log
  readonly metrics: Metrics
}

/** The published boot policy, compiled; the last good version stays for ever when the rules-engine is gone. */
export interface PolicyReplica<P> {
  current(): P | undefined
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
export function openPolicyReplica<P>(options: PolicyReplicaOptions<P>): PolicyReplica<P> {
  const { address, log, metrics, withheld = () => false } = options
  const client = connect(rules.RulesServiceClient, address)
  const connection = openConnection('policy', `the rules-engine at ${address}`, log, metrics)
  const refusedVersions = metrics.counter('reboots_policy_refused_total', 'Policy versions that could not be compiled')
  const failedIn = conditionErrors(log, metrics)
  let policy: P | undefined
  let current = ''
  let broken: string | undefined

  function receive({ revision, version, document }: rules.WatchResponse): void {
    try {
      if (policy === undefined || version !== current) policy = options.compile(document, version, failedIn(version))
      if (version !== current) log.info({ version }, 'boot policy in use')
      current = version
      broken = undefined
      connection.complete(revision, 1)
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
      following.close()
      client.close()
    },
  }
}
