import type { LeaseEvent, LeaseRecord } from '@reboots/leases'
import type { Instant } from '@reboots/protocol/net'

/** How many events a store remembers. */
export const HISTORY_LENGTH = 100_000

/**
 * What has happened when the books say `after` of an address of which they said `before`; undefined when nothing has that is worth telling:
 * an offer is a promise only, and a renewal changes nobody's address.
 */
export function eventOf(before: LeaseRecord | undefined, after: LeaseRecord, at: Instant): LeaseEvent | undefined {
  const { client, address, expiresAt } = after
  const same = before?.state === after.state && before.client === client
  const running = before !== undefined && before.expiresAt > at
  switch (after.state) {
    case 'bound':
      return same && running ? undefined : { at, kind: 'bound', client, address, expiresAt }
    case 'declined':
      return { at, kind: 'declined', client, address, expiresAt }
    case 'free':
      return before?.state === 'bound'
        ? { at, kind: 'released', client, address, expiresAt: before.expiresAt }
        : undefined
    case 'offered':
      return undefined
  }
}

/** Those who want to hear of events. */
export class Listeners {
  readonly #listeners = new Set<(event: LeaseEvent) => void>()

  add(listener: (event: LeaseEvent) => void): () => void {
    const own = (event: LeaseEvent) => listener(event)
    this.#listeners.add(own)
    return () => void this.#listeners.delete(own)
  }

  tell(events: Iterable<LeaseEvent>): void {
    for (const event of events) for (const listener of this.#listeners) listener(event)
  }
}
