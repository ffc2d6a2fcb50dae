import type { Ipv4Address } from '@reboots/protocol/net'
import { ExpiryQueue, type Expiring } from './expiry-queue.ts'
import type { AddressRange } from './lease.ts'

/** An address that is in the books. While it is free, `expiresAt` is when the last lease on it ended. */
export interface KnownAddress extends Expiring {
  /** The range that has looked at this address and puts it in line when it becomes free. */
  home: FreeAddresses | undefined
}

/**
 * Which address of a range to give to a newcomer: first those that nobody ever had, in ascending order, then the one that has been free
 * for longest, so that a client that comes back finds its old address for as long as can be (RFC 2131 §4.3.1).
 *
 * A mark walks once from the first address to the last; what it has passed is either held or in line. The choice depends on nothing
 * but the books, so it is the same after a restart, and the same for every replica that shares them.
 */
export class FreeAddresses {
  readonly #last: number
  readonly #line = new ExpiryQueue<KnownAddress>()
  #mark: number
  /** The first of the addresses behind the mark that have gone to another range. */
  #lost: number | undefined

  constructor(range: AddressRange) {
    this.#mark = range.first
    this.#last = range.last
  }

  /**
   * The next address that nobody ever had; undefined when the mark is at the end. `known` finds addresses that are in the books
   * already: they are passed, and `passed` hears of each so that it can be put in line if it is free.
   */
  takeNew<T extends KnownAddress>(known: (address: Ipv4Address) => T | undefined, passed: (row: T) => void) {
    while (this.#mark <= this.#last) {
      const address = this.#mark++ as Ipv4Address
      const row = known(address)
      if (row === undefined) return address
      passed(row)
    }
    return undefined
  }

  /** The address that has been free for longest; the lowest of several. */
  get longestFree(): Ipv4Address | undefined {
    return this.#line.first?.address
  }

  /** An address has another range as its home now: after a change of the pools, and it may come back by another change. */
  lose(address: Ipv4Address): void {
    this.#lost = Math.min(this.#lost ?? address, address)
  }

  /** The mark goes back to where addresses were lost; false when there are none to look for. */
  rewind(): boolean {
    if (this.#lost === undefined) return false
    this.#mark = Math.min(this.#mark, this.#lost)
    this.#lost = undefined
    return true
  }

  add(row: KnownAddress): void {
    this.#line.put(row)
  }

  /** Takes an address out of the line; one that is not in it stays as it is. */
  remove(row: KnownAddress): void {
    this.#line.remove(row)
  }
}
