import { constants } from 'node:os'
import { formatIpv4, type Datagram, type Ipv4Address } from '@reboots/protocol/net'
import { now } from '../clock.ts'
import type { Log } from '../log.ts'
import { Complaints } from './complaints.ts'
import type { UdpSocket } from './door.ts'
import { errnoName, systemErrorOf } from './errno.ts'
import { BoundInterface, openSocket } from './bound-socket.ts'
import type { UdpLink } from './links.ts'
import type { Native, Readiness } from './native.ts'
import { Neighbours } from './neighbours.ts'
import type { DatagramSlots } from './slots.ts'
import { noTraffic, type Traffic } from './traffic.ts'

/** Datagrams read by one call, and handled in one turn of the event loop: a millisecond or two, so a flood keeps nobody else waiting. */
const BATCH = 64
/** How often it is looked whether the interface is still there, and whether the kernel dropped datagrams. */
const LOOK_MS = 1000
const { EAGAIN, EINTR } = constants.errno

/** One for all sockets of the process: a batch is over before the next one is read. */
let received: DatagramSlots | undefined

/**
 * A socket that belongs to one interface (SO_BINDTODEVICE): several of them share a port without seeing each other's packets.
 *
 * Readiness of the descriptor wakes the event loop; a batch is read by one recvmmsg(2) and delivered, and what was sent meanwhile leaves
 * by one sendmmsg(2). When the send buffer is full the socket stops reading until there is room again.
 */
export class BatchSocket implements UdpSocket {
  readonly port: number
  readonly traffic: Traffic = noTraffic()
  readonly #native: Native
  readonly #link: UdpLink
  readonly #deliver: (batch: readonly Datagram[]) => void
  readonly #complaints: Complaints
  readonly #fd: number
  readonly #in: DatagramSlots
  readonly #out: DatagramSlots
  readonly #neighbours: Neighbours
  readonly #readiness: Readiness
  readonly #looking: NodeJS.Timeout
  /** What waits to be sent is in the slots from `#first` up to `#end`. */
  #first = 0
  #end = 0
  #delivering = false
  #leaving = false
  /** The send buffer is full: nothing is read until there is room. */
  #blocked = false
  /** Reading failed: the next time is at the next look. */
  #failing = false
  #closed = false
  readonly #interface: BoundInterface
  /** Drops that have been spoken of. */
  #complained = 0

  constructor(
    native: Native,
    link: UdpLink,
    port: number,
    groups: readonly Ipv4Address[],
    log: Log,
    deliver: (batch: readonly Datagram[]) => void,
  ) {
    this.#native = native
    this.#link = link
    this.#deliver = deliver
    this.#fd = openSocket(native, { link, port, groups })
    this.port = native.portOf(this.#fd)
    this.#complaints = new Complaints(log, { link: link.name, port: this.port })
    this.#interface = new BoundInterface(native, this.#fd, { link, port: this.port, groups }, log, () =>
      this.#neighbours.forgetAll(),
    )
    this.#in = received ??= native.slots(BATCH)
    this.#out = native.slots(BATCH)
    this.#neighbours = new Neighbours((address, mac) => native.setNeighbour(this.#fd, link.name, address, mac))
    // A callback of libuv is none of Node's: what it leaves undone (promises, ticks, errors) is done in a turn of its own only.
    const turn = (): void => this.#turn()
    this.#readiness = native.watch(this.#fd, (failed) => {
      if (failed) this.#rest('poll')
      setImmediate(turn)
    })
    this.#looking = setInterval(() => this.#look(), LOOK_MS).unref()
  }

  send(bytes: Uint8Array, address: Ipv4Address, port: number): void {
    if (this.#closed) return
    if (this.#end === this.#out.count) this.#flush()
    if (this.#end === this.#out.count) return this.#unsent('the send buffer is full', address, port)
    this.#out.put(this.#end++, bytes, address, port)
    if (!this.#delivering && !this.#blocked && !this.#leaving) this.#leaveSoon()
  }

  setNeighbour(address: Ipv4Address, chaddr: Uint8Array): void {
    if (this.#first < this.#end && this.#neighbours.wouldMove(address, chaddr)) {
      this.#flush()
      if (this.#first < this.#end) throw systemErrorOf('set neighbour', EAGAIN)
    }
    this.#neighbours.reach(address, chaddr, now())
  }

  countDrops(): void {
    if (!this.#closed) this.traffic.dropped = this.#native.drops(this.#fd)
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve()
    this.#flush()
    this.countDrops()
    this.#closed = true
    clearInterval(this.#looking)
    this.#readiness.close()
    this.#native.close(this.#fd)
    return Promise.resolve()
  }

  #turn(): void {
    if (this.#closed || this.#failing) return
    if (this.#blocked) this.#flush()
    else this.#receive()
  }

  #receive(): void {
    const count = this.#native.receive(this.#fd, this.#in, 0, BATCH)
    if (count < 0) {
      if (count !== -EAGAIN && count !== -EINTR) this.#rest(errnoName(-count))
      return
    }
    this.traffic.received += count
    this.#delivering = true
    try {
      this.#deliver(this.#batch(count))
    } finally {
      this.#delivering = false
      if (!this.#closed) this.#flush()
    }
  }

  #batch(count: number): readonly Datagram[] {
    const slots = this.#in
    const link = this.#link.name
    const at = now()
    const batch: Datagram[] = []
    for (let slot = 0; slot < count; slot++) {
      batch.push({ bytes: slots.bytes(slot), from: { address: slots.address(slot), port: slots.port(slot) }, link, at })
    }
    return batch
  }

  /** Replies that a store held up come many at a time, too: they leave together as soon as the code that sends them is through. */
  #leaveSoon(): void {
    this.#leaving = true
    queueMicrotask(() => {
      this.#leaving = false
      if (!this.#closed && !this.#blocked) this.#flush()
    })
  }

  /** Sends what waits, in order. What the kernel refuses is counted and passed over; what it has no room for goes on waiting. */
  #flush(): void {
    while (this.#first < this.#end) {
      const sent = this.#native.send(this.#fd, this.#out, this.#first, this.#end - this.#first)
      if (sent > 0) {
        this.traffic.sent += sent
        this.#first += sent
      } else if (sent === -EAGAIN) {
        return this.#block(true)
      } else if (sent !== -EINTR) {
        const slot = this.#first++
        this.#unsent(errnoName(-sent), this.#out.address(slot), this.#out.port(slot))
      }
    }
    this.#first = this.#end = 0
    this.#block(false)
  }

  #block(blocked: boolean): void {
    if (this.#blocked === blocked) return
    this.#blocked = blocked
    this.#await()
  }

  #await(): void {
    if (this.#blocked) this.#readiness.forWriting()
    else this.#readiness.forReading()
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

  /** An interface that has vanished says nothing to a socket that only listens, so it has to be looked at. */
  #look(): void {
    if (this.#failing) {
      this.#failing = false
      this.#await()
      this.#turn()
    }
    this.#interface.look()
    this.countDrops()
    const dropped = this.traffic.dropped - this.#complained
    this.#complained = this.traffic.dropped
    if (dropped > 0)
      this.#complaints.warn('the kernel dropped datagrams', 'they came faster than they were read', () => ({ dropped }))
  }
}
