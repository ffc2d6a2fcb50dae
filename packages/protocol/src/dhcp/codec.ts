import { DecodeError, fromHex, hex, octets, untilNul } from '../bytes/index.ts'
import { formatIpv4, parseIpv4, type Ipv4Address, type Seconds } from '../net/index.ts'

/** How one kind of option value is read, written and printed. */
export interface Codec<T> {
  /** Throws DecodeError; its offset counts from the start of the value. */
  decode(value: Uint8Array): T
  encode(value: T): Uint8Array
  /** For logs: one line, no control characters, whatever the peer sent. */
  format(value: T): string
  /** How an operator writes it, if that can be done. */
  readonly written?: Written<T>
}

/** The value of an option as a configuration has it: text, number, true or false, or a list. */
export interface Written<T> {
  /** `an IPv4 address such as 192.0.2.1`: what is taken, as the end of "must be". */
  readonly as: string
  /** Undefined for anything else. */
  parse(value: unknown): T | undefined
}

/** Octets nobody interprets, `min` to `max` of them. */
export function bytesOf(min = 0, max = Infinity): Codec<Uint8Array> {
  return {
    decode(value) {
      if (value.length < min || value.length > max) throw new DecodeError('bad-length', 0)
      return value
    },
    encode: (value) => value,
    format: (value) => `0x${hex(value)}`,
    written: {
      as: 'octets as text, such as "0x0a0b"',
      parse(value) {
        if (typeof value !== 'string' || !/^0x([0-9a-f]{2})*$/i.test(value)) return undefined
        const bytes = fromHex(value.slice(2))
        return bytes.length < min || bytes.length > max ? undefined : bytes
      },
    },
  }
}

/** An unsigned number of 1, 2 or 4 octets, highest first; `min` is the smallest the RFC allows. */
function unsigned<T extends number>(width: 1 | 2 | 4, min = 0): Codec<T> {
  return {
    decode(value) {
      if (value.length !== width) throw new DecodeError('bad-length', 0)
      const number = unsignedAt(value, 0, width)
      if (number < min) throw new DecodeError('bad-option', 0)
      return number as T
    },
    encode: (value) => writeUnsigned(value, width),
    format: (value) => String(value),
    written: wholeNumber<T>(min, 256 ** width - 1),
  }
}

export const u8 = unsigned<number>(1)
export const u16 = unsigned<number>(2)
export const u32 = unsigned<number>(4)
export const seconds = unsigned<Seconds>(4)
export const u8From = (min: number): Codec<number> => unsigned(1, min)
export const u16From = (min: number): Codec<number> => unsigned(2, min)

function wholeNumber<T extends number>(min: number, max: number): Written<T> {
  return {
    as: `a whole number from ${min} to ${max}`,
    parse: (value) =>
      Number.isInteger(value) && Number(value) >= min && Number(value) <= max ? (value as T) : undefined,
  }
}

/** A signed 32-bit number: the time offset, seconds east of UTC. */
export const i32: Codec<number> = {
  decode: (value) => u32.decode(value) | 0,
  encode: (value) => u32.encode(value),
  format: String,
  written: wholeNumber(-0x80000000, 0x7fffffff),
}

/** One octet, 0 or 1. */
export const flag: Codec<boolean> = {
  decode(value) {
    const number = u8.decode(value)
    if (number > 1) throw new DecodeError('bad-option', 0)
    return number === 1
  },
  encode: (value) => Uint8Array.of(value ? 1 : 0),
  format: String,
  written: { as: 'true or false', parse: (value) => (typeof value === 'boolean' ? value : undefined) },
}

/** An option that says something by being there: no value (RFC 4039 §4). Decodes to true. */
export const present: Codec<true> = {
  decode(value) {
    if (value.length > 0) throw new DecodeError('bad-length', 0)
    return true
  },
  encode: () => new Uint8Array(0),
  format: () => 'present',
  written: { as: 'true', parse: (value) => (value === true ? true : undefined) },
}

const writtenIpv4: Written<Ipv4Address> = {
  as: 'an IPv4 address such as 192.0.2.1',
  parse: (value) => (typeof value === 'string' ? parseIpv4(value) : undefined),
}

export const ipv4: Codec<Ipv4Address> = { ...unsigned<Ipv4Address>(4), format: formatIpv4, written: writtenIpv4 }

/** `count` numbers of one width, one after the other, `min` at least. */
function listOf<T extends number>(width: 1 | 2 | 4, min: number, item: Codec<T>): Codec<readonly T[]> {
  return {
    decode(value) {
      if (value.length % width !== 0 || value.length < min * width) throw new DecodeError('bad-length', 0)
      const list: T[] = []
      for (let at = 0; at < value.length; at += width) list.push(unsignedAt(value, at, width) as T)
      return list
    },
    encode(list) {
      const value = new Uint8Array(list.length * width)
      list.forEach((number, index) => value.set(writeUnsigned(number, width), index * width))
      return value
    },
    format: (list) => list.map(item.format).join(', '),
    written: listWritten(item.written!, min),
  }
}

/** A list, or one of its entries alone. */
export function listWritten<T>(item: Written<T>, min = 1): Written<readonly T[]> {
  return {
    as: `${item.as}, or a list of them`,
    parse(value) {
      const list: readonly unknown[] = Array.isArray(value) ? value : [value]
      const parsed = list.map((entry) => item.parse(entry)).filter((entry) => entry !== undefined)
      return parsed.length < list.length || parsed.length < min ? undefined : parsed
    },
  }
}

export const u8List = listOf<number>(1, 1, u8)
export const u16List = listOf<number>(2, 1, u16)
export const ipv4List = listOf<Ipv4Address>(4, 1, ipv4)
/** RFC 2132 §8.13: the one list of addresses that may be empty. */
export const ipv4ListOrNone = listOf<Ipv4Address>(4, 0, ipv4)

/** Pairs of addresses: destination and mask (RFC 2132 §4.3), or destination and router (§5.8). */
export const ipv4Pairs: Codec<readonly (readonly [Ipv4Address, Ipv4Address])[]> = {
  decode(value) {
    if (value.length % 8 !== 0) throw new DecodeError('bad-length', 0)
    const flat = ipv4List.decode(value)
    return Array.from({ length: flat.length / 2 }, (_, i) => [flat[i * 2]!, flat[i * 2 + 1]!] as const)
  },
  encode: (pairs) => ipv4List.encode(pairs.flat()),
  format: (pairs) => pairs.map(([a, b]) => `${formatIpv4(a)} ${formatIpv4(b)}`).join(', '),
  written: listWritten({
    as: 'two IPv4 addresses such as "192.0.2.0 192.0.2.1"',
    parse(value) {
      if (typeof value !== 'string') return undefined
      const [a, b, ...more] = value.split(' ').map(parseIpv4)
      return a === undefined || b === undefined || more.length > 0 ? undefined : ([a, b] as const)
    },
  }),
}

/**
 * NVT ASCII. Read up to the first NUL, because real ROMs send one (RFC 2132 §2 tells receivers to put up with it); written without.
 * Characters above U+00FF cannot be written and become `?`.
 */
export const text: Codec<string> = {
  decode(value) {
    if (value.length === 0) throw new DecodeError('bad-length', 0)
    return untilNul(value)
  },
  encode: octets,
  format: quote,
  written: { as: 'text', parse: (value) => (typeof value === 'string' && isLatin1(value) ? value : undefined) },
}

/** Text that octets can hold, and some of it. */
function isLatin1(value: string): boolean {
  return value !== '' && Array.from(value).every((character) => character !== '\0' && character <= '\u00ff')
}

/** Text of a peer as one printable line: anything outside printable ASCII as `\xNN`, so that a log line stays a line. */
export function quote(value: string): string {
  const safe = value.replace(/[^ -~]|["\\]/g, (character) => {
    if (character === '"' || character === '\\') return `\\${character}`
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
  return `"${safe}"`
}

function unsignedAt(bytes: Uint8Array, at: number, width: 1 | 2 | 4): number {
  let number = 0
  for (let i = 0; i < width; i++) number = number * 256 + bytes[at + i]!
  return number
}

function writeUnsigned(number: number, width: 1 | 2 | 4): Uint8Array {
  if (width === 1) return Uint8Array.of(number)
  if (width === 2) return Uint8Array.of(number >>> 8, number)
  return Uint8Array.of(number >>> 24, number >>> 16, number >>> 8, number)
}
