import { DecodeError, latin1 } from '../bytes/index.ts'
import type { Ipv4Address, Seconds } from '../net/index.ts'
import { CHADDR, END, FILE, HEADER_LENGTH, MAGIC_COOKIE, OVERLOAD, PAD, SNAME, type DhcpMessage } from './message.ts'

/**
 * A datagram as a DHCP message. Option values, `chaddr` and `chaddrTail` are views of `bytes`, not copies (a value that
 * came in several instances is a copy, RFC 3396): whoever keeps them longer than the receive buffer lives copies them.
 *
 * Throws DecodeError and nothing else: `truncated` (under 240 octets), `bad-opcode` (op neither 1 nor 2),
 * `bad-hardware-address` (hlen over 16), `bad-magic-cookie` (BOOTP without options), `bad-option` (an option that runs
 * past the end of its area). The value of an option is not looked at here: a malformed one costs the option, not the packet.
 *
 * Deviation: a missing END (255) is tolerated, the options then end with the datagram. RFC 2131 §4.1 demands the
 * END of whoever writes; nothing is gained by silence towards a client that forgot it.
 */
export function decodeMessage(bytes: Uint8Array): DhcpMessage {
  if (bytes.length < HEADER_LENGTH) throw new DecodeError('truncated', bytes.length)
  const op = bytes[0]!
  if (op !== 1 && op !== 2) throw new DecodeError('bad-opcode', 0)
  const hlen = bytes[2]!
  if (hlen > CHADDR.width) throw new DecodeError('bad-hardware-address', 2)
  if (u32(bytes, 236) !== MAGIC_COOKIE) throw new DecodeError('bad-magic-cookie', 236)

  const options = new OptionReader(bytes)
  options.read(HEADER_LENGTH, bytes.length)
  const overload = options.takeOverload()
  if (overload & 1) options.read(FILE.at, FILE.at + FILE.width)
  if (overload & 2) options.read(SNAME.at, SNAME.at + SNAME.width)

  const message: DhcpMessage = {
    op: op === 1 ? 'bootrequest' : 'bootreply',
    htype: bytes[1]!,
    hops: bytes[3]!,
    xid: u32(bytes, 4),
    secs: ((bytes[8]! << 8) | bytes[9]!) as Seconds,
    flags: (bytes[10]! << 8) | bytes[11]!,
    ciaddr: u32(bytes, 12) as Ipv4Address,
    yiaddr: u32(bytes, 16) as Ipv4Address,
    siaddr: u32(bytes, 20) as Ipv4Address,
    giaddr: u32(bytes, 24) as Ipv4Address,
    chaddr: bytes.subarray(CHADDR.at, CHADDR.at + hlen),
    sname: overload & 2 ? '' : textField(bytes, SNAME.at, SNAME.width),
    file: overload & 1 ? '' : textField(bytes, FILE.at, FILE.width),
    options: options.joined(),
  }
  if (isZero(bytes, CHADDR.at + hlen, CHADDR.at + CHADDR.width)) return message
  return { ...message, chaddrTail: bytes.subarray(CHADDR.at + hlen, CHADDR.at + CHADDR.width) }
}

/**
 * Collects `code length value` triples out of up to three areas. Instances of one code are joined only once, at the
 * end: joining as they come would let a datagram full of one-octet instances cost the square of its length.
 */
class OptionReader {
  readonly #bytes: Uint8Array
  readonly #values = new Map<number, Uint8Array>()
  #repeated: Map<number, Uint8Array[]> | undefined

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  read(from: number, to: number): void {
    const bytes = this.#bytes
    let at = from
    while (at < to) {
      const code = bytes[at]!
      if (code === PAD) {
        at++
        continue
      }
      if (code === END) return
      if (at + 2 > to) throw new DecodeError('bad-option', at)
      const end = at + 2 + bytes[at + 1]!
      if (end > to) throw new DecodeError('bad-option', at)
      this.#keep(code, bytes.subarray(at + 2, end))
      at = end
    }
  }

  /**
   * The value of option 52 (RFC 2132 §9.3), 0 if there is none or it makes no sense; the option itself is forgotten.
   * One found inside an overloaded field means nothing, and is dropped by `joined`.
   */
  takeOverload(): number {
    const value = this.#values.get(OVERLOAD)
    if (value === undefined) return 0
    const overload = value.length === 1 && !this.#repeated?.has(OVERLOAD) ? value[0]! : 0
    return overload <= 3 ? overload : 0
  }

  joined(): ReadonlyMap<number, Uint8Array> {
    if (this.#repeated !== undefined) {
      for (const [code, values] of this.#repeated) this.#values.set(code, join(values))
    }
    this.#values.delete(OVERLOAD)
    return this.#values
  }

  #keep(code: number, value: Uint8Array): void {
    const first = this.#values.get(code)
    if (first === undefined) {
      this.#values.set(code, value)
      return
    }
    this.#repeated ??= new Map()
    const values = this.#repeated.get(code)
    if (values === undefined) this.#repeated.set(code, [first, value])
    else values.push(value)
  }
}

/** RFC 3396 §7: the instances of a split option, put together in the order they were met. */
function join(values: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const value of values) length += value.length
  const whole = new Uint8Array(length)
  let at = 0
  for (const value of values) {
    whole.set(value, at)
    at += value.length
  }
  return whole
}

/** `sname` and `file`: up to the first NUL, or the whole field from a client that fills it. */
function textField(bytes: Uint8Array, at: number, width: number): string {
  if (bytes[at] === 0) return ''
  const end = bytes.indexOf(0, at)
  return latin1(bytes.subarray(at, end < 0 || end > at + width ? at + width : end))
}

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] !== 0) return false
  return true
}

function u32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}
