import { status, type ServerWritableStream } from '@grpc/grpc-js'
import type { history as api } from '@reboots/api'
import { parseMac, type Instant } from '@reboots/protocol/net'
import { historySubject, reopenedAt, withBoot, withBooted, type BootHistory } from '@reboots/rules'
import type { Log, Metrics } from '@reboots/runtime'
import type { Machines } from '../ports.ts'
import type { Happened, HistoryKeeper } from './keeper.ts'
import { recordOf } from './record.ts'

export interface HistoryHandling {
  readonly keeper: HistoryKeeper
  readonly machines: Pick<Machines, 'byMac'>
  readonly now: () => Instant
  readonly log: Log
  readonly metrics: Metrics
}

/** Histories in one message of a snapshot. */
const BATCH = 500

/** HistoryService over a keeper. `close` ends the Watch streams. */
export function historyService(handling: HistoryHandling): { service: api.HistoryServiceServer; close(): void } {
  const { keeper, now, log, metrics } = handling
  const watchers = new Set<ServerWritableStream<api.WatchRequest, api.WatchResponse>>()
  const size = metrics.gauge('reboots_rules_history_machines', 'Machines whose boots are remembered')
  const events = metrics.counter('reboots_rules_history_events_total', 'What was told of machines', ['event'])
  metrics.onScrape(() => size.set(keeper.size))

  const service: api.HistoryServiceServer = {
    report({ request }, callback) {
      const told = request.events.map(happened)
      if (told.includes(undefined)) return callback(refused('an event names a machine, a time, and what happened'))
      try {
        keeper.apply(told as Happened[])
      } catch (error) {
        log.error({ why: String(error) }, 'boots cannot be kept')
        return callback({ code: status.UNAVAILABLE, details: String(error) })
      }
      for (const { what } of request.events) events.inc({ event: what!.$case })
      callback(null, {})
    },
    watch(call) {
      watchers.add(call)
      const say = (response: Partial<api.WatchResponse>) =>
        call.write({ revision: keeper.revision, reset: false, histories: [], synced: false, ...response })
      say({ reset: true })
      for (const histories of batches(keeper.all())) say({ histories })
      say({ synced: true })
      const unsubscribe = keeper.subscribe((changed, revision) => {
        say({ revision, histories: Array.from(changed, ([subject, one]) => recordOf(subject, one)), synced: true })
      })
      call.once('close', () => {
        unsubscribe()
        watchers.delete(call)
      })
    },
    get({ request }, callback) {
      answer(request, handling, callback, (subject) => recordOf(subject, keeper.of(subject)))
    },
    booted({ request }, callback) {
      answer(request, handling, callback, (subject) => {
        keeper.apply([{ subject, change: (history) => withBooted(history, now()) }])
        events.inc({ event: 'booted' })
        log.info({ subject }, 'booted')
        return recordOf(subject, keeper.of(subject))
      })
    },
    reopen({ request }, callback) {
      answer(request, handling, callback, (subject) => {
        const before = recordOf(subject, keeper.of(subject))
        keeper.apply([{ subject, change: () => reopenedAt(now()) }])
        events.inc({ event: 'reopened' })
        log.info({ subject, finished: before.finished, boots: before.boots.length }, 'reopened')
        return before
      })
    },
  }
  return { service, close: () => watchers.forEach((call) => call.end()) }
}

/** Undefined for what cannot be read. */
function happened({ subject, what }: api.Event): Happened | undefined {
  const at = what?.$case === 'boot' ? what.value.at : what?.value
  if (subject === '' || subject.length > 1024 || what === undefined || at === undefined) return undefined
  const instant = at.getTime() as Instant
  if (what.$case === 'booted') return { subject, change: (history) => withBooted(history, instant) }
  const { profile, rule } = what.value
  return { subject, change: (history: BootHistory) => withBoot(history, { at: instant, profile, rule }) }
}

interface Named {
  readonly mac: string
  readonly machineId: string
}

type Reply = (error: { code: status; details: string } | null, value?: { history: api.History }) => void

/** Calls back with the history that `act` gives for the machine that is named. */
function answer(
  { mac, machineId }: Named,
  { machines }: HistoryHandling,
  callback: Reply,
  act: (subject: string) => api.History,
): void {
  const parsed = parseMac(mac)
  if (machineId === '' && parsed === undefined)
    return callback(refused(`mac: not a MAC address: ${JSON.stringify(mac)}; or name the machine by machine_id`))
  const known = machineId !== '' ? { id: machineId } : machines.byMac(parsed!)?.facts
  let history: api.History
  try {
    history = act(historySubject(known, parsed ?? ''))
  } catch (error) {
    return callback({ code: status.UNAVAILABLE, details: String(error) })
  }
  callback(null, { history })
}

function refused(details: string): { code: status; details: string } {
  return { code: status.INVALID_ARGUMENT, details }
}

function* batches(all: Iterable<readonly [string, BootHistory]>): Generator<api.History[]> {
  let batch: api.History[] = []
  for (const [subject, history] of all) {
    batch.push(recordOf(subject, history))
    if (batch.length < BATCH) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
