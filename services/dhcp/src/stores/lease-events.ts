import type { LeaseEvent, LeaseRecord } from '@reboots/leases'
import type { Instant } from '@reboots/protocol/net'
import { onClockOf } from './steady-clock.ts'

/** How many events a store remembers. */
export const HISTORY_LENGTH = 100_000
/** How many of them are told at once. */
export const HISTORY_TOLD = 1000

/**
 * What has happened when the books say `after` of an address of which they said `before`; undefined when nothing has that is worth telling:
 * an offer is a promise only, and a renewal, which changes nobody's address, only where `renewals` are wanted.
 */
export function eventOf(
  before: LeaseRecord | undefined,
  after: LeaseRecord,
  at: Instant,
  renewals = false,
): LeaseEvent | undefined {
  const { client, address, expiresAt } = after
  const same = before?.state === after.state && before.client === client
  const running = before !== undefined && before.expiresAt > at
  switch (after.state) {
    case 'bound':
      if (!same || !running) return { at, kind: 'bound', client, address, expiresAt }
      return renewals ? { at, kind: 'renewed', client, address, expiresAt } : undefined
    case 'declined':
      return { at, kind: 'declined', client, address, expiresAt }
    case 'free':
      return before?.state === 'bound' || before?.state === 'declined'
        ? { at, kind: 'released', client: before.client, address, expiresAt: before.expiresAt }
        : undefined
    case 'offered':
      return undefined
  }
}

/** Whether an event is kept for the history. */
export function isRemembered({ kind }: LeaseEvent): boolean {
  return kind !== 'renewed' && kind !== 'expired'
}

/** The same event on another clock, on which it is `now` when it is `then` on the first. */
export function eventOnClockOf(now: Instant, then: Instant): (event: LeaseEvent) => LeaseEvent {
  if (now === then) return (event) => event
  const time = onClockOf(now, then)
  return (event) => ({ ...event, at: time(event.at), expiresAt: time(event.expiresAt) })
}

export type Listener = (news: LeaseEvent | 'lost') => void

/** Those who want to hear of events. */
export class Listeners {
  readonly #listeners = new Set<Listener>()

  get size(): number {
    return this.#listeners.size
  }

  add(listener: Listener): () => void {
    const own: Listener = (news) => listener(news)
    this.#listeners.add(own)
    return () => void this.#listeners.delete(own)
  }

  tell(news: Iterable<LeaseEvent | 'lost'>): void {
    for (const one of news) for (const listener of this.#listeners) listener(one)
  }
}
