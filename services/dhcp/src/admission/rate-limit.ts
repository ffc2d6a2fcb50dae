import type { Instant } from '@reboots/protocol/net'

/** So many keys are remembered; of more, those that were not seen for longest are forgotten. Some 8 MB. */
const MOST_KEYS = 65_536
const SECOND = 1000

/**
 * So many messages a second for each key, and as many at once. For each key there is one number, the instant at which what it sent
 * so far would have been sent at an even pace (the generic cell rate algorithm).
 */
export class RateLimit<K> {
  readonly #pace: number
  readonly #mostKeys: number
  readonly #due = new Map<K, number>()

  constructor(perSecond: number, mostKeys = MOST_KEYS) {
    this.#pace = SECOND / perSecond
    this.#mostKeys = mostKeys
  }

  /** Counts a message, unless it is one too many. */
  allows(key: K, now: Instant): boolean {
    const known = this.#due.get(key) ?? 0
    // Further ahead than a second's worth is only what a clock has left behind that was set back.
    const due = known > now + 2 * SECOND ? now : Math.max(known, now)
    if (due + this.#pace > now + SECOND + 1e-6) return false
    this.#due.delete(key)
    this.#due.set(key, due + this.#pace)
    if (this.#due.size > this.#mostKeys) this.#due.delete(this.#due.keys().next().value!)
    return true
  }
}
