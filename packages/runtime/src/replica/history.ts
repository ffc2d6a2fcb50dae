import { history } from '@reboots/api'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { connect } from '../rpc/connect.ts'
import { openConnection, type Connection } from './connection.ts'
import { follow, type Following } from './follow.ts'

export interface HistoryReplicaOptions<H> {
  /** gRPC address of the rules-engine. */
  readonly address: string
  /** Once per machine when its history changes, never per packet. */
  prepare(record: history.History): H
  readonly log: Log
  readonly metrics: Metrics
}

/** A local copy of what the rules-engine remembers of boots; the last known state stays for ever when it is gone. */
export interface HistoryReplica<H> {
  /** Undefined: nothing is remembered of this machine. */
  of(subject: string): H | undefined
  /** Begins to follow; nothing happens when it does already. Before that there is no stream, and nothing is known. */
  follow(): void
  /** It follows, and there has been no complete state yet. */
  readonly waiting: boolean
  /** For /readyz: why it waits; undefined when it does not. */
  readonly problem: string | undefined
  close(): void
}

/** Follows the rules-engine's history from when it is asked to, which is when a policy looks at it. */
export function openHistoryReplica<H>(options: HistoryReplicaOptions<H>): HistoryReplica<H> {
  const { address, prepare, log, metrics } = options
  const client = connect(history.HistoryServiceClient, address)
  let current = new Map<string, H>()
  /** A snapshot that is not complete yet. */
  let coming: typeof current | undefined
  let waiting = false
  let connection: Connection | undefined
  let following: Following | undefined

  function receive({ revision, reset, histories, synced }: history.WatchResponse): void {
    if (reset) coming = new Map()
    const into = coming ?? current
    for (const record of histories) {
      if (isForgotten(record)) into.delete(record.subject)
      else into.set(record.subject, prepare(record))
    }
    if (!synced) return
    current = into
    coming = undefined
    waiting = false
    connection!.complete(revision, current.size)
  }

  return {
    of: (subject) => current.get(subject),
    follow() {
      if (following !== undefined) return
      waiting = true
      const { connected, lost } = (connection = openConnection(
        'history',
        `the rules-engine at ${address}`,
        log,
        metrics,
      ))
      following = follow<history.WatchResponse>({
        open(metadata) {
          coming = undefined
          return client.watch({}, metadata)
        },
        receive,
        connected,
        lost,
      })
    },
    get waiting() {
      return waiting
    },
    get problem() {
      return connection?.problem()
    },
    close() {
      following?.close()
      client.close()
    },
  }
}

function isForgotten({ boots, booted, finished, reopened }: history.History): boolean {
  return boots.length === 0 && booted === undefined && finished.length === 0 && reopened === undefined
}
