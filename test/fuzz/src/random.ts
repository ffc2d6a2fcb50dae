/** Numbers that look like chance and are the same for the same seed (mulberry32, public domain). */
export class Random {
  #state = 0

  /** From here on the numbers of packet `number` of a campaign: they depend on nothing that came before. */
  restart(seed: number, number: number): void {
    this.#state = Math.imul(seed ^ 0x5bd1e995, 0x85ebca6b) ^ Math.imul(number + 1, 0x9e3779b1)
    this.below(1)
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
  }

  /** True once in so many times. */
  oneIn(times: number): boolean {
    return this.below(times) === 0
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!
  }

  octets(length: number): Uint8Array {
    const octets = new Uint8Array(length)
    for (let at = 0; at < length; at++) octets[at] = this.below(256)
    return octets
  }
}
