import type { Instant, Ipv4Address } from '@reboots/protocol/net'

/** Something that ends; `slot` is its place in the queue, -1 outside of it, and belongs to the queue. It is in one queue at most. */
export interface Expiring {
  readonly address: Ipv4Address
  expiresAt: Instant
  slot: number
}

/**
 * A binary heap with the first to expire on top, and of those that expire together the lowest address. Each element knows its slot,
 * so a renewed lease is moved instead of being entered again: a client that renews without end does not make the queue grow.
 */
export class ExpiryQueue<T extends Expiring> {
  readonly #heap: T[] = []

  get size(): number {
    return this.#heap.length
  }

  get first(): T | undefined {
    return this.#heap[0]
  }

  /** Enters an element, or moves it after its `expiresAt` has changed. */
  put(element: T): void {
    if (element.slot < 0) {
      element.slot = this.#heap.length
      this.#heap.push(element)
    }
    this.#up(element.slot)
    this.#down(element.slot)
  }

  remove(element: T): void {
    const slot = element.slot
    if (slot < 0) return
    element.slot = -1
    const last = this.#heap.pop()!
    if (last === element) return
    this.#place(last, slot)
    this.#up(slot)
    this.#down(last.slot)
  }

  /** Takes out one element that has expired at `now`; undefined when none has. */
  takeExpired(now: Instant): T | undefined {
    const first = this.#heap[0]
    if (first === undefined || first.expiresAt > now) return undefined
    this.remove(first)
    return first
  }

  #place(element: T, slot: number): void {
    this.#heap[slot] = element
    element.slot = slot
  }

  #up(start: number): void {
    const element = this.#heap[start]!
    let slot = start
    while (slot > 0) {
      const parent = (slot - 1) >> 1
      if (!isBefore(element, this.#heap[parent]!)) break
      this.#place(this.#heap[parent]!, slot)
      slot = parent
    }
    this.#place(element, slot)
  }

  #down(start: number): void {
    const element = this.#heap[start]!
    let slot = start
    for (;;) {
      let child = 2 * slot + 1
      if (child >= this.#heap.length) break
      if (child + 1 < this.#heap.length && isBefore(this.#heap[child + 1]!, this.#heap[child]!)) child++
      if (!isBefore(this.#heap[child]!, element)) break
      this.#place(this.#heap[child]!, slot)
      slot = child
    }
    this.#place(element, slot)
  }
}

function isBefore(one: Expiring, other: Expiring): boolean {
  return one.expiresAt < other.expiresAt || (one.expiresAt === other.expiresAt && one.address < other.address)
}
