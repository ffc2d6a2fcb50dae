/**
 * A map that forgets: the latest `least` keys are in it for certain, and never more than twice as many.
 *
 * Two generations instead of one map in the order of use: to find the oldest key of a Map, V8 walks over everything that was deleted before
 * it, which costs tens of microseconds when strangers come with one new key after the other.
 */
export class Latest<K, V extends {}> {
  readonly #least: number
  #young = new Map<K, V>()
  #old = new Map<K, V>()

  constructor(least: number) {
    this.#least = least
  }

  get(key: K): V | undefined {
    return this.#young.get(key) ?? this.#old.get(key)
  }

  /** The key is the latest now. */
  set(key: K, value: V): void {
    if (this.#young.size >= this.#least && !this.#young.has(key)) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, value)
  }

  delete(key: K): void {
    this.#young.delete(key)
    this.#old.delete(key)
  }

  clear(): void {
    this.#young.clear()
    this.#old.clear()
  }
}
