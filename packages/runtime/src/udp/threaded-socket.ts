import { formatIpv4, type Datagram, type Instant, type Ipv4Address } from '@reboots/protocol/net'
import type { Log } from '../log.ts'
import { IN_SLOTS, OUT_SLOTS, WORD, WORDS, type ChannelMemory } from './channel.ts'
import { Complaints } from './complaints.ts'
import type { UdpSocket } from './door.ts'
import { errnoName } from './errno.ts'
import { openLine, type IoLine } from './io-thread.ts'
import { BoundInterface, openSocket } from './bound-socket.ts'
import type { UdpLink } from './links.ts'
import type { Native } from './native.ts'
import type { DatagramSlots } from './slots.ts'
import { noTraffic, type Traffic } from './traffic.ts'

/** Datagrams handled in one turn of the event loop: a millisecond or two, so a flood keeps nobody else waiting. */
const BATCH = 64
/** How often it is looked whether the interface is still there, and what has failed. */
const LOOK_MS = 1000
/** Longest wait for room among what is to be sent, after which the kernel is taken not to send any more. */
const ROOM_MS = 20

export interface ThreadedSocketOptions {
  readonly native: Native
  readonly link: UdpLink
  readonly port: number
  readonly groups?: readonly Ipv4Address[]
  readonly log: Log
  deliver(batch: readonly Datagram[]): void
  /** Somebody was answered by broadcast, because the neighbour table did not take an entry. */
  unreachable(errno: string): void
  readonly line?: typeof openLine
}

/**
 * As BatchSocket, with all receiving and sending on a thread of its own: datagrams are handled where that thread has put them, replies
 * are put where it takes them from. What it does and does not do it says in counters, which are looked at every second.
 */
export class ThreadedSocket implements UdpSocket {
  readonly port: number
  readonly traffic: Traffic = noTraffic()
  readonly #native: Native
  readonly #link: UdpLink
  readonly #deliver: (batch: readonly Datagram[]) => void
  readonly #unreachable: (errno: string) => void
  readonly #complaints: Complaints
  readonly #fd: number
  readonly #line: IoLine
  readonly #words: Int32Array
  readonly #in: DatagramSlots
  readonly #times: Float64Array
  readonly #out: DatagramSlots
  readonly #macs: Uint8Array
  readonly #interface: BoundInterface
  readonly #looking: NodeJS.Timeout
  /** Everything before this has been put into `out`; the I/O thread sees it when it is published. */
  #end = 0
  #delivering = false
  #leaving = false
  #closed = false
  /** The descriptor is closed, too. */
  #over = false
  /** Drops, and datagrams not sent, that have been spoken of. */
  #complained = { dropped: 0, unsent: 0 }
  /** Where `#end` was when room was waited for last. */
  #waitedAt = -1
  /** Not sent because there was no room for them in `out`. */
  #overflowed = 0

  constructor(options: ThreadedSocketOptions) {
    const { native, link, port, groups = [], log, line = openLine } = options
    this.#native = native
    this.#link = link
    this.#deliver = options.deliver
    this.#unreachable = options.unreachable
    this.#fd = openSocket(native, { link, port, groups })
    this.port = native.portOf(this.#fd)
    this.#complaints = new Complaints(log, { link: link.name, port: this.port })
    this.#in = native.sharedSlots(IN_SLOTS)
    this.#out = native.sharedSlots(OUT_SLOTS)
    const memory: ChannelMemory = {
      fd: this.#fd,
      link: link.name,
      words: new SharedArrayBuffer(WORDS * 4),
      in: this.#in.control as SharedArrayBuffer,
      times: new SharedArrayBuffer(IN_SLOTS * 8),
      out: this.#out.control as SharedArrayBuffer,
      macs: new SharedArrayBuffer(OUT_SLOTS * 8),
    }
    this.#words = new Int32Array(memory.words)
    this.#times = new Float64Array(memory.times)
    this.#macs = new Uint8Array(memory.macs)
    this.#line = line(native, memory, { take: () => this.#take(), isEmpty: () => this.#arrived() === 0 })
    this.#interface = new BoundInterface(native, this.#fd, { link, port: this.port, groups }, log, () =>
      this.#line.forgetNeighbours(),
    )
    this.#looking = setInterval(() => this.#look(), LOOK_MS).unref()
  }

  send(bytes: Uint8Array, address: Ipv4Address, port: number, chaddr?: Uint8Array): void {
    if (this.#closed) return
    if (!this.#hasRoom()) return this.#overflow(address, port)
    const slot = this.#end & (this.#out.count - 1)
    this.#out.put(slot, bytes, address, port)
    if (chaddr !== undefined) {
      this.#macs[slot * 8] = 1
      this.#macs.set(chaddr, slot * 8 + 1)
    }
    this.#end = (this.#end + 1) | 0
    if (!this.#delivering && !this.#leaving) this.#leaveSoon()
  }

  sendToHardware(bytes: Uint8Array, address: Ipv4Address, port: number, chaddr: Uint8Array): void {
    this.send(bytes, address, port, chaddr)
  }

  countDrops(): void {
    if (this.#over) return
    this.traffic.dropped = this.#native.drops(this.#fd)
    this.traffic.sent = this.#words[WORD.sent]! >>> 0
    this.traffic.unsent = (this.#words[WORD.unsent]! >>> 0) + this.#overflowed
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#publish()
    clearInterval(this.#looking)
    this.#closed = true
    await this.#line.close()
    this.countDrops()
    this.#over = true
    this.#native.close(this.#fd)
  }

  #arrived(): number {
    return (Atomics.load(this.#words, WORD.inFilled) - this.#words[WORD.inEmptied]!) | 0
  }

  #take(): void {
    const count = Math.min(this.#arrived(), BATCH)
    if (count === 0 || this.#closed) return
    const emptied = this.#words[WORD.inEmptied]!
    this.traffic.received += count
    this.#delivering = true
    try {
      this.#deliver(this.#batch(emptied, count))
    } finally {
      this.#delivering = false
      Atomics.store(this.#words, WORD.inEmptied, (emptied + count) | 0)
      const wanted = Atomics.exchange(this.#words, WORD.inWanted, 0) === 1
      if (!this.#publish() && wanted) this.#line.wakeIo()
    }
  }

  #batch(emptied: number, count: number): readonly Datagram[] {
    const slots = this.#in
    const link = this.#link.name
    const batch: Datagram[] = []
    for (let i = 0; i < count; i++) {
      const slot = (emptied + i) & (slots.count - 1)
      const from = { address: slots.address(slot), port: slots.port(slot) }
      batch.push({ bytes: slots.bytes(slot), from, link, at: this.#times[slot]! as Instant })
    }
    return batch
  }

  /** Replies that a store held up come many at a time, too: they leave together as soon as the code that sends them is through. */
  #leaveSoon(): void {
    this.#leaving = true
    queueMicrotask(() => {
      this.#leaving = false
      this.#publish()
    })
  }

  /** Lets the I/O thread see what is to be sent; false if that is nothing new. */
  #publish(): boolean {
    if (this.#words[WORD.outFilled] === this.#end) return false
    Atomics.store(this.#words, WORD.outFilled, this.#end)
    this.#line.wakeIo()
    return true
  }

  /** Who is faster than the network waits for it, once: a full send buffer may stay full. */
  #hasRoom(): boolean {
    if (this.#waiting() < this.#out.count) return true
    this.#publish()
    if (this.#waitedAt === this.#end) return false
    this.#waitedAt = this.#end
    const emptied = Atomics.load(this.#words, WORD.outEmptied)
    Atomics.store(this.#words, WORD.outWanted, 1)
    if (this.#waiting() === this.#out.count) Atomics.wait(this.#words, WORD.outEmptied, emptied, ROOM_MS)
    return this.#waiting() < this.#out.count
  }

  #waiting(): number {
    return (this.#end - Atomics.load(this.#words, WORD.outEmptied)) | 0
  }

  #overflow(address: Ipv4Address, port: number): void {
    this.#overflowed++
    this.#complaints.warn('not sent', 'the send buffer is full', () => ({ to: `${formatIpv4(address)}:${port}` }))
  }

  #look(): void {
    this.#interface.look()
    this.countDrops()
    this.#complain()
  }

  /** Whatever the I/O thread has met since the last look. */
  #complain(): void {
    const words = this.#words
    const dropped = this.traffic.dropped - this.#complained.dropped
    const unsent = words[WORD.unsent]! - this.#complained.unsent
    this.#complained = { dropped: this.traffic.dropped, unsent: words[WORD.unsent]! }
    if (dropped > 0)
      this.#complaints.warn('the kernel dropped datagrams', 'they came faster than they were read', () => ({ dropped }))
    if (unsent > 0) {
      const to = `${formatIpv4((words[WORD.sendAddress]! >>> 0) as Ipv4Address)}:${words[WORD.sendPort]}`
      this.#complaints.warn('not sent', errnoName(words[WORD.sendErrno]!), () => ({ to, datagrams: unsent }))
    }
    const receiveErrno = Atomics.exchange(words, WORD.receiveErrno, 0)
    if (receiveErrno !== 0) this.#complaints.warn('cannot receive', errnoName(receiveErrno))
    const neighbourErrno = Atomics.exchange(words, WORD.neighbourErrno, 0)
    if (neighbourErrno !== 0) this.#unreachable(errnoName(neighbourErrno))
  }
}
