/** Something that can stand in one queue; the links belong to the queue. */
export interface Queued<T> {
  older: T | undefined
  newer: T | undefined
}

/**
 * First come, first out, and out of the middle at no cost.
 *
 * Not a Set: V8 makes a new table for it whenever it has grown or shrunk, and the old table refers to the new one. Once one of those
 * tables is in the old generation, every later one, with the messages in it, outlives the young generation: measured, that doubles
 * the CPU of a message. What leaves this queue refers to nothing in it.
 */
export class Queue<T extends Queued<T>> {
  #oldest: T | undefined
  #newest: T | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  get oldest(): T | undefined {
    return this.#oldest
  }

  add(element: T): void {
    element.older = this.#newest
    if (this.#newest === undefined) this.#oldest = element
    else this.#newest.newer = element
    this.#newest = element
    this.#size++
  }

  /** Nothing happens when the element is not in the queue. */
  delete(element: T): void {
    const { older, newer } = element
    if (older === undefined && this.#oldest !== element) return
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
    element.older = element.newer = undefined
    this.#size--
  }
}
