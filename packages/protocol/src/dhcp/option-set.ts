/** The options of a message: values by code. */
export interface Options extends Iterable<[code: number, value: Uint8Array]> {
  readonly size: number
  get(code: number): Uint8Array | undefined
  has(code: number): boolean
  keys(): Iterable<number>
}

const RELAY_AGENT_INFORMATION = 82
/** Octets of a value in one instance of an option (RFC 3396 §5). */
export const LONGEST = 255

/**
 * Options in the order in which they are written: codes ascending, so that 1 comes before 3 (RFC 2132 §3.3), and the relay agent's
 * option last (RFC 3046 §2.2).
 *
 * Two short arrays instead of a Map, because every reply fills one: a dozen entries cost a fifth of what they cost in a Map, and come
 * out sorted.
 */
export class OptionSet implements Options {
  // Not `#`: a test that compares two messages has to see them.
  private readonly codes: number[]
  private readonly values: Uint8Array[]
  private length: number

  private constructor(codes: number[], values: Uint8Array[], wireLength: number) {
    this.codes = codes
    this.values = values
    this.length = wireLength
  }

  /** RangeError for a number that is no option code. */
  static of(options: Iterable<readonly [code: number, value: Uint8Array]> = []): OptionSet {
    if (options instanceof OptionSet) return options.copy()
    const set = new OptionSet([], [], 0)
    for (const [code, value] of options) set.set(code, value)
    return set
  }

  static empty(): OptionSet {
    return new OptionSet([], [], 0)
  }

  copy(): OptionSet {
    return new OptionSet(this.codes.slice(), this.values.slice(), this.length)
  }

  get size(): number {
    return this.codes.length
  }

  /** Octets of all options with their headers. */
  get wireLength(): number {
    return this.length
  }

  has(code: number): boolean {
    return this.#find(code) >= 0
  }

  get(code: number): Uint8Array | undefined {
    const at = this.#find(code)
    return at < 0 ? undefined : this.values[at]
  }

  /** RangeError for a number that is no option code. */
  set(code: number, value: Uint8Array): this {
    const codes = this.codes
    const values = this.values
    // Most are set in order.
    let at = codes.length
    if (at > 0 && rank(codes[at - 1]!) >= rank(code)) {
      at = this.#find(code)
      if (at >= 0) {
        this.length += lengthOnWire(value) - lengthOnWire(values[at]!)
        values[at] = value
        return this
      }
      at = ~at
    }
    if (!Number.isInteger(code) || code < 0 || code > 255) throw new RangeError(`${code} is not a DHCP option code`)
    // A loop, because arrays this short are moved faster than `splice` is called.
    for (let i = codes.length; i > at; i--) {
      codes[i] = codes[i - 1]!
      values[i] = values[i - 1]!
    }
    codes[at] = code
    values[at] = value
    this.length += lengthOnWire(value)
    return this
  }

  /** False when there was none. */
  delete(code: number): boolean {
    const at = this.#find(code)
    if (at < 0) return false
    this.length -= lengthOnWire(this.values[at]!)
    this.codes.splice(at, 1)
    this.values.splice(at, 1)
    return true
  }

  /** In the order of writing, without the cost of an iterator; `index` from 0 to below `size`. */
  codeAt(index: number): number {
    return this.codes[index]!
  }

  valueAt(index: number): Uint8Array {
    return this.values[index]!
  }

  keys(): Iterable<number> {
    return this.codes.values()
  }

  *[Symbol.iterator](): Generator<[code: number, value: Uint8Array]> {
    for (let index = 0; index < this.size; index++) yield [this.codes[index]!, this.values[index]!]
  }

  /** Where the code is, or ~ where it belongs. */
  #find(code: number): number {
    const codes = this.codes
    const wanted = rank(code)
    let from = 0
    let to = codes.length
    while (from < to) {
      const middle = (from + to) >> 1
      const there = rank(codes[middle]!)
      if (there === wanted) return middle
      if (there < wanted) from = middle + 1
      else to = middle
    }
    return ~from
  }
}

function rank(code: number): number {
  return code === RELAY_AGENT_INFORMATION ? 256 : code
}

/** Octets of a value with its headers: one `code length` for each 255 octets begun, one for an empty value. */
export function lengthOnWire(value: Uint8Array): number {
  return value.length <= LONGEST ? value.length + 2 : value.length + 2 * Math.ceil(value.length / LONGEST)
}
