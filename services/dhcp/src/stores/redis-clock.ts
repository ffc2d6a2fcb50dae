import type { Instant } from '@reboots/protocol/net'

/** When a question was sent, by both clocks of this machine. */
export interface Sent {
  readonly monotonic: number
  readonly wall: Instant
}

/**
 * What time it is for Redis, whose clock is the one that counts: the replicas' own may differ and jump. Between two answers it is told by
 * the clock of this machine that does not jump.
 */
export class RedisClock {
  #ahead: { readonly monotonic: number; readonly wall: number; readonly least: number } | undefined

  /** Redis said that it was `then`, in answer to a question sent at `sent`. */
  set(then: Instant, sent: Sent): void {
    this.#ahead = { monotonic: then - sent.monotonic, wall: then - sent.wall, least: then - performance.now() }
  }

  /**
   * Not before it is that late for Redis. The wall clock has its say because the other one stands still while the machine sleeps; when
   * it jumps ahead, leases seem to have ended, which does no harm.
   */
  atMost(now: Instant): Instant {
    if (this.#ahead === undefined) return now
    return Math.ceil(Math.max(performance.now() + this.#ahead.monotonic, now + this.#ahead.wall)) as Instant
  }

  /** What time it is for Redis, whatever is done to the clock of this machine; `otherwise` when Redis has not said anything yet. */
  now(otherwise: Instant): Instant {
    if (this.#ahead === undefined) return otherwise
    return Math.floor(performance.now() + this.#ahead.monotonic) as Instant
  }

  /** Not after it is that late for Redis; undefined when it has not said anything yet. */
  atLeast(): Instant | undefined {
    return this.#ahead && (Math.floor(performance.now() + this.#ahead.least) as Instant)
  }
}
