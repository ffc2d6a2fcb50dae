import type { LeaseStore } from '@reboots/leases'
import type { Ipv4Address } from '@reboots/protocol/net'
import type { Networks } from './networks.ts'

/**
 * Keeps from the pools what is not for whoever comes: addresses of the network itself, and those of hardware records. Who holds an address
 * when it is reserved keeps it to the end of the lease.
 */
export class Withholding {
  readonly #store: Pick<LeaseStore, 'reserve' | 'unreserve'>
  readonly #isReserved: (address: Ipv4Address) => boolean
  #networks: Networks

  /** `isReserved` tells whether a record has an address, as of now. */
  constructor(
    store: Pick<LeaseStore, 'reserve' | 'unreserve'>,
    networks: Networks,
    isReserved: (address: Ipv4Address) => boolean,
  ) {
    this.#store = store
    this.#isReserved = isReserved
    this.#networks = networks
    for (const address of networks.occupied) if (networks.isInPool(address)) store.reserve(address)
  }

  /** To be called with each address that a change of the records touched. */
  changed(addresses: Iterable<Ipv4Address>): void {
    const { occupied } = this.#networks
    for (const address of addresses) {
      if (!this.#networks.isInPool(address) || occupied.has(address)) continue
      if (this.#isReserved(address)) this.#store.reserve(address)
      else this.#store.unreserve(address)
    }
  }

  /** These are the pools from now on; `reserved` are the addresses of all records. */
  use(networks: Networks, reserved: Iterable<Ipv4Address>): void {
    const before = this.#networks
    this.#networks = networks
    const turn = (address: Ipv4Address, was: boolean, is: boolean): void => {
      if (is && !was) this.#store.reserve(address)
      if (was && !is) this.#store.unreserve(address)
    }
    // Looking at a hundred thousand addresses takes a tenth of a second; most changes are about something else.
    if (!before.hasSamePools(networks)) {
      for (const address of reserved) turn(address, before.isInPool(address), networks.isInPool(address))
    }
    for (const address of new Set([...before.occupied, ...networks.occupied])) {
      if (!this.#isReserved(address)) turn(address, before.withholds(address), networks.withholds(address))
    }
  }
}
