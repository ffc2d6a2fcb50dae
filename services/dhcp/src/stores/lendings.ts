import type { Instant, Ipv4Address } from '@reboots/protocol/net'

/** A free address that Redis has lent to a replica: until then nobody else gets it. Times are those of Redis. */
export interface Lending {
  readonly address: Ipv4Address
  readonly replica: string
  readonly expiresAt: Instant
}

/** To whom an address is lent now; undefined: to nobody. */
export interface LendingChange {
  readonly address: Ipv4Address
  readonly lending: Lending | undefined
}

/** What this replica has heard of addresses that are lent, to whichever replica. */
export class Lendings {
  #lent = new Map<Ipv4Address, Lending>()

  has(address: Ipv4Address): boolean {
    return this.#lent.has(address)
  }

  learn({ address, lending }: LendingChange): void {
    if (lending === undefined) this.#lent.delete(address)
    else this.#lent.set(address, lending)
  }

  /** What is not over, and is not in the books any more. */
  missingIn(books: ReadonlyMap<Ipv4Address, Lending>, now: Instant): Lending[] {
    return [...this.#lent.values()].filter(({ address, expiresAt }) => expiresAt > now && !books.has(address))
  }

  replace(books: Map<Ipv4Address, Lending>): void {
    this.#lent = books
  }
}
