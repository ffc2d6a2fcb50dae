import type { Instant } from '../net/index.ts'
import type { Content } from './content.ts'
import type { Negotiated } from './negotiate.ts'
import type { TftpPacket } from './packet.ts'
import { DEFAULT_RETRY, RetransmissionTimer, type RetryPolicy } from './retransmission.ts'

/**
 * How a transfer ended. A closed set: it is a metric label.
 * - `complete`: the last block was acknowledged
 * - `probe`: the client only wanted to know the size (firmware asks for `tsize`, then sends an ERROR instead of ACK 0)
 * - `aborted`: the client sent an ERROR
 * - `timed-out`: the client fell silent
 * - `failed`: this side gave up, see `fail`
 */
export type TransferEnd = 'complete' | 'probe' | 'aborted' | 'timed-out' | 'failed'

/** Everything that follows from one event. */
export interface Step {
  /** To be sent in this order. DATA packets hold views of the content: encode them before anything else happens. */
  readonly send: readonly TftpPacket[]
  /** Call `wake` then; replaces any earlier wish. */
  readonly wakeAt?: Instant
  /** The content had no octets in memory for the next block: call `resume` when it has. */
  readonly waiting?: true
  readonly end?: TransferEnd
}

/**
 * The server's side of one read request (RFC 1350 §2, 2347, 7440), without a socket and without a clock: each call is an event
 * and returns everything that follows from it. Only packets of the client's own TID may be handed in.
 *
 * Blocks are counted from 1 without wrapping; only the wire has 16 bits of them. The OACK is block 0, since ACK 0 answers it.
 *
 * ```
 *              acknowledged       next (to be sent)   limit
 *                    v                  v               v
 *   … sent and acked | sent, in flight  |  free window  |
 * ```
 *
 * - An ACK inside the window moves the window to right behind it, and everything in it is sent (RFC 7440 §4), also what had been sent before.
 * - An ACK for what is acknowledged already sends nothing: answering it is the Sorcerer's Apprentice bug (RFC 1123 §4.2.3.1).
 * - Silence sends the window again, with growing waits and a bounded number of times.
 * - A block shorter than blksize is the last, so a content of n × blksize octets ends with an empty block (RFC 1350 §6).
 */
export class ReadTransfer {
  readonly #content: Content
  readonly #blksize: number
  readonly #windowsize: number
  readonly #oack: ReadonlyMap<string, string>
  readonly #timer: RetransmissionTimer
  /** Last block the client has acknowledged; -1 while an OACK waits for ACK 0. */
  #acknowledged: number
  /** The next block to send in this window. */
  #next: number
  /** Highest block ever sent. */
  #highest = -1
  #last = Number.POSITIVE_INFINITY
  #lastLength = 0
  /** When the window was sent, as long as nothing in it has been sent twice: the start of a round trip. */
  #sentAt: Instant | undefined
  /** When a window was last sent again from inside it. */
  #wentBackAt = Number.NEGATIVE_INFINITY
  #wakeAt: Instant | undefined
  #end: TransferEnd | undefined
  #resent = 0

  constructor(content: Content, negotiated: Negotiated, retry: RetryPolicy = DEFAULT_RETRY) {
    this.#content = content
    this.#blksize = negotiated.use.blksize
    this.#windowsize = negotiated.use.windowsize
    this.#oack = negotiated.oack
    this.#timer = new RetransmissionTimer(negotiated.use.timeout, negotiated.oack.has('timeout'), retry)
    this.#acknowledged = negotiated.oack.size > 0 ? -1 : 0
    this.#next = this.#acknowledged + 1
  }

  /** Packets sent more than once. */
  get retransmissions(): number {
    return this.#resent
  }

  /** Octets of content that the client has acknowledged. */
  get acknowledgedOctets(): number {
    if (this.#acknowledged < 1) return 0
    if (this.#acknowledged < this.#last) return this.#acknowledged * this.#blksize
    return (this.#last - 1) * this.#blksize + this.#lastLength
  }

  /** Whether the client has answered with an ACK: it knows this TID, so a new request from its port is not a repeated one. */
  get answered(): boolean {
    return this.#acknowledged > (this.#oack.size > 0 ? -1 : 0)
  }

  /** The request is granted: the OACK, or the first window. */
  start(now: Instant): Step {
    return this.#fill(now)
  }

  /** A packet from the client's TID. What has no meaning here (RFC 1350 §5: DATA, OACK, a request) changes nothing. */
  receive(packet: TftpPacket, now: Instant): Step {
    if (this.#end) return this.#quiet()
    if (packet.op === 'ack') return this.#receiveAck(packet.block, now)
    if (packet.op === 'error') return this.#finish(this.#isProbe(packet.code) ? 'probe' : 'aborted')
    return this.#quiet()
  }

  /** The time a step named has come. A call before it changes nothing. */
  wake(now: Instant): Step {
    if (this.#end || this.#wakeAt === undefined || now < this.#wakeAt) return this.#quiet()
    if (!this.#timer.silent()) return this.#finish('timed-out')
    this.#sentAt = undefined
    this.#next = this.#acknowledged + 1
    return this.#fill(now)
  }

  /** The content has more octets in memory than when a step was `waiting`. */
  resume(now: Instant): Step {
    return this.#end ? this.#quiet() : this.#fill(now)
  }

  /** Ends the transfer from this side and tells the client. */
  fail(code: number, message: string): Step {
    if (this.#end) return this.#quiet()
    return { ...this.#finish('failed'), send: [{ op: 'error', code, message }] }
  }

  #receiveAck(block: number, now: Instant): Step {
    // Distances are taken in 16 bits, so it does not matter how often the number has wrapped.
    const ahead = (block - this.#acknowledged) & 0xffff
    if (ahead === 0 || ahead > this.#next - 1 - this.#acknowledged) return this.#quiet()
    this.#acknowledged += ahead
    const whole = this.#acknowledged === this.#next - 1
    this.#timer.heard(whole && this.#sentAt !== undefined ? now - this.#sentAt : undefined)
    if (this.#acknowledged === this.#last) return this.#finish('complete')
    this.#sentAt = undefined
    // Within a round trip of going back, an ACK inside the window speaks of what was sent before that.
    const echo = !whole && now - this.#wentBackAt < this.#timer.roundTrip
    if (!whole && !echo) {
      this.#next = this.#acknowledged + 1
      this.#wentBackAt = now
    }
    const step = this.#fill(now)
    return echo ? this.#hurry(step, now) : step
  }

  /** Should an ACK taken for an echo have been news of a second loss, it is made good after a round trip. */
  #hurry(step: Step, now: Instant): Step {
    if (step.wakeAt === undefined) return step
    this.#wakeAt = Math.min(step.wakeAt, now + 2 * this.#timer.roundTrip) as Instant
    return { ...step, wakeAt: this.#wakeAt }
  }

  /** Firmware sends ERROR 8, older ROMs ERROR 0, once the OACK has told them the size. */
  #isProbe(code: number): boolean {
    return this.#acknowledged === -1 && this.#oack.has('tsize') && (code === 8 || code === 0)
  }

  /** Sends from `next` to the end of the window, as far as the content is in memory. */
  #fill(now: Instant): Step {
    // Nothing leaves behind an OACK before ACK 0: a spoofed request must not bring a window of DATA onto someone.
    const limit = this.#acknowledged === -1 ? 0 : Math.min(this.#acknowledged + this.#windowsize, this.#last)
    if (this.#highest < this.#acknowledged + 1) this.#sentAt = now
    const send: TftpPacket[] = []
    while (this.#next <= limit && this.#next <= this.#last) {
      const packet = this.#block(this.#next)
      if (!packet) return this.#wait(send, now)
      if (this.#next <= this.#highest) this.#resent++
      this.#highest = Math.max(this.#highest, this.#next)
      this.#next++
      send.push(packet)
    }
    this.#wakeAt = (now + this.#timer.wait) as Instant
    return { send, wakeAt: this.#wakeAt }
  }

  /** A window that could not be filled: the clock runs only if the client has something to acknowledge. */
  #wait(send: readonly TftpPacket[], now: Instant): Step {
    const inFlight = this.#next - 1 > this.#acknowledged
    this.#wakeAt = inFlight ? ((now + this.#timer.wait) as Instant) : undefined
    return { send, waiting: true, ...(this.#wakeAt !== undefined && { wakeAt: this.#wakeAt }) }
  }

  #block(number: number): TftpPacket | undefined {
    if (number === 0) return { op: 'oack', options: this.#oack }
    const data = this.#content.read((number - 1) * this.#blksize, this.#blksize)
    if (!data) return undefined
    if (data.length < this.#blksize) {
      this.#last = number
      this.#lastLength = data.length
    }
    return { op: 'data', block: number & 0xffff, data }
  }

  #finish(end: TransferEnd): Step {
    this.#end = end
    this.#wakeAt = undefined
    return { send: [], end }
  }

  #quiet(): Step {
    if (this.#end) return { send: [], end: this.#end }
    return this.#wakeAt === undefined ? { send: [] } : { send: [], wakeAt: this.#wakeAt }
  }
}
