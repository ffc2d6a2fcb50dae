import { DecodeError, hex, octets, untilNul } from '../bytes/index.ts'
import { formatIpv4, type Ipv4Address, type Seconds } from '../net/index.ts'

/** How one kind of option value is read, written and printed. */
export interface Codec<T> {
  /** Throws DecodeError; its offset counts from the start of the value. */
  decode(value: Uint8Array): T
  encode(value: T): Uint8Array
  /** For logs: one line, no control characters, whatever the peer sent. */
  format(value: T): string
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
  }
}

export const u8 = unsigned<number>(1)
export const u16 = unsigned<number>(2)
export const u32 = unsigned<number>(4)
export const seconds = unsigned<Seconds>(4)
export const u8From = (min: number): Codec<number> => unsigned(1, min)
export const u16From = (min: number): Codec<number> => unsigned(2, min)

/** A signed 32-bit number: the time offset, seconds east of UTC. */
export const i32: Codec<number> = {
  decode: (value) => u32.decode(value) | 0,
  encode: (value) => u32.encode(value),
  format: String,
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
}

/** An option that says something by being there: no value (RFC 4039 §4). Decodes to true. */
export const present: Codec<true> = {
  decode(value) {
    if (value.length > 0) throw new DecodeError('bad-length', 0)
    return true
  },
  encode: () => new Uint8Array(0),
  format: () => 'present',
}

export const ipv4: Codec<Ipv4Address> = { ...unsigned<Ipv4Address>(4), format: formatIpv4 }

/** `count` numbers of one width, one after the other, `min` at least. */
function listOf<T extends number>(width: 1 | 2 | 4, min: number, print: (value: T) => string): Codec<readonly T[]> {
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
    format: (list) => list.map(print).join(', '),
  }
}

export const u8List = listOf<number>(1, 1, String)
export const u16List = listOf<number>(2, 1, String)
export const ipv4List = listOf<Ipv4Address>(4, 1, formatIpv4)
/** RFC 2132 §8.13: the one list of addresses that may be empty. */
export const ipv4ListOrNone = listOf<Ipv4Address>(4, 0, formatIpv4)

/** Pairs of addresses: destination and mask (RFC 2132 §4.3), or destination and router (§5.8). */
export const ipv4Pairs: Codec<readonly (readonly [Ipv4Address, Ipv4Address])[]> = {
  decode(value) {
    if (value.length % 8 !== 0) throw new DecodeError('bad-length', 0)
    const flat = ipv4List.decode(value)
    return Array.from({ length: flat.length / 2 }, (_, i) => [flat[i * 2]!, flat[i * 2 + 1]!] as const)
  },
  encode: (pairs) => ipv4List.encode(pairs.flat()),
  format: (pairs) => pairs.map(([a, b]) => `${formatIpv4(a)} ${formatIpv4(b)}`).join(', '),
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
