import { DecodeError, hex } from '@reboots/protocol/bytes'
import { decodeMessage, macOf, option, serverIdentifier, type DhcpMessage } from '@reboots/protocol/dhcp'
import type { Datagram, Endpoint, Instant, Ipv4Address } from '@reboots/protocol/net'
import { Books } from './books.ts'
import { CORPUS } from './corpus.ts'
import { check, describeExchange, enter, enterSilence, type Exchange } from './invariants.ts'
import { MUTATIONS } from './mutations.ts'
import { AT } from './octets.ts'
import { Population } from './population.ts'
import { Random } from './random.ts'
import type { Door, Fate, Stand } from './stand.ts'

export interface CampaignOptions {
  readonly seed: number
  readonly packets: number
  readonly stands: readonly Stand[]
  /** Called before each batch with the number of its first packet. */
  readonly begin?: (packet: number) => void
  /** Called with each reply that is as it should be. */
  readonly replied?: (exchange: Exchange, bytes: Uint8Array) => void
}

/** What became of how many packets, by `service, port: fate`. */
export type Fates = Map<string, number>

const MACHINES = 500
const MOST_IN_BATCH = 8
const ELSEWHERE = 0xc0a84d60
const MUTATION_LIST = Object.values(MUTATIONS)
const SOURCES: readonly Endpoint[] = [
  [0, 68],
  [0xc0a84d57, 67],
  [0xc0a84d57, 1067],
  [0xc0a84d64, 68],
  [0xc0a84d64, 4011],
  [0x0a090001, 67],
  [0, 0],
].map(([address, port]) => ({ address: address as Ipv4Address, port: port! }))

/** A packet that brought about what must not be. */
export class FuzzFailure extends Error {
  readonly packet: number

  constructor(packet: number, { name }: Stand, bytes: Uint8Array, why: string, options?: ErrorOptions) {
    super(`packet ${packet}, ${name}: ${why}\noctets: ${hex(bytes)}`, options)
    this.packet = packet
  }
}

/**
 * Sends packets to services and looks at everything that becomes of them. What packet n is depends on the seed, on n and on what the
 * clients have been told so far, never on the clock; each stand has its own clients and its own time.
 */
export class Campaign {
  readonly fates: Fates = new Map()
  readonly #options: CampaignOptions
  readonly #random = new Random()
  readonly #sites: readonly Site[]
  #sent = 0

  constructor(options: CampaignOptions) {
    this.#options = options
    this.#sites = options.stands.map((stand) => new Site(stand))
  }

  /** FuzzFailure at the first packet that has an outcome it must not have. */
  async run(until = this.#options.packets): Promise<void> {
    const { begin, seed } = this.#options
    while (this.#sent < until) {
      begin?.(this.#sent)
      this.#random.restart(seed, this.#sent)
      await this.#batch(
        this.#random.of(this.#sites),
        Math.min(1 + this.#random.below(MOST_IN_BATCH), until - this.#sent),
      )
    }
  }

  async #batch(site: Site, size: number): Promise<void> {
    const first = this.#sent
    const at = site.later(this.#random)
    const door = this.#random.of(site.stand.doors)
    const batch: Datagram[] = []
    for (; this.#sent < first + size; this.#sent++) {
      this.#random.restart(this.#options.seed, this.#sent)
      const { bytes, from } = this.#packet(site)
      if (bytes.length >= AT.secs) new DataView(bytes.buffer, bytes.byteOffset).setUint32(AT.xid, this.#sent)
      batch.push({ bytes, from, link: door.link, at })
    }
    const asked = batch.map(({ bytes }) => bytes.slice())
    this.#judge(site, first, asked, await delivered(site.stand, first, asked, door, batch), door, at)
  }

  #packet({ population }: Site): { bytes: Uint8Array; from: Endpoint } {
    const random = this.#random
    const { bytes, from } = random.oneIn(5)
      ? { bytes: random.of(CORPUS).slice(), from: random.of(SOURCES) }
      : population.message(random)
    let spoilt = bytes
    // One in four goes as it is: what a client does afterwards is worth more packets.
    for (let times = random.below(4); times > 0; times--)
      spoilt = random.of(MUTATION_LIST)(spoilt.slice(), random, CORPUS)
    const octets = spoilt.slice()
    if (!random.oneIn(32) && octets.length >= AT.sname) keepAmongFew(octets)
    return { bytes: octets, from: random.oneIn(10) ? random.of(SOURCES) : from }
  }

  #judge(
    site: Site,
    first: number,
    asked: readonly Uint8Array[],
    fates: readonly Fate[],
    { port }: Door,
    at: Instant,
  ): void {
    const { stand } = site
    if (fates.length !== asked.length)
      throw new FuzzFailure(first, stand, asked[0]!, `${asked.length} datagrams, ${fates.length} fates`)
    const answered = new Set<number>()
    for (const { fields, reply } of fates) {
      const key = `${stand.name}, port ${port}: ${String(fields['sent'] ?? fields['silent'])}`
      this.fates.set(key, (this.fates.get(key) ?? 0) + 1)
      const number = typeof fields['xid'] === 'string' ? Number.parseInt(fields['xid'], 16) : undefined
      const bytes = number === undefined ? undefined : asked[number - first]
      if (bytes === undefined || number === undefined) {
        if (fields['received'] === 'malformed' && reply === undefined) continue
        throw new FuzzFailure(first, stand, asked[0]!, `a fate of no packet: ${JSON.stringify(fields)}`)
      }
      const fail = (why: string): never => {
        throw new FuzzFailure(number, stand, bytes, `${why}\nfate: ${JSON.stringify(fields)}${replyText(reply)}`)
      }
      if (answered.has(number)) fail('two fates')
      answered.add(number)
      const request = readRequest(bytes) ?? fail('cannot be read, and was')
      if (reply === undefined) enterSilence(request, fields['silent'], site.books, stand, at)
      else this.#hear(site, request, reply, at, fail)
    }
  }

  #hear(
    site: Site,
    request: DhcpMessage,
    sent: NonNullable<Fate['reply']>,
    at: Instant,
    fail: (why: string) => never,
  ): void {
    const { exchange, wrong } = check(request, sent, site.stand)
    if (wrong.length > 0) fail(wrong.join('; '))
    const { reply, type } = exchange
    const conflict = site.stand.proxy ? undefined : enter(exchange, site.books, site.stand, at)
    if (conflict !== undefined) fail(`${conflict} (${describeExchange(exchange)})`)
    const server = option(reply, serverIdentifier)!
    // A proxy's clients have an address of the site's own server by then.
    if (site.stand.proxy) site.population.hear(macOf(reply), 'ack', ELSEWHERE, server)
    else site.population.hear(macOf(reply), type, reply.yiaddr, server)
    this.#options.replied?.(exchange, sent.bytes)
  }
}

/** A stand with its clients, what they believe, and the time it is there. */
class Site {
  readonly stand: Stand
  readonly population = new Population(MACHINES)
  readonly books = new Books()
  #now = 1_700_000_000_000

  constructor(stand: Stand) {
    this.stand = stand
  }

  /** Some milliseconds on; once in a while so much that offers end, or that all leases do. */
  later(random: Random): Instant {
    if (random.oneIn(4000)) this.#now += 4_000_000
    else if (random.oneIn(400)) this.#now += 61_000
    else this.#now += random.below(100)
    return this.#now as Instant
  }
}

/**
 * Hardware addresses of 8192 kinds: what the services remember of clients (bounded, but by 65 536 of them) is full early then, and memory that
 * grows from there on grows without bound.
 */
function keepAmongFew(bytes: Uint8Array): void {
  bytes.set([0x52, 0x54, 0, 0x77, bytes[AT.chaddr + 4]! & 31], AT.chaddr)
}

async function delivered(
  stand: Stand,
  first: number,
  asked: readonly Uint8Array[],
  door: Door,
  batch: readonly Datagram[],
): Promise<readonly Fate[]> {
  try {
    return await door.deliver(batch)
  } catch (cause) {
    const octets = asked.map((bytes, index) => `${first + index}: ${hex(bytes)}`).join('\n')
    throw new FuzzFailure(first, stand, asked[0]!, `thrown: ${String(cause)}\nbatch:\n${octets}`, { cause })
  }
}

function readRequest(bytes: Uint8Array): DhcpMessage | undefined {
  try {
    return decodeMessage(bytes)
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

function replyText(reply: Fate['reply']): string {
  return reply === undefined ? '' : `\nreply: ${hex(reply.bytes)}`
}
