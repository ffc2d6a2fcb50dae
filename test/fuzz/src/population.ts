import type { Endpoint, Ipv4Address } from '@reboots/protocol/net'
import { BOOT_CLIENTS, PLAIN_CLIENT } from './corpus.ts'
import { addressOctets, AT, join, optionOctets, placesIn, setAddress } from './octets.ts'
import type { Random } from './random.ts'

/** Relay agents: the first on the server's own network, the last in a network that nobody configured. */
const RELAYS = [0xc0a84d57, 0x0a090001, 0x0a090101, 0xac1f0001]
const ANOTHER_SERVER = 0xc0a84dfa
const TYPES = { discover: 1, request: 3, decline: 4, release: 7, inform: 8 } as const

/** What a client in the middle of things has been told. */
interface Client {
  readonly mac: Uint8Array
  readonly base: Uint8Array
  readonly giaddr: number
  offered: { readonly address: number; readonly server: number } | undefined
  bound: { readonly address: number; readonly server: number } | undefined
}

/** A message of a client before anything is done to it, and where it comes from. */
export interface Sent {
  readonly bytes: Uint8Array
  readonly from: Endpoint
}

/**
 * Clients that take part in the protocol as well as mutated messages let them, so that the service comes into every state that it has:
 * leases are offered, bound, renewed, released and declined, and packets that nobody should send meet all of them.
 */
export class Population {
  readonly #clients: readonly Client[]
  readonly #byMac = new Map<string, Client>()

  constructor(count: number) {
    this.#clients = Array.from({ length: count }, (_, number) => this.#client(number))
  }

  /** The next message of one of them. */
  message(random: Random): Sent {
    const client = random.of(this.#clients)
    const { bound, offered } = client
    const what = random.below(100)
    if (what < 28 || (bound === undefined && offered === undefined))
      return sent(client, 'discover', { requested: bound?.address })
    if (what < 58 && offered !== undefined)
      return sent(client, 'request', { requested: offered.address, server: offered.server })
    if (what < 62) return sent(client, 'request', { requested: (offered ?? bound)!.address, server: ANOTHER_SERVER })
    const { address, server } = (bound ?? offered)!
    if (what < 70) return sent(client, 'request', { requested: address })
    if (what < 84) return sent(client, 'request', { ciaddr: address, relayed: what < 76 })
    if (what < 87) return sent(client, 'decline', { requested: address, server })
    if (what < 91) return sent(client, 'release', { ciaddr: address, server, relayed: false })
    return sent(client, what < 96 ? 'inform' : 'request', {
      ciaddr: address,
      relayed: false,
      port: what < 98 ? 4011 : 68,
    })
  }

  /** A reply has come to whoever has this hardware address. */
  hear(mac: string, type: 'offer' | 'ack' | 'nak', address: number, server: number): void {
    const client = this.#byMac.get(mac)
    if (client === undefined) return
    if (type === 'nak') client.bound = client.offered = undefined
    else if (address !== 0) client[type === 'offer' ? 'offered' : 'bound'] = { address, server }
  }

  #client(number: number): Client {
    const mac = Uint8Array.of(0x52, 0x54, 0, 0x77, number >> 8, number)
    const base = number % 4 === 0 ? PLAIN_CLIENT : BOOT_CLIENTS[number % BOOT_CLIENTS.length]!
    const giaddr = number % 3 === 0 ? RELAYS[Math.floor(number / 3) % RELAYS.length]! : 0
    const client: Client = { mac, base, giaddr, offered: undefined, bound: undefined }
    this.#byMac.set(macText(mac), client)
    return client
  }
}

export function macText(mac: Uint8Array): string {
  return Array.from(mac, (octet) => octet.toString(16).padStart(2, '0')).join(':')
}

interface Fields {
  readonly requested?: number | undefined
  readonly server?: number
  readonly ciaddr?: number
  /** Past its relay agent, if it has one. */
  readonly relayed?: boolean
  readonly port?: number
}

/** What the client's firmware sends, turned into another message of it. */
function sent(
  client: Client,
  type: keyof typeof TYPES,
  { requested, server, ciaddr = 0, relayed = true, port = 68 }: Fields,
): Sent {
  const { base, mac } = client
  const header = base.slice(0, AT.options)
  header.set(mac, AT.chaddr)
  setAddress(header, AT.ciaddr, ciaddr)
  const giaddr = relayed ? client.giaddr : 0
  setAddress(header, AT.giaddr, giaddr)
  const kept = placesIn(base).filter(({ code }) => ![50, 53, 54, 61].includes(code))
  const options = [
    optionOctets(53, Uint8Array.of(TYPES[type])),
    ...(requested === undefined ? [] : [optionOctets(50, addressOctets(requested))]),
    ...(server === undefined ? [] : [optionOctets(54, addressOctets(server))]),
    ...kept.map(({ at, end }) => base.subarray(at, end)),
    ...(placesIn(base).some(({ code }) => code === 61) ? [optionOctets(61, join(Uint8Array.of(1), mac))] : []),
    ...(giaddr === 0 ? [] : [optionOctets(82, join(optionOctets(1, mac.subarray(4)), optionOctets(2, mac)))]),
    Uint8Array.of(255),
  ]
  const from = { address: (giaddr === 0 ? ciaddr : giaddr) as Ipv4Address, port: giaddr === 0 ? port : 67 }
  return { bytes: join(header, ...options), from }
}
