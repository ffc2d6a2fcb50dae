import type { LeaseEvent, LeaseLedger, LeaseStep, StepResult } from '@reboots/leases'
import type { Instant } from '@reboots/protocol/net'
import { HISTORY_LENGTH, HISTORY_TOLD, Listeners } from './lease-events.ts'
import { noRecords, RecordedTable } from './recorded-table.ts'
import { EVERYTHING, leasesIn } from './taken.ts'

/** Leases that end with the process: for tests, and for sites where every machine has a reservation. */
export function openMemoryStore(historyLength = HISTORY_LENGTH): LeaseLedger {
  const books = new RecordedTable(() => listeners.size > 0)
  const listeners = new Listeners()
  let events: LeaseEvent[] = []

  function remember(news: readonly LeaseEvent[]): void {
    events.push(...news)
    if (events.length > 2 * historyLength) events = events.slice(-historyLength)
  }

  function carryOut(steps: readonly LeaseStep[], now: Instant): StepResult[] {
    const changes = noRecords()
    const results = books.run(steps, now, changes)
    remember(changes.events)
    listeners.tell(changes.news)
    return results
  }

  return {
    problem: undefined,
    run: async (steps, now) => carryOut(steps, now),
    attempt: (step, now) => carryOut([step], now)[0]!,
    at: (address, now) => books.table.at(address, now),
    list: (now) => leasesIn(books.entries(now, EVERYTHING)),
    count: (now) => books.table.count(now),
    entries: (now, within) => books.entries(now, within),
    look: async (subject, now) => books.look(subject, now),
    reserve: (address) => books.table.reserve(address),
    unreserve: (address) => books.table.unreserve(address),
    async history(subject) {
      const of = typeof subject === 'number' ? 'address' : 'client'
      return events
        .slice(-historyLength)
        .filter((event) => event[of] === subject)
        .slice(-HISTORY_TOLD)
        .toReversed()
    },
    watch: (listener) => listeners.add(listener),
    async close() {},
  }
}
