import type { Ipv4Address } from '@reboots/protocol/net'
import { AF_INET, SOCKADDR_LENGTH } from './structs.ts'

/** Where the fields are that change from batch to batch: `struct mmsghdr` and `struct iovec` as this machine lays them out. */
export interface SlotLayout {
  readonly headerSize: number
  readonly vectorSize: number
  /** Offset of `msg_len` in a header: octets received. */
  readonly received: number
  /** Offset of `iov_len` in a vector: octets to send, or room to receive. */
  readonly length: number
  /** Writes one header with its vector. Pointers are addresses. */
  write(memory: Uint8Array, header: number, vector: number, pointers: SlotPointers, room: number): void
  /** Octets of the control message that tells the length of the datagrams of a run. */
  readonly controlSize: number
  writeSegmentSize(memory: Uint8Array, control: number, octets: number): void
  /** Writes a header over so many vectors; without `control` it is an ordinary message. */
  writeRun(memory: Uint8Array, header: number, at: RunPointers, vectors: number, control: bigint | null): void
  addressOf(memory: Uint8Array): bigint
}

export interface RunPointers {
  readonly vector: bigint
  readonly name: bigint
}

export interface SlotPointers extends RunPointers {
  readonly octets: bigint
}

/** The largest payload that UDP over IPv4 can have is 65507 octets. Pages that no datagram has reached take no memory. */
const ROOM = 65_536

/**
 * Where datagrams come from and go to, for recvmmsg(2) and sendmmsg(2); allocated once, used for ever. With shared memory another thread
 * can have the same ones: the octets themselves are only its kernel's business.
 *
 *     control   | mmsghdr 0 | mmsghdr 1 | … | iovec 0 | iovec 1 | … | sockaddr_in 0 | sockaddr_in 1 | …
 *                  │ name, iov ────────────────▶ │ base ──┐             ▲
 *     octets    | datagram 0 | datagram 1 | …  ◀──────────┘             └ where from, where to
 */
export class SlotHeaders {
  readonly count: number
  readonly control: ArrayBuffer | SharedArrayBuffer
  protected readonly view: DataView
  /** Offsets in `control`. */
  protected readonly vectors: number
  protected readonly names: number
  protected readonly lengths: number
  protected readonly vectorSize: number
  readonly #at: bigint
  readonly #size: number

  constructor(count: number, layout: SlotLayout, control: ArrayBuffer | SharedArrayBuffer) {
    this.count = count
    this.control = control
    this.view = new DataView(control)
    this.vectors = count * layout.headerSize
    this.names = this.vectors + count * layout.vectorSize
    this.lengths = this.vectors + layout.length
    this.vectorSize = layout.vectorSize
    this.#at = layout.addressOf(new Uint8Array(control))
    this.#size = layout.headerSize
  }

  /** Address of the header of a slot. */
  headerOf(slot: number): bigint {
    return slot === 0 ? this.#at : this.#at + BigInt(slot * this.#size)
  }

  /** Where its vector and its address are; those of the slots behind it follow. */
  pointersTo(slot: number): RunPointers {
    return {
      vector: this.#at + BigInt(this.vectors + slot * this.vectorSize),
      name: this.#at + BigInt(this.names + slot * SOCKADDR_LENGTH),
    }
  }

  /** Octets to send. */
  length(slot: number): number {
    return this.view.getUint32(this.lengths + slot * this.vectorSize, true)
  }

  address(slot: number): Ipv4Address {
    return this.view.getUint32(this.names + slot * SOCKADDR_LENGTH + 4) as Ipv4Address
  }

  port(slot: number): number {
    return this.view.getUint16(this.names + slot * SOCKADDR_LENGTH + 2)
  }

  /** Another address to send to. */
  readdress(slot: number, address: Ipv4Address): void {
    this.view.setUint32(this.names + slot * SOCKADDR_LENGTH + 4, address)
  }
}

/** Octets of `control` for so many slots. */
function controlLength(count: number, layout: SlotLayout): number {
  return count * (layout.headerSize + layout.vectorSize + SOCKADDR_LENGTH)
}

/** A batch of datagrams, or a ring of them. */
export class DatagramSlots extends SlotHeaders {
  readonly #octets: Uint8Array
  /** A slot that gets datagrams of one length again and again hands out one view of them. */
  readonly #views: Uint8Array[]
  readonly #headerSize: number
  readonly #received: number

  constructor(
    count: number,
    layout: SlotLayout,
    Control: ArrayBufferConstructor | SharedArrayBufferConstructor = ArrayBuffer,
  ) {
    super(count, layout, new Control(controlLength(count, layout)))
    const octets = new ArrayBuffer(count * ROOM)
    this.#octets = new Uint8Array(octets)
    this.#headerSize = layout.headerSize
    this.#received = layout.received
    this.#views = Array.from({ length: count }, (_, slot) => new Uint8Array(octets, slot * ROOM, 0))
    this.#link(layout)
  }

  /** Headers that point to their vectors and names, vectors that point to their octets. */
  #link(layout: SlotLayout): void {
    const control = new Uint8Array(this.control)
    const octetsAt = layout.addressOf(this.#octets)
    for (let slot = 0; slot < this.count; slot++) {
      const vector = this.vectors + slot * layout.vectorSize
      const name = this.names + slot * SOCKADDR_LENGTH
      const pointers = { ...this.pointersTo(slot), octets: octetsAt + BigInt(slot * ROOM) }
      layout.write(control, slot * layout.headerSize, vector, pointers, ROOM)
      new Uint16Array(this.control, name, 1)[0] = AF_INET
    }
  }

  /** The datagram received in a slot: a view, good until the slot is used again. */
  bytes(slot: number): Uint8Array {
    const length = this.view.getUint32(slot * this.#headerSize + this.#received, true)
    const last = this.#views[slot]!
    if (last.length === length) return last
    return (this.#views[slot] = new Uint8Array(this.#octets.buffer, slot * ROOM, length))
  }

  /** Puts a datagram into a slot, to be sent. RangeError when it is longer than any datagram can be. */
  put(slot: number, bytes: Uint8Array, address: Ipv4Address, port: number): void {
    if (bytes.length > ROOM) throw new RangeError(`${bytes.length} octets are no datagram`)
    const name = this.names + slot * SOCKADDR_LENGTH
    this.view.setUint16(name + 2, port)
    this.view.setUint32(name + 4, address)
    this.view.setUint32(this.lengths + slot * this.vectorSize, bytes.length, true)
    this.#octets.set(bytes, slot * ROOM)
  }
}
