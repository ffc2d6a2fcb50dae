import type { Ipv4Address } from '@reboots/protocol/net'
import type { AddressRange } from './lease.ts'

/** A free address that was in use before, linked to its neighbours in the order they became free. */
export interface FreeLink {
  readonly address: Ipv4Address
  /** The range that has looked at this address and puts it in line when it becomes free. */
  home: FreeAddresses | undefined
  older: FreeLink | undefined
  newer: FreeLink | undefined
}

/**
 * Which address of a range to give to a newcomer: first those that nobody ever had, in ascending order, then the one that has been free
 * for longest, so that a client that comes back finds its old address for as long as can be (RFC 2131 §4.3.1).
 *
 * A mark walks once from the first address to the last; what it has passed is either held or in line. Both steps cost the same
 * however full the range is.
 */
export class FreeAddresses {
  readonly #last: number
  #mark: number
  #oldest: FreeLink | undefined
  #newest: FreeLink | undefined

  constructor(range: AddressRange) {
    this.#mark = range.first
    this.#last = range.last
  }

  /**
   * The next address that nobody ever had; undefined when the mark is at the end. `known` finds addresses that are in the books
   * already: they are passed, and `passed` hears of each so that it can be put in line if it is free.
   */
  takeNew<T extends FreeLink>(known: (address: Ipv4Address) => T | undefined, passed: (link: T) => void) {
    while (this.#mark <= this.#last) {
      const address = this.#mark++ as Ipv4Address
      const link = known(address)
      if (link === undefined) return address
      link.home = this
      passed(link)
    }
    return undefined
  }

  get oldest(): Ipv4Address | undefined {
    return this.#oldest?.address
  }

  /** Puts an address at the end of the line. */
  add(link: FreeLink): void {
    link.older = this.#newest
    link.newer = undefined
    if (this.#newest) this.#newest.newer = link
    else this.#oldest = link
    this.#newest = link
  }

  /** Takes an address out of the line; one that is not in it stays as it is. */
  remove(link: FreeLink): void {
    if (link.older === undefined && this.#oldest !== link) return
    if (link.older) link.older.newer = link.newer
    else this.#oldest = link.newer
    if (link.newer) link.newer.older = link.older
    else this.#newest = link.older
    link.older = undefined
    link.newer = undefined
  }
}
