import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Lan, pcapFile, tsharkFaults, type Host } from '@reboots/testkit'
import { machineOn, MARKERS, RELAY, SERVER, WIDELY_ROUTED, type Site } from './site.ts'
import type { Started, Subject } from './subjects/subject.ts'
import { datagramOf, DISCOVER, REQUEST, type Request } from './wire/request.ts'
import { bytes, ip, text, u16, u8 } from './wire/octets.ts'
import { answers, Wire, type Reply } from './wire/wire.ts'

export type LinkName = 'eth0' | 'eth1'

/** How a message travels; what is left out is as for a client that has no address yet. */
export interface Travel {
  readonly link?: LinkName
  readonly from?: string
  readonly fromPort?: number
  readonly to?: string
  readonly toPort?: number
  /** The sender's; of the client itself unless it is said. */
  readonly sourceMac?: string
}

const EVERYONE = 'ff:ff:ff:ff:ff:ff'
const RELAY_MAC = '52:54:00:77:00:57'
const NOBODY = '0.0.0.0'

/** From the relay agent at 192.168.77.87 to the server. */
export const BY_RELAY: Travel = { from: RELAY, fromPort: 67, to: SERVER, sourceMac: RELAY_MAC }

/** From a client that uses its address already, straight to the server. */
export function byUnicast(from: string): Travel {
  return { from, to: SERVER }
}

/** A server on its host, and the clients' ends of its links. */
export class Lab {
  readonly started: Started
  readonly #lan: Lan
  readonly #directory: string
  readonly #site: Site
  readonly #wires: Readonly<Record<LinkName, Wire>>
  readonly #serverMacs: Readonly<Record<LinkName, string>>
  #xid = 0x5eb0_0000
  #closed = false

  static async open(subject: Pick<Subject, 'start'>, site: Site): Promise<Lab> {
    const directory = await mkdtemp(path.join(tmpdir(), 'cf-'))
    // When a run is interrupted, too.
    process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
    const lan = await Lan.open({ prefix: 'cf' })
    const opened: Wire[] = []
    try {
      const server = await lan.addHost('server')
      const clients = await lan.addHost('clients')
      const namespace = (await clients.run('sh', '-c', 'ip netns identify $$')).trim()
      await connect(server, namespace)
      const open = (link: LinkName): Wire => {
        const wire = new Wire(namespace, link)
        opened.push(wire)
        return wire
      }
      const wires = { eth0: open('eth0'), eth1: open('eth1') }
      wires.eth0.own(RELAY, RELAY_MAC)
      const macs = { eth0: await macOf(server, 'eth0'), eth1: await macOf(server, 'eth1') }
      return new Lab(lan, directory, site, wires, macs, await subject.start(server, directory, site))
    } catch (error) {
      await Promise.all(opened.map((wire) => wire.close()))
      await lan.close()
      await rm(directory, { recursive: true, force: true })
      throw error
    }
  }

  private constructor(
    lan: Lan,
    directory: string,
    site: Site,
    wires: Readonly<Record<LinkName, Wire>>,
    serverMacs: Readonly<Record<LinkName, string>>,
    started: Started,
  ) {
    this.#lan = lan
    this.#directory = directory
    this.#site = site
    this.#wires = wires
    this.#serverMacs = serverMacs
    this.started = started
  }

  /** A transaction number that was not used before. */
  xid(): number {
    return this.#xid++
  }

  /** The client has the address now: it answers ARP for it. */
  own(address: string, mac: string, link: LinkName = 'eth0'): void {
    this.#wires[link].own(address, mac)
  }

  disown(address: string, link: LinkName = 'eth0'): void {
    this.#wires[link].disown(address)
  }

  /** Sends a message; returns its transaction number. */
  send(request: Request, travel: Travel = {}): number {
    const xid = request.xid ?? this.xid()
    this.sendOctets(datagramOf({ ...request, xid }), { sourceMac: request.chaddr || RELAY_MAC, ...travel })
    return xid
  }

  sendOctets(payload: Uint8Array, travel: Travel): void {
    const { link = 'eth0', from = NOBODY, fromPort = 68, to = '255.255.255.255', toPort = 67 } = travel
    const destinationMac = groupMac(to) ?? this.#serverMacs[link]
    const sourceMac = travel.sourceMac ?? RELAY_MAC
    this.#wires[link].send({ sourceMac, destinationMac, from, fromPort, to, toPort, payload })
  }

  /** The answer to a transaction. An AssertionError when there is none. */
  reply(xid: number, link: LinkName = 'eth0', within?: number): Promise<Reply> {
    return this.#wires[link].take(answers(xid), within)
  }

  /** Sends a message and returns the answer. */
  ask(request: Request, travel: Travel = {}): Promise<Reply> {
    return this.reply(this.send(request, travel), travel.link)
  }

  /** Sends octets that are a message, with a transaction number of their own, and returns the answer. */
  askOctets(payload: Uint8Array, travel: Travel): Promise<Reply> {
    const xid = this.xid()
    const octets = Uint8Array.from(payload)
    new DataView(octets.buffer).setUint32(4, xid)
    this.sendOctets(octets, travel)
    return this.reply(xid, travel.link)
  }

  /** Sends a message and returns every answer to it. */
  async askAll(request: Request, travel: Travel = {}): Promise<Reply[]> {
    const xid = this.send(request, travel)
    await this.settle(travel)
    return this.#wires[travel.link ?? 'eth0'].takeArrived(answers(xid))
  }

  /** Takes the answers to a transaction that have come by now. */
  arrived(xid: number, link: LinkName): Reply[] {
    return this.#wires[link].takeArrived(answers(xid))
  }

  /** Sends a message that nobody may answer. */
  async unanswered(request: Request, travel: Travel = {}): Promise<void> {
    assert.deepEqual((await this.askAll(request, travel)).map(describeReply), [], 'silence was due')
  }

  /**
   * Returns when the server has dealt with everything sent so far to this port of this link. It takes messages in order, so the answer to
   * one more shows it; no waiting by the clock.
   */
  async settle({ link = 'eth0', toPort = 67 }: Travel = {}): Promise<void> {
    const marker = MARKERS[link]
    if (toPort === 4011) {
      // The address is the one of nobody else, so a reply that went wrong cannot be taken for the marker's.
      this.own(marker.address, marker.mac, link)
      const request = { type: REQUEST, chaddr: marker.mac, ciaddr: marker.address, options: PXE_MARKER }
      await this.ask(request, { link, toPort, from: marker.address, to: SERVER, fromPort: 4011 })
    } else {
      const options = this.#site.mode === 'proxy' ? PXE_MARKER : []
      await this.ask({ type: DISCOVER, chaddr: marker.mac, flags: 0x8000, options }, { link })
    }
  }

  /** Every message of the server that no test asked for. */
  strays(): string[] {
    return Object.values(this.#wires).flatMap((wire) => wire.takeArrived().map(describeReply))
  }

  /** What tshark finds fault with in everything the server sent. */
  async faults(): Promise<string> {
    const frames = Object.values(this.#wires).flatMap((wire) => wire.frames)
    const file = path.join(this.#directory, 'replies.pcap')
    await writeFile(file, pcapFile(frames))
    return tsharkFaults(file, UNREADABLE_TO_TSHARK.map(({ mac }) => `dhcp.hw.mac_addr != ${mac}`).join(' and '))
  }

  /** Ends everything; a second time it does nothing. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await Promise.all(Object.values(this.#wires).map((wire) => wire.close()))
    await this.#lan.close()
    await rm(this.#directory, { recursive: true, force: true })
  }
}

const PXE_MARKER = [
  [60, text('PXEClient:Arch:00007:UNDI:003016')],
  [93, u16(7)],
] as const

/**
 * It reads each instance of a long option by itself and takes the second for a broken one; and it does not know
 * sub-options 19, 151 and 152 of option 82, which come back as they were sent.
 */
const UNREADABLE_TO_TSHARK = [WIDELY_ROUTED, machineOn('relayed', 28), machineOn('relayed', 31)]

export function describeReply(reply: Reply): string {
  const option54 = reply.option(54) ?? '-'
  return `type ${reply.type} yiaddr ${reply.yiaddr} file '${reply.file}' 54 ${option54} to ${reply.to}:${reply.toPort}`
}

/** Where broadcast and multicast go on an Ethernet (RFC 1112 §6.4). */
function groupMac(address: string): string | undefined {
  if (address === '255.255.255.255') return EVERYONE
  const octets = bytes(ip(address))
  if (octets[0]! < 224) return undefined
  return ['01:00:5e', u8(octets[1]! & 0x7f), u8(octets[2]!), u8(octets[3]!)].join(':')
}

/** A second link beside that of the LAN, addresses on both, and the way to the networks behind the relay. */
async function connect(server: Host, clients: string): Promise<void> {
  await server.ip('link', 'add', 'eth1', 'type', 'veth', 'peer', 'name', 'eth1', 'netns', clients)
  await server.ip('link', 'set', 'eth1', 'up')
  await server.run('ip', '-n', clients, 'link', 'set', 'eth1', 'up')
  await server.ip('address', 'add', `${SERVER}/24`, 'broadcast', '+', 'dev', 'eth0')
  await server.ip('address', 'add', '192.168.78.1/24', 'broadcast', '+', 'dev', 'eth1')
  await server.ip('route', 'add', '10.9.0.0/16', 'via', RELAY)
}

async function macOf(host: Host, link: LinkName): Promise<string> {
  const [, mac] = /link\/ether (\S+)/.exec(await host.ip('link', 'show', link)) ?? []
  assert.ok(mac !== undefined, `${link} has a link address`)
  return mac
}
