import { randomUUID } from 'node:crypto'
import type { LeaseEvent, LeaseLedger } from '@reboots/leases'
import type { Instant } from '@reboots/protocol/net'

/** Milliseconds between looks for leases that ended by themselves. */
const TICK = 1000
/** Milliseconds that events are still kept after the last watcher has gone: it may come back. */
const LINGER = 60_000
/** Events kept for those who are behind. */
const MOST = 65_536

/**
 * What happens to leases, for watchers, with a count to resume from. While nobody watches, nothing is listened to and nothing is kept. The
 * epoch names a stretch without a gap: it is new when listening begins, and when the books cannot tell what happened.
 */
export class Feed {
  readonly #store: Pick<LeaseLedger, 'watch' | 'run'>
  readonly #now: () => Instant
  readonly #most: number
  readonly #waiting = new Set<() => void>()
  #epoch = ''
  #revision = 0
  #events: LeaseEvent[] = []
  #watchers = 0
  #ignore: (() => void) | undefined
  #tick: NodeJS.Timeout | undefined
  #linger: NodeJS.Timeout | undefined

  constructor(store: Pick<LeaseLedger, 'watch' | 'run'>, now: () => Instant, most = MOST) {
    this.#store = store
    this.#now = now
    this.#most = most
  }

  get epoch(): string {
    return this.#epoch
  }

  /** Counts events; 1 before the first. */
  get revision(): number {
    return this.#revision
  }

  get watchers(): number {
    return this.#watchers
  }

  /** Events are kept from now on, until the function it returns is called. */
  open(): () => void {
    clearTimeout(this.#linger)
    this.#watchers++
    if (this.#ignore === undefined) this.#listen()
    return () => {
      if (--this.#watchers === 0) this.#linger = setTimeout(() => this.close(), LINGER).unref()
    }
  }

  #listen(): void {
    this.#begin()
    this.#ignore = this.#store.watch((news) => {
      if (news === 'lost') this.#begin()
      else this.#keep(news)
      for (const wake of this.#waiting) wake()
    })
    this.#tick = setInterval(() => void this.#store.run([], this.#now()), TICK).unref()
  }

  #begin(): void {
    this.#epoch = randomUUID()
    this.#revision = 1
    this.#events = []
  }

  #keep(event: LeaseEvent): void {
    this.#revision++
    this.#events.push(event)
    if (this.#events.length > 2 * this.#most) this.#events = this.#events.slice(-this.#most)
  }

  /** At most `count` events after a revision; undefined when not all of them are remembered. */
  since(epoch: string, revision: number, count: number): readonly LeaseEvent[] | undefined {
    const missed = this.#revision - revision
    if (epoch !== this.#epoch || missed < 0 || missed > this.#events.length) return undefined
    const first = this.#events.length - missed
    return this.#events.slice(first, first + count)
  }

  /** Resolves when something has happened, or the signal is aborted. */
  next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiting.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      this.#waiting.add(done)
      signal.addEventListener('abort', done)
      if (signal.aborted) done()
    })
  }

  close(): void {
    clearTimeout(this.#linger)
    clearInterval(this.#tick)
    this.#ignore?.()
    this.#ignore = undefined
    this.#events = []
  }
}
