import { formatIpv4, type Ipv4Address } from '@reboots/protocol/net'
import { OFFER_SECONDS, QUARANTINE_SECONDS } from './site.ts'

interface Holder {
  readonly client: string
  readonly until: number
}

/** Addresses and their holders, one for each address; as large as there are addresses, however many clients come and go. */
class Holders {
  readonly #holders = new Map<Ipv4Address, Holder>()
  readonly #byClient = new Map<string, Set<Ipv4Address>>()

  get(address: Ipv4Address): Holder | undefined {
    return this.#holders.get(address)
  }

  set(address: Ipv4Address, holder: Holder): void {
    this.delete(address)
    this.#holders.set(address, holder)
    const addresses = this.#byClient.get(holder.client)
    if (addresses === undefined) this.#byClient.set(holder.client, new Set([address]))
    else addresses.add(address)
  }

  delete(address: Ipv4Address): void {
    const holder = this.#holders.get(address)
    if (holder === undefined) return
    this.#holders.delete(address)
    const addresses = this.#byClient.get(holder.client)!
    addresses.delete(address)
    if (addresses.size === 0) this.#byClient.delete(holder.client)
  }

  deleteOf(client: string): void {
    // What is taken out of a Set while it is gone through is no harm.
    for (const address of this.#byClient.get(client) ?? []) this.delete(address)
  }
}

/**
 * What the clients believe, from the replies they were sent: who has which address. Not what the server believes, which it is compared
 * with. A text that is returned says what is wrong with the reply.
 */
export class Books {
  readonly #offered = new Holders()
  readonly #bound = new Holders()
  readonly #quarantined = new Map<Ipv4Address, number>()

  offer(client: string, address: Ipv4Address, now: number): string | undefined {
    const wrong = this.#takenBy(client, address, now)
    this.#offered.set(address, { client, until: now + OFFER_SECONDS * 1000 })
    return wrong
  }

  /** `leaseSeconds` Infinity for a lease that never ends. */
  bind(client: string, address: Ipv4Address, leaseSeconds: number, now: number): string | undefined {
    const wrong = this.#takenBy(client, address, now)
    // Who binds another address has given the one before back, and chosen among offers.
    this.#bound.deleteOf(client)
    this.#offered.deleteOf(client)
    this.#bound.set(address, { client, until: now + leaseSeconds * 1000 })
    return wrong
  }

  /** The client has chosen another server's offer. */
  declineOffers(client: string): void {
    this.#offered.deleteOf(client)
  }

  release(client: string, address: Ipv4Address): void {
    for (const holders of [this.#offered, this.#bound])
      if (holders.get(address)?.client === client) holders.delete(address)
  }

  decline(client: string, address: Ipv4Address, now: number): void {
    this.release(client, address)
    this.#quarantined.set(address, now + QUARANTINE_SECONDS * 1000)
  }

  #takenBy(client: string, address: Ipv4Address, now: number): string | undefined {
    const quarantined = this.#quarantined.get(address)
    if (quarantined !== undefined && now < quarantined) return `${formatIpv4(address)} is in quarantine`
    for (const [how, holders] of [
      ['bound by', this.#bound],
      ['offered to', this.#offered],
    ] as const) {
      const holder = holders.get(address)
      if (holder !== undefined && holder.client !== client && now < holder.until)
        return `${formatIpv4(address)} is ${how} ${holder.client}, and was given to ${client}`
    }
    return undefined
  }
}
