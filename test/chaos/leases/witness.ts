/** A lease as its client sees it. Times are milliseconds of one clock. */
export interface Held {
  readonly client: string
  readonly address: number
  /** The client counts from when it asked (RFC 2131 §4.4.5). */
  readonly until: number
  /** It was promised without Redis, so a store that has just begun need not know of it. */
  readonly alone?: boolean
}

/** Sees what all clients were told, and finds the contradictions in it. */
export class Witness {
  readonly violations: string[] = []
  readonly #holders = new Map<number, Held>()

  /** A client was told at `at` that an address is its own. */
  acknowledged(held: Held, at: number): void {
    const holder = this.#holders.get(held.address)
    if (holder !== undefined && holder.client !== held.client && holder.until > at) {
      const rest = Math.round(holder.until - at)
      this.violations.push(`${held.address} given to ${held.client} while ${holder.client} has it for ${rest} ms`)
    }
    this.#holders.set(held.address, held)
  }

  /** A client was refused at `at` what it has. */
  refused(held: Held, at: number): void {
    if (held.until > at)
      this.violations.push(`${held.client} lost ${held.address}, ${Math.round(held.until - at)} ms early`)
  }

  /** What clients have now. */
  held(): Held[] {
    return [...this.#holders.values()]
  }

  /** A store says at `at` that these are the leases there are; `before`: what clients had when it was asked. */
  listed(leases: ReadonlyMap<number, string>, before: readonly Held[], at: number): void {
    for (const held of before) {
      const unchanged = this.#holders.get(held.address) === held && held.until > at && held.alone !== true
      if (unchanged && leases.get(held.address) !== held.client) {
        this.violations.push(`${held.address} of ${held.client} was forgotten, ${Math.round(held.until - at)} ms early`)
      }
    }
  }

  /** A client does not use its address any more. */
  gaveUp(held: Held): void {
    if (this.#holders.get(held.address)?.client === held.client) this.#holders.delete(held.address)
  }
}
