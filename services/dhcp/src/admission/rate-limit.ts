import type { Instant } from '@reboots/protocol/net'
import { Latest } from '@reboots/runtime'

/** So many keys are remembered for certain; of more, some that were not seen for longest are forgotten. Some 8 to 16 MB. */
const REMEMBERED = 65_536
const SECOND = 1000

/**
 * So many messages a second for each key, and as many at once. For each key there is one number, the instant at which what it sent
 * so far would have been sent at an even pace (the generic cell rate algorithm).
 */
export class RateLimit<K> {
  readonly #pace: number
  readonly #due: Latest<K, number>

  constructor(perSecond: number, remembered = REMEMBERED) {
    this.#pace = SECOND / perSecond
    this.#due = new Latest(remembered)
  }

  /** Counts a message, unless it is one too many. */
  allows(key: K, now: Instant): boolean {
    const known = this.#due.get(key) ?? 0
    // Further ahead than a second's worth is only what a clock has left behind that was set back.
    const due = known > now + 2 * SECOND ? now : Math.max(known, now)
    if (due + this.#pace > now + SECOND + 1e-6) return false
    this.#due.set(key, due + this.#pace)
    return true
  }
}
