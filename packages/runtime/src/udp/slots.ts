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
  write(memory: ArrayBuffer, header: number, vector: number, pointers: SlotPointers, room: number): void
  addressOf(memory: ArrayBuffer): bigint
}

export interface SlotPointers {
  readonly vector: bigint
  readonly name: bigint
  readonly octets: bigint
}

/** The largest payload that UDP over IPv4 can have is 65507 octets. Pages that no datagram has reached take no memory. */
const ROOM = 65_536

/**
 * Memory for a batch of datagrams that recvmmsg(2) fills and sendmmsg(2) empties; allocated once, used for ever.
 *
 *     control   | mmsghdr 0 | mmsghdr 1 | … | iovec 0 | iovec 1 | … | sockaddr_in 0 | sockaddr_in 1 | …
 *                  │ name, iov ────────────────▶ │ base ──┐             ▲
 *     octets    | datagram 0 | datagram 1 | …  ◀──────────┘             └ where from, where to
 */
export class DatagramSlots {
  readonly count: number
  /** Address of the first header. */
  readonly headers: bigint
  readonly #headerSize: number
  readonly #view: DataView
  readonly #octets: Uint8Array
  /** A slot that gets datagrams of one length again and again hands out one view of them. */
  readonly #views: Uint8Array[]
  readonly #received: number
  readonly #lengths: number
  readonly #vectorSize: number
  readonly #names: number

  constructor(count: number, layout: SlotLayout) {
    const vectors = count * layout.headerSize
    const names = vectors + count * layout.vectorSize
    const control = new ArrayBuffer(names + count * SOCKADDR_LENGTH)
    const octets = new ArrayBuffer(count * ROOM)
    const [controlAt, octetsAt] = [layout.addressOf(control), layout.addressOf(octets)]
    this.count = count
    this.headers = controlAt
    this.#headerSize = layout.headerSize
    this.#vectorSize = layout.vectorSize
    this.#view = new DataView(control)
    this.#octets = new Uint8Array(octets)
    this.#received = layout.received
    this.#lengths = vectors + layout.length
    this.#names = names
    this.#views = Array.from({ length: count }, (_, slot) => new Uint8Array(octets, slot * ROOM, 0))
    for (let slot = 0; slot < count; slot++) {
      const vector = vectors + slot * layout.vectorSize
      const name = names + slot * SOCKADDR_LENGTH
      const pointers = {
        vector: controlAt + BigInt(vector),
        name: controlAt + BigInt(name),
        octets: octetsAt + BigInt(slot * ROOM),
      }
      layout.write(control, slot * layout.headerSize, vector, pointers, ROOM)
      new Uint16Array(control, name, 1)[0] = AF_INET
    }
  }

  /** Address of the header of a slot. */
  headerOf(slot: number): bigint {
    return slot === 0 ? this.headers : this.headers + BigInt(slot * this.#headerSize)
  }

  /** The datagram received in a slot: a view, good until the slot is used again. */
  bytes(slot: number): Uint8Array {
    const length = this.#view.getUint32(slot * this.#headerSize + this.#received, true)
    const last = this.#views[slot]!
    if (last.length === length) return last
    return (this.#views[slot] = new Uint8Array(this.#octets.buffer, slot * ROOM, length))
  }

  address(slot: number): Ipv4Address {
    return this.#view.getUint32(this.#names + slot * SOCKADDR_LENGTH + 4) as Ipv4Address
  }

  port(slot: number): number {
    return this.#view.getUint16(this.#names + slot * SOCKADDR_LENGTH + 2)
  }

  /** Puts a datagram into a slot, to be sent. RangeError when it is longer than any datagram can be. */
  put(slot: number, bytes: Uint8Array, address: Ipv4Address, port: number): void {
    if (bytes.length > ROOM) throw new RangeError(`${bytes.length} octets are no datagram`)
    const name = this.#names + slot * SOCKADDR_LENGTH
    this.#view.setUint16(name + 2, port)
    this.#view.setUint32(name + 4, address)
    this.#view.setUint32(this.#lengths + slot * this.#vectorSize, bytes.length, true)
    this.#octets.set(bytes, slot * ROOM)
  }
}
