import type { Ipv4Address } from '@reboots/protocol/net'
import type { Upkeep } from './redis-wire.ts'

/** The reserved addresses this replica knows of, and which of them Redis must still hear about. */
export class Reservations {
  readonly #reserved = new Set<Ipv4Address>()
  readonly #news = new Map<Ipv4Address, Upkeep['kind'] & ('reserve' | 'unreserve')>()
  readonly #heard = new Set<Ipv4Address>()

  add(address: Ipv4Address): void {
    this.#reserved.add(address)
    this.#news.set(address, 'reserve')
  }

  remove(address: Ipv4Address): void {
    this.#reserved.delete(address)
    this.#heard.delete(address)
    this.#news.set(address, 'unreserve')
  }

  /** Redis must hear of all of them again. */
  repeat(): void {
    for (const address of this.#reserved) this.#news.set(address, 'reserve')
  }

  /** Redis has never heard that this one is reserved, and may have given it to anybody. */
  isUnheard(address: Ipv4Address): boolean {
    return this.#reserved.has(address) && !this.#heard.has(address)
  }

  /** Redis has heard this. */
  heard(upkeep: Upkeep): void {
    if (upkeep.kind !== 'reserve') return
    for (const address of upkeep.addresses) if (this.#reserved.has(address)) this.#heard.add(address)
  }

  /** What Redis must hear, in pieces; from now on it counts as said. */
  take(size: number): Upkeep[] {
    if (this.#news.size === 0) return []
    const upkeep: Upkeep[] = []
    for (const kind of ['reserve', 'unreserve'] as const) {
      const addresses = [...this.#news].filter(([, news]) => news === kind).map(([address]) => address)
      for (let i = 0; i < addresses.length; i += size) upkeep.push({ kind, addresses: addresses.slice(i, i + size) })
    }
    this.#news.clear()
    return upkeep
  }
}
