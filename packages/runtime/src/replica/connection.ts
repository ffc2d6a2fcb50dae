import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { now } from '../clock.ts'

export interface Connection {
  readonly whenSynced: Promise<void>
  synced(): boolean
  /** Why there is nothing to decide with yet; undefined once there was a first state, however old it may be by now. */
  problem(): string | undefined
  readonly connected: () => void
  readonly lost: (why: string) => void
  /** The replica is complete up to a revision and holds so many records. */
  complete(revision: bigint, size: number): void
}

/** Services that are started together find each other within this time; only later is it worth a line. */
const UNREMARKABLE_MS = 3000

/** What a replica tells about itself: log, metrics, readiness. `what` is a metric label, `from` is for people. */
export function openConnection(
  what: 'machines' | 'policy' | 'history',
  from: string,
  log: Log,
  metrics: Metrics,
): Connection {
  const synced = Promise.withResolvers<void>()
  const gauges = openGauges(metrics)
  let done = false
  let up = false
  let lostAt: number = now()
  let why = 'not reached yet'
  const sayWaiting = (): void => {
    if (!done && !up) log.info({ replica: what, from, why }, 'not there yet, trying again')
  }
  gauges.connected.set({ replica: what }, 0)
  gauges.age(what, () => (up ? 0 : (now() - lostAt) / 1000))
  return {
    whenSynced: synced.promise,
    synced: () => done,
    problem: () => (done ? undefined : `no ${what} yet from ${from}: ${why}`),
    connected() {
      up = true
      why = 'connected, waiting for the first snapshot'
      gauges.connected.set({ replica: what }, 1)
      log.debug({ replica: what, from }, 'following')
    },
    lost(reason) {
      if (up) lostAt = now()
      up = false
      why = reason
      gauges.connected.set({ replica: what }, 0)
      if (done) log.warn({ replica: what, from, why: reason }, 'lost, going on with the last known state')
      else setTimeout(sayWaiting, UNREMARKABLE_MS).unref()
    },
    complete(revision, size) {
      gauges.revision.set({ replica: what }, Number(revision))
      gauges.size.set({ replica: what }, size)
      if (done) return
      done = true
      log.info({ replica: what, from, revision: Number(revision), size }, 'synced')
      synced.resolve()
    },
  }
}

function openGauges(metrics: Metrics) {
  const labels = ['replica'] as const
  const age = metrics.gauge(
    'reboots_replica_age_seconds',
    'Time since the stream was lost, 0 while it is there',
    labels,
  )
  return {
    connected: metrics.gauge('reboots_replica_connected', 'The stream to the server is there', labels),
    revision: metrics.gauge('reboots_replica_revision', 'Revision of the last complete state', labels),
    size: metrics.gauge('reboots_replica_size', 'Records held', labels),
    age: (replica: string, read: () => number) => metrics.onScrape(() => age.set({ replica }, read())),
  }
}
