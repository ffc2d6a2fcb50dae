import type { LeaseEvent, LeaseLedger, LeaseStep } from '@reboots/leases'
import type { Instant, Ipv4Address } from '@reboots/protocol/net'
import { HISTORY_LENGTH, Listeners } from './lease-events.ts'
import { noChanges, RecordedTable } from './recorded-table.ts'

/** Leases that end with the process: for tests, and for sites where every machine has a reservation. */
export function openMemoryStore(historyLength = HISTORY_LENGTH): LeaseLedger {
  const books = new RecordedTable()
  const listeners = new Listeners()
  let events: LeaseEvent[] = []

  function remember(news: readonly LeaseEvent[]): void {
    events.push(...news)
    if (events.length > 2 * historyLength) events = events.slice(-historyLength)
    listeners.tell(news)
  }

  return {
    problem: undefined,
    async run(steps: readonly LeaseStep[], now: Instant) {
      const changes = noChanges()
      const results = books.run(steps, now, changes)
      remember(changes.events)
      return results
    },
    at: (address, now) => books.table.at(address, now),
    list: (now) => books.list(now),
    count: (now) => books.table.count(now),
    reserve: (address) => books.table.reserve(address),
    unreserve: (address) => books.table.unreserve(address),
    async history(address: Ipv4Address) {
      return events
        .slice(-historyLength)
        .filter((event) => event.address === address)
        .toReversed()
    },
    watch: (listener) => listeners.add(listener),
    async close() {},
  }
}
