import { formatIpv4, type Ipv4Address, type MacAddress } from '@reboots/protocol/net'
import { Latest } from '@reboots/runtime'
import type { Decision } from './outcome.ts'
import { wayTo } from './place.ts'
import type { Asked, Ports } from './ports.ts'
import type { Reservation } from './reservation.ts'

/** So many records are remembered for certain; of more, some that were heard of longest ago are forgotten. */
const REMEMBERED = 65_536

/**
 * The network card that has the address of each record that is found by more than a MAC, or was offered it last: to the books all of them
 * are one client.
 */
export class Cards {
  readonly #last = new Latest<string, MacAddress>(REMEMBERED)

  of(holder: string): MacAddress | undefined {
    return this.#last.get(holder)
  }

  keep(holder: string, mac: MacAddress): void {
    this.#last.set(holder, mac)
  }
}

/** The card that asks gets this address; if it is that of its record, the card has it from now on. */
export function keepCard(
  { mac }: Asked,
  { holder, address, foundBy }: Reservation,
  given: Ipv4Address,
  { cards }: Ports,
): void {
  // Who was found by the lease alone may be anybody; whoever shows what the record names has the better right.
  if (holder !== undefined && address?.ip === given && foundBy !== 'lease') cards.keep(holder, mac)
}

/** The card that has the address, if that is another than the one that asks: more than one machine may fit a record. */
export function rivalOf(asked: Asked, machine: Reservation, ports: Ports): MacAddress | undefined {
  const { holder } = machine
  if (holder === undefined || stateOf(asked, machine, ports) === undefined) return undefined
  const card = ports.cards.of(holder)
  return card === asked.mac ? undefined : card
}

/** For the log, and for the client that is refused. */
export function formatRival(rival: MacAddress, { address }: Reservation): string {
  return `${formatIpv4(address!.ip)} is with ${rival}: more than one machine fits the record`
}

/** What the books say of the address of the record, as far as it is the record that has it. */
function stateOf({ now }: Asked, { holder, address }: Reservation, { leases }: Ports): 'offered' | 'bound' | undefined {
  const lease = address === undefined ? undefined : leases.at(address.ip, now)
  return lease === undefined || lease.client !== holder || lease.state === 'declined' ? undefined : lease.state
}

/**
 * Goes on unless another machine uses the address of the record, or is about to. Who has it and does not answer was replaced, or is off; if
 * it comes back with the address it is refused, because the card that asks has it from now on.
 */
export function unlessRivalled(asked: Asked, machine: Reservation, ports: Ports, next: Decision): Decision {
  const { holder, address } = machine
  if (holder === undefined || address === undefined) return next
  const state = stateOf(asked, machine, ports)
  const card = ports.cards.of(holder)
  if (state === undefined || card === asked.mac) return next
  if (state === 'offered' && card !== undefined) return { silent: 'address-in-use', note: formatRival(card, machine) }
  if (!ports.settings.conflictProbe.enabled) return next
  return {
    probe: { ...wayTo(address.ip, asked, ports.settings), known: false, anew: true },
    resume(result) {
      if (result === 'free') return next
      const who = result.occupant === undefined ? 'answers a ping' : `is at ${result.occupant}`
      const note = `${formatIpv4(address.ip)} ${who}: more than one machine fits the record`
      return { silent: 'address-in-use', note }
    },
  }
}
