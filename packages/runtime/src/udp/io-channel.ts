import { constants } from 'node:os'
import { LIMITED_BROADCAST, type Instant, type Ipv4Address } from '@reboots/protocol/net'
import { now } from '../clock.ts'
import { IN_SLOTS, OUT_SLOTS, WORD, type ChannelMemory } from './channel.ts'
import type { Native } from './native.ts'
import { Neighbours } from './neighbours.ts'
import type { SlotHeaders } from './slots.ts'

/** Most datagrams moved by one call, so that sending and receiving take turns. */
const BATCH = 64
/** How long a socket that failed is left alone: it would be ready all the time. */
const REST_MS = 1000
const { EAGAIN, EINTR, EIO } = constants.errno

/** One socket as the I/O thread sees it. */
export class IoChannel {
  readonly fd: number
  readonly #native: Native
  readonly #link: string
  readonly #words: Int32Array
  readonly #in: SlotHeaders
  readonly #times: Float64Array
  readonly #out: SlotHeaders
  readonly #macs: Uint8Array
  readonly #neighbours: Neighbours
  #blocked = false
  #restsUntil = 0

  constructor(native: Native, memory: ChannelMemory) {
    this.fd = memory.fd
    this.#native = native
    this.#link = memory.link
    this.#words = new Int32Array(memory.words)
    this.#in = native.slotsAt(IN_SLOTS, memory.in)
    this.#times = new Float64Array(memory.times)
    this.#out = native.slotsAt(OUT_SLOTS, memory.out)
    this.#macs = new Uint8Array(memory.macs)
    this.#neighbours = new Neighbours((address, mac) => native.setNeighbour(this.fd, this.#link, address, mac))
  }

  /** What this socket waits for. */
  get wantsToRead(): boolean {
    return !this.#blocked && this.#room() > 0 && now() >= this.#restsUntil
  }

  get wantsToWrite(): boolean {
    return this.#blocked
  }

  /** Whether there is something to send that the kernel may have room for. */
  get hasToSend(): boolean {
    return !this.#blocked && this.#waiting() > 0
  }

  unblock(): void {
    this.#blocked = false
  }

  forgetNeighbours(): void {
    this.#neighbours.forgetAll()
  }

  /** Nothing is read until the rest is over. */
  rest(errno = EIO): void {
    this.#restsUntil = now() + REST_MS
    this.#words[WORD.receiveErrno] = errno
  }

  #room(): number {
    const used = (this.#words[WORD.inFilled]! - Atomics.load(this.#words, WORD.inEmptied)) | 0
    if (used < this.#in.count) return this.#in.count - used
    Atomics.store(this.#words, WORD.inWanted, 1)
    return this.#in.count - ((this.#words[WORD.inFilled]! - Atomics.load(this.#words, WORD.inEmptied)) | 0)
  }

  #waiting(): number {
    return (Atomics.load(this.#words, WORD.outFilled) - this.#words[WORD.outEmptied]!) | 0
  }

  /** Reads what there is, as far as there is room; how many datagrams. With a full send buffer nothing is read. */
  receive(): number {
    const at = now()
    if (this.#blocked || at < this.#restsUntil) return 0
    const filled = this.#words[WORD.inFilled]!
    const first = filled & (this.#in.count - 1)
    const most = Math.min(this.#room(), this.#in.count - first, BATCH)
    if (most === 0) return 0
    const count = this.#native.receive(this.fd, this.#in, first, most)
    if (count < 0) {
      if (count !== -EAGAIN && count !== -EINTR) this.rest(-count)
      return 0
    }
    this.#times.fill(at, first, first + count)
    Atomics.store(this.#words, WORD.inFilled, (filled + count) | 0)
    return count
  }

  /** Sends what waits, in order, up to a batch; how many datagrams are through, one way or the other. */
  send(): number {
    const emptied = this.#words[WORD.outEmptied]!
    const first = emptied & (this.#out.count - 1)
    const most = Math.min(this.#waiting(), this.#out.count - first, BATCH)
    if (most === 0 || this.#blocked) return 0
    const count = this.#reachable(first, most)
    const sent = this.#native.send(this.fd, this.#out, first, count)
    let through = sent
    if (sent > 0) {
      this.#words[WORD.sent]! += sent
    } else if (sent === -EAGAIN) {
      this.#blocked = true
      return 0
    } else if (sent === -EINTR) {
      return 0
    } else {
      through = 1
      this.#unsent(first, -sent)
    }
    Atomics.store(this.#words, WORD.outEmptied, (emptied + through) | 0)
    if (Atomics.exchange(this.#words, WORD.outWanted, 0) === 1) Atomics.notify(this.#words, WORD.outEmptied)
    return through
  }

  /** Sends everything that the kernel has room for. */
  sendAll(): void {
    while (this.hasToSend) this.send()
  }

  #unsent(slot: number, errno: number): void {
    this.#words[WORD.sendErrno] = errno
    this.#words[WORD.sendAddress] = this.#out.address(slot)
    this.#words[WORD.sendPort] = this.#out.port(slot)
    this.#words[WORD.unsent]!++
  }

  /** Tells the kernel where the next datagrams go that have no address yet; up to one whose address has another MAC among them. */
  #reachable(first: number, most: number): number {
    const at = now()
    for (let i = 0; i < most; i++) {
      const slot = first + i
      if (this.#macs[slot * 8] === 0) continue
      const address = this.#out.address(slot)
      const mac = this.#macs.subarray(slot * 8 + 1, slot * 8 + 7)
      if (i > 0 && this.#neighbours.wouldMove(address, mac)) return i
      this.#reach(slot, address, mac, at)
    }
    return most
  }

  /** Every client listens for broadcasts as long as it has no address, so that is what remains when its MAC cannot be addressed. */
  #reach(slot: number, address: Ipv4Address, mac: Uint8Array, at: Instant): void {
    this.#macs[slot * 8] = 0
    try {
      this.#neighbours.reach(address, mac, at)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      this.#words[WORD.neighbourErrno] = constants.errno[code as 'EPERM'] ?? EIO
      this.#out.readdress(slot, LIMITED_BROADCAST)
    }
  }
}
