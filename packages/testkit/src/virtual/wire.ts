import type { Ipv4Address, MacAddress } from '@reboots/protocol/net'
import type { VirtualClock } from './clock.ts'

/** One way to ask on a wire who has an address. */
export interface VirtualAsker {
  ask(address: Ipv4Address): boolean
  listen(listening: boolean): void
  close(): void
}

/** An Ethernet with hosts on it that answer ARP for the addresses they use. */
export class VirtualWire {
  /** Who uses which address. */
  readonly hosts = new Map<Ipv4Address, MacAddress>()
  /** Addresses that were asked for, in order. */
  readonly asked: Ipv4Address[] = []
  /** Nothing can be put on it. */
  broken = false
  readonly #listening = new Set<VirtualAsker>()
  readonly #clock: VirtualClock

  constructor(clock: VirtualClock) {
    this.#clock = clock
  }

  /** Somebody is waiting for answers. */
  get listening(): boolean {
    return this.#listening.size > 0
  }

  /** Answers come after a millisecond, if they are waited for then. */
  attach(answered: (address: Ipv4Address, occupant: MacAddress) => void): VirtualAsker {
    const asker: VirtualAsker = {
      ask: (address) => {
        if (this.broken) return false
        this.asked.push(address)
        const host = this.hosts.get(address)
        if (host !== undefined) this.#clock.later(1, () => this.#listening.has(asker) && answered(address, host))
        return true
      },
      listen: (listening) => void this.#listening[listening ? 'add' : 'delete'](asker),
      close: () => {},
    }
    return asker
  }
}
