import { DecodeError } from './decode-error.ts'

/** A cursor over octets. A read returns exactly what was asked for, or throws DecodeError('truncated'). */
export class ByteReader {
  readonly #bytes: Uint8Array
  #offset: number

  constructor(bytes: Uint8Array, offset = 0) {
    this.#bytes = bytes
    this.#offset = offset
  }

  get offset(): number {
    return this.#offset
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset
  }

  u8(): number {
    return this.#bytes[this.#advance(1)]!
  }

  u16(): number {
    const at = this.#advance(2)
    return (this.#bytes[at]! << 8) | this.#bytes[at + 1]!
  }

  u32(): number {
    const at = this.#advance(4)
    const bytes = this.#bytes
    return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  }

  /** The next `length` octets as a view, not a copy. */
  take(length: number): Uint8Array {
    const at = this.#advance(length)
    return this.#bytes.subarray(at, at + length)
  }

  #advance(length: number): number {
    const at = this.#offset
    // A length that was computed from the peer's octets may be negative: as short a read as one past the end.
    if (!(length >= 0 && length <= this.#bytes.length - at)) throw new DecodeError('truncated', at)
    this.#offset = at + length
    return at
  }
}
