import type { Ipv4Address } from '@reboots/protocol/net'
import type { Upkeep } from './redis-wire.ts'

/** The reserved addresses this replica knows of, and which of them Redis must still hear about. */
export class Reservations {
  readonly #reserved = new Set<Ipv4Address>()
  readonly #news = new Map<Ipv4Address, Upkeep['kind'] & ('reserve' | 'unreserve')>()

  add(address: Ipv4Address): void {
    this.#reserved.add(address)
    this.#news.set(address, 'reserve')
  }

  remove(address: Ipv4Address): void {
    this.#reserved.delete(address)
    this.#news.set(address, 'unreserve')
  }

  /** Redis must hear of all of them again. */
  repeat(): void {
    for (const address of this.#reserved) this.#news.set(address, 'reserve')
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
