import type { Instant } from '../net/index.ts'
import { decodePacket } from './decode.ts'
import { encodePacket } from './encode.ts'
import type { TftpPacket } from './packet.ts'
import type { ReadTransfer, Step, TransferEnd } from './read-transfer.ts'

/** What a link does to datagrams; probabilities from 0 to 1, delays in milliseconds. */
export interface Impairment {
  readonly seed: number
  readonly loss: number
  readonly duplication: number
  readonly reorder: number
  readonly delay: number
}

export interface Outcome {
  readonly received: Uint8Array
  readonly end: TransferEnd | undefined
  /** DATA packets that left the server. */
  readonly dataSent: number
  /** Virtual milliseconds from the request to the end of the transfer. */
  readonly took: number
}

/** Mulberry32: a small generator whose every run can be repeated from its seed. */
export function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

interface Event {
  readonly at: number
  readonly run: () => void
}

/**
 * A read request over an impaired link, in virtual time. The client is written from RFC 7440 alone: it acknowledges a full
 * window, the last block, and every block that is not the one it waits for (as EDK2 does); after a second of silence it says
 * again what it has, and it lingers after the last block (RFC 1350 §6).
 */
export class LossyLink {
  readonly #random: () => number
  readonly #impairment: Impairment
  /** What is on the wire: never more than a window and the answers to it, so the soonest is found by looking at all. */
  readonly #events: Event[] = []
  #now = 1_000_000
  readonly #transfer: ReadTransfer
  readonly #windowsize: number
  readonly #blksize: number
  readonly #chunks: Uint8Array[] = []
  #expected = 1
  #inWindow = 0
  #clientDone = false
  #lastHeard = 0
  #wakeAt: number | undefined
  #end: TransferEnd | undefined
  #dataSent = 0

  constructor(transfer: ReadTransfer, use: { blksize: number; windowsize: number }, impairment: Impairment) {
    this.#transfer = transfer
    this.#windowsize = use.windowsize
    this.#blksize = use.blksize
    this.#impairment = impairment
    this.#random = generator(impairment.seed)
  }

  run(): Outcome {
    const began = this.#now
    this.#apply(this.#transfer.start(this.#now as Instant))
    this.#watch()
    for (let turns = 0; this.#end === undefined && turns < 5_000_000; turns++) this.#step()
    return { received: concat(this.#chunks), end: this.#end, dataSent: this.#dataSent, took: this.#now - began }
  }

  /** What is next: a packet that arrives, or the instant at which the server wants to be woken. */
  #step(): void {
    const next = this.#soonest()
    const wakeAt = this.#wakeAt
    if (wakeAt !== undefined && wakeAt < this.#events[next]!.at) {
      this.#now = Math.max(wakeAt, this.#now)
      this.#apply(this.#transfer.wake(this.#now as Instant))
      return
    }
    const [event] = this.#events.splice(next, 1)
    this.#now = event!.at
    event!.run()
  }

  /** Of two at one time the one that was sent first. The client's watch is always there. */
  #soonest(): number {
    let best = 0
    for (let i = 1; i < this.#events.length; i++) if (this.#events[i]!.at < this.#events[best]!.at) best = i
    return best
  }

  #schedule(after: number, run: () => void): void {
    this.#events.push({ at: this.#now + after, run })
  }

  /** Over the wire and back into a packet, so that what is sent is what can be sent. */
  #carry(packet: TftpPacket, arrive: (packet: TftpPacket) => void): void {
    const { loss, duplication, reorder, delay } = this.#impairment
    const bytes = encodePacket(packet).slice()
    const copies = this.#random() < duplication ? 2 : 1
    for (let i = 0; i < copies; i++) {
      if (this.#random() < loss) continue
      const late = this.#random() < reorder ? this.#random() * 3 * delay : 0
      this.#schedule(delay + late, () => arrive(decodePacket(bytes)))
    }
  }

  #apply(step: Step): void {
    this.#end ??= step.end
    for (const packet of step.send) {
      if (packet.op === 'data') this.#dataSent++
      this.#carry(packet, (arrived) => this.#atClient(arrived))
    }
    this.#wakeAt = step.wakeAt
  }

  #acknowledge(block: number): void {
    this.#inWindow = 0
    this.#carry({ op: 'ack', block: block & 0xffff }, (arrived) =>
      this.#apply(this.#transfer.receive(arrived, this.#now as Instant)),
    )
  }

  #atClient(packet: TftpPacket): void {
    this.#lastHeard = this.#now
    if (packet.op === 'oack' && this.#expected === 1) this.#acknowledge(0)
    if (packet.op !== 'data') return
    if (packet.block !== (this.#expected & 0xffff) || this.#clientDone) return this.#acknowledge(this.#expected - 1)
    this.#chunks.push(packet.data.slice())
    this.#expected++
    this.#inWindow++
    this.#clientDone = packet.data.length < this.#blksize
    if (this.#clientDone || this.#inWindow === this.#windowsize) this.#acknowledge(this.#expected - 1)
  }

  #watch(): void {
    this.#schedule(1000, () => {
      if (this.#now - this.#lastHeard >= 1000 && this.#expected > 1) this.#acknowledge(this.#expected - 1)
      this.#watch()
    })
  }
}

function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.length
  }
  return all
}
