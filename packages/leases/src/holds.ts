import type { Instant, Ipv4Address } from '@reboots/protocol/net'
import { ExpiryQueue, type Expiring } from './expiry-queue.ts'
import type { Hold } from './lease.ts'

interface Entry extends Expiring {
  readonly client: string
}

/** Which addresses are kept for whom, until when. An address is kept for one client at most. */
export class Holds {
  readonly #byAddress = new Map<Ipv4Address, Entry>()
  readonly #byClient = new Map<string, Entry[]>()
  readonly #expiry = new ExpiryQueue<Entry>()

  get size(): number {
    return this.#byAddress.size
  }

  on(address: Ipv4Address): Hold | undefined {
    const entry = this.#byAddress.get(address)
    return entry && holdOf(entry)
  }

  isFor(client: string, address: Ipv4Address): boolean {
    return this.#byAddress.get(address)?.client === client
  }

  has(address: Ipv4Address): boolean {
    return this.#byAddress.has(address)
  }

  /** Addresses that are kept for a client, the lowest first. */
  of(client: string): readonly Ipv4Address[] {
    return (this.#byClient.get(client) ?? []).map((entry) => entry.address)
  }

  set({ client, address, expiresAt }: Hold): void {
    this.delete(address)
    const entry: Entry = { client, address, expiresAt, slot: -1 }
    this.#byAddress.set(address, entry)
    const others = this.#byClient.get(client) ?? []
    this.#byClient.set(
      client,
      [...others, entry].toSorted((one, other) => one.address - other.address),
    )
    this.#expiry.put(entry)
  }

  delete(address: Ipv4Address): void {
    const entry = this.#byAddress.get(address)
    if (entry === undefined) return
    this.#byAddress.delete(address)
    this.#expiry.remove(entry)
    const others = this.#byClient.get(entry.client)!.filter((other) => other !== entry)
    if (others.length === 0) this.#byClient.delete(entry.client)
    else this.#byClient.set(entry.client, others)
  }

  /** Takes out one that has ended at `now`; undefined when none has. */
  takeExpired(now: Instant): Hold | undefined {
    const first = this.#expiry.first
    if (first === undefined || first.expiresAt > now) return undefined
    this.delete(first.address)
    return holdOf(first)
  }
}

function holdOf({ client, address, expiresAt }: Entry): Hold {
  return { client, address, expiresAt }
}
