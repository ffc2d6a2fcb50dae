import type { Socket } from 'node:dgram'
import type { Instant } from '@reboots/protocol/net'
import { DecodeError } from '@reboots/protocol/bytes'
import {
  decodePacket,
  encodePacket,
  TFTP_ERRORS,
  type ReadTransfer,
  type Step,
  type TftpPacket,
  type TransferEnd,
} from '@reboots/protocol/tftp'
import type { LoadableContent } from '../ports.ts'
import { steadyNow, type Peer } from './udp.ts'

/** Why a packet on a transfer's port was not the transfer's. */
export type Stray = 'foreign-tid' | 'malformed'

export interface TransferEnded {
  readonly end: TransferEnd
  /** Milliseconds from the request to the end. */
  readonly took: number
  /** What the client, the disk or the network said, when the end is not a good one. */
  readonly why?: string
}

export interface TransferOptions {
  /** Bound to a port of its own (RFC 1350 §4: the server's TID); closed at the end. */
  readonly socket: Socket
  readonly peer: Peer
  readonly transfer: ReadTransfer
  readonly content: LoadableContent
  onStray(reason: Stray): void
}

const UNKNOWN_TID = encodePacket({
  op: 'error',
  code: TFTP_ERRORS.unknownTransferId.code,
  message: 'Unknown transfer ID',
})

/** One transfer on one socket: does what the machine's steps say, until its end. */
export class TransferRun {
  readonly #options: TransferOptions
  readonly #startedAt = steadyNow()
  #heardAt = this.#startedAt
  #timer: NodeJS.Timeout | undefined
  #firesAt = Number.POSITIVE_INFINITY
  #wakeAt: Instant | undefined
  #loading = false
  #why: string | undefined
  #ended = false
  readonly ended: Promise<TransferEnded>
  #resolve: (ended: TransferEnded) => void

  constructor(options: TransferOptions) {
    this.#options = options
    const { promise, resolve } = Promise.withResolvers<TransferEnded>()
    this.ended = promise
    this.#resolve = resolve
    options.socket.on('message', (bytes, from) => this.#receive(bytes, from))
    this.#apply(options.transfer.start(this.#startedAt))
  }

  /** Milliseconds since the client was last heard. */
  get silentFor(): number {
    return steadyNow() - this.#heardAt
  }

  /** Ends it without a word to the client, who is busy with another transfer by now. */
  abandon(why: string): void {
    this.#finish('aborted', why)
  }

  /** Ends it and tells the client. */
  fail(why: string, message: string): void {
    this.#why = why
    this.#apply(this.#options.transfer.fail(TFTP_ERRORS.notDefined.code, message))
  }

  #receive(bytes: Uint8Array, from: Peer): void {
    const packet = readable(bytes)
    if (packet === undefined) return this.#options.onStray('malformed')
    const { peer, socket, transfer } = this.#options
    if (from.port !== peer.port || from.address !== peer.address) {
      // RFC 1350 §4: the stranger is told, the transfer goes on. An ERROR is never answered with an ERROR.
      if (packet.op !== 'error' && from.port !== 0) socket.send(UNKNOWN_TID, from.port, from.address, () => {})
      return this.#options.onStray('foreign-tid')
    }
    this.#heardAt = steadyNow()
    if (packet.op === 'error') this.#why = `client: ${packet.code} ${packet.message}`
    this.#apply(transfer.receive(packet, this.#heardAt))
  }

  #apply(step: Step): void {
    if (this.#ended) return
    for (const packet of step.send) this.#send(packet)
    if (step.end !== undefined) return this.#finish(step.end, this.#why)
    this.#wakeAt = step.wakeAt
    this.#arm()
    if (step.waiting === true && !this.#loading) void this.#load()
  }

  #send(packet: TftpPacket): void {
    const { socket, peer } = this.#options
    socket.send(encodePacket(packet), peer.port, peer.address, (error) => {
      if (error !== null) this.#why = error.message
    })
  }

  async #load(): Promise<void> {
    const { transfer, content } = this.#options
    this.#loading = true
    try {
      await content.load()
    } catch (error) {
      return this.fail((error as Error).message, 'The file can no longer be read')
    } finally {
      this.#loading = false
    }
    this.#apply(transfer.resume(steadyNow()))
  }

  /** A deadline that moves further off with every ACK does not touch the timer: it is looked at again when the timer fires. */
  #arm(): void {
    if (this.#wakeAt === undefined || this.#firesAt <= this.#wakeAt) return
    clearTimeout(this.#timer)
    this.#firesAt = this.#wakeAt
    this.#timer = setTimeout(() => this.#fire(), Math.max(0, this.#wakeAt - steadyNow()))
  }

  #fire(): void {
    this.#firesAt = Number.POSITIVE_INFINITY
    if (this.#wakeAt === undefined) return
    this.#apply(this.#options.transfer.wake(steadyNow()))
  }

  #finish(end: TransferEnd, why: string | undefined): void {
    if (this.#ended) return
    this.#ended = true
    clearTimeout(this.#timer)
    const { socket } = this.#options
    // Behind what has been handed to the socket before.
    setImmediate(() => socket.close())
    const good = end === 'complete' || end === 'probe'
    const took = steadyNow() - this.#startedAt
    this.#resolve({ end, took, ...(!good && why !== undefined && { why }) })
  }
}

function readable(bytes: Uint8Array): TftpPacket | undefined {
  try {
    return decodePacket(bytes)
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}
