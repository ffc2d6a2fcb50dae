import { constants, networkInterfaces } from 'node:os'
import {
  broadcastOf,
  formatIpv4,
  LIMITED_BROADCAST,
  parseIpv4,
  type Datagram,
  type Ipv4Address,
} from '@reboots/protocol/net'
import { now } from '../clock.ts'
import type { Log } from '../log.ts'
import { OperatorError } from '../operator-error.ts'
import { privilegeRemedy } from '../listen.ts'
import { Complaints } from './complaints.ts'
import type { UdpSocket } from './door.ts'
import { errnoName } from './errno.ts'
import { readUdpInIp, udpInIp } from './ip-packet.ts'
import type { UdpLink } from './links.ts'
import type { Readiness } from './native.ts'
import type { CaptureSocket, IpSender, PacketSockets } from './packet-sockets.ts'
import { noTraffic, type Traffic } from './traffic.ts'

/** Packets handled in one turn of the event loop. */
const BATCH = 64
/** More than a frame of Ethernet has; a longer packet is cut off, and then is none. */
const ROOM = 2048
const LOOK_MS = 1000
const { EAGAIN, EINTR } = constants.errno

/**
 * A UDP port without a socket on it: what comes is captured, what goes is sent as whole IPv4 packets that say they come from this port.
 * Whoever holds the port on this host keeps it, and gets everything as before. Firewall rules for what comes in do not hold here.
 */
export class CapturedSocket implements UdpSocket {
  readonly port: number
  readonly traffic: Traffic = noTraffic()
  readonly #sockets: PacketSockets
  readonly #link: UdpLink
  readonly #log: Log
  readonly #deliver: (batch: readonly Datagram[]) => void
  readonly #complaints: Complaints
  readonly #capture: CaptureSocket
  readonly #sender: IpSender
  readonly #readiness: Readiness
  readonly #looking: NodeJS.Timeout
  readonly #rooms = Array.from({ length: BATCH }, () => new Uint8Array(ROOM))
  #index: number
  #own: ReadonlySet<Ipv4Address>
  #ownAt = now()
  #failing = false
  #closed = false
  /** Drops that have been spoken of. */
  #complained = 0

  /** OperatorError when it is not allowed. */
  constructor(
    sockets: PacketSockets,
    link: UdpLink,
    port: number,
    log: Log,
    deliver: (batch: readonly Datagram[]) => void,
  ) {
    this.port = port
    this.#sockets = sockets
    this.#link = link
    this.#log = log
    this.#deliver = deliver
    this.#complaints = new Complaints(log, { link: link.name, port })
    this.#index = sockets.indexOf(link.name)
    this.#own = addressesOf(link)
    const { capture, sender } = opened(sockets, link, port)
    this.#capture = capture
    this.#sender = sender
    const turn = (): void => this.#turn()
    this.#readiness = capture.watch((failed) => {
      if (failed) this.#rest('poll')
      // A callback of libuv is none of Node's.
      setImmediate(turn)
    })
    this.#looking = setInterval(() => this.#look(), LOOK_MS).unref()
  }

  send(bytes: Uint8Array, address: Ipv4Address, port: number): void {
    if (this.#closed) return
    const to = { address, port }
    const packet = udpInIp({ from: { address: this.#link.address, port: this.port }, to, bytes })
    let sent = this.#sender.send(packet, address)
    if (sent === -EINTR) sent = this.#sender.send(packet, address)
    if (sent === 0) this.traffic.sent++
    else this.#unsent(errnoName(-sent), address, port)
  }

  setNeighbour(address: Ipv4Address, chaddr: Uint8Array): void {
    this.#sender.setNeighbour(address, chaddr)
  }

  countDrops(): void {
    if (!this.#closed) this.traffic.dropped = this.#capture.drops()
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve()
    this.countDrops()
    this.#closed = true
    clearInterval(this.#looking)
    this.#readiness.close()
    this.#capture.close()
    this.#sender.close()
    return Promise.resolve()
  }

  #turn(): void {
    if (this.#closed || this.#failing) return
    const batch: Datagram[] = []
    const at = now()
    for (const room of this.#rooms) {
      const length = this.#capture.receive(room)
      if (length < 0) {
        if (length !== -EAGAIN && length !== -EINTR) this.#rest(errnoName(-length))
        break
      }
      const packet = readUdpInIp(room.subarray(0, length))
      if (packet === undefined || packet.to.port !== this.port || !this.#isForUs(packet.to.address)) continue
      batch.push({ bytes: packet.bytes, from: packet.from, link: this.#link.name, at })
    }
    this.traffic.received += batch.length
    if (batch.length > 0) this.#deliver(batch)
  }

  /** A host that is a router, too, gets packets for others by its own MAC. */
  #isForUs(address: Ipv4Address): boolean {
    if (address === LIMITED_BROADCAST || this.#own.has(address)) return true
    if (now() - this.#ownAt < LOOK_MS) return false
    this.#ownAt = now()
    this.#own = addressesOf(this.#link)
    return this.#own.has(address)
  }

  /** Nothing more until the next look: a socket that fails is ready all the time. */
  #rest(why: string): void {
    this.#complaints.warn('cannot receive', why)
    this.#failing = true
    this.#readiness.stop()
  }

  #unsent(why: string, address: Ipv4Address, port: number): void {
    this.traffic.unsent++
    this.#complaints.warn('not sent', why, () => ({ to: `${formatIpv4(address)}:${port}` }))
  }

  #look(): void {
    this.#follow()
    if (this.#failing) {
      this.#failing = false
      this.#readiness.forReading()
      // An error that waits at the socket is over when it has been read.
      this.#turn()
    }
    this.countDrops()
    const dropped = this.traffic.dropped - this.#complained
    this.#complained = this.traffic.dropped
    if (dropped > 0)
      this.#complaints.warn('the kernel dropped datagrams', 'they came faster than they were read', () => ({ dropped }))
  }

  /** An interface that went and came back under its name is another one. */
  #follow(): void {
    const { name } = this.#link
    const index = this.#sockets.indexOf(name)
    if (index === this.#index) return
    this.#index = index
    const fields = { link: name, port: this.port }
    if (index === 0) return this.#log.error(fields, 'the interface is gone; served again when it is back')
    try {
      this.#capture.move(name)
      this.#sender.move(name)
      this.#log.warn(fields, 'the interface is another one now; served again')
    } catch (err) {
      this.#log.error({ ...fields, err }, 'the interface is another one now, and cannot be served without a restart')
    }
  }
}

function opened(sockets: PacketSockets, { name }: UdpLink, port: number): { capture: CaptureSocket; sender: IpSender } {
  try {
    const sender = sockets.openIpSender(name)
    try {
      return { sender, capture: sockets.openCapture(name, { toPort: port, header: 0, sentTo: 'us' }) }
    } catch (error) {
      sender.close()
      throw error
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EPERM' && code !== 'EACCES') throw error
    throw new OperatorError(`no permission to capture UDP port ${port} on ${name}`, privilegeRemedy())
  }
}

/** What is sent to us and not only past us: any address of this host, and what reaches all hosts of the link. */
function addressesOf(link: UdpLink): ReadonlySet<Ipv4Address> {
  const entries = Object.values(networkInterfaces()).flatMap((all) => all ?? [])
  const own = entries.flatMap(({ family, address }) => (family === 'IPv4' ? [parseIpv4(address)!] : []))
  return new Set([...own, link.address, broadcastOf(link.address, link.mask)])
}
