import { ByteReader, ByteWriter } from '../bytes/index.ts'

/**
 * The inside of options 43 and 175: options within an option (RFC 2132 §8.4), 0 is padding, 255 ends.
 *
 * ```
 *   +------+-----+-------------+------+-----+-------------+------+
 *   | code | len | value (len) | code | len | value (len) | 0xff |
 *   +------+-----+-------------+------+-----+-------------+------+
 * ```
 *
 * The end is optional and what follows it is ignored. A code that comes twice keeps its first value, as in iPXE.
 * Throws DecodeError when a length runs past the end.
 */
export function decodeEncapsulated(bytes: Uint8Array): Map<number, Uint8Array> {
  const values = new Map<number, Uint8Array>()
  const reader = new ByteReader(bytes)
  while (reader.remaining > 0) {
    const code = reader.u8()
    if (code === PAD) continue
    if (code === END) break
    const value = reader.take(reader.u8())
    if (!values.has(code)) values.set(code, value)
  }
  return values
}

/** In the order of the entries, without the end. Throws RangeError for a code that is not 1…254 or a value over 255 octets. */
export function encodeEncapsulated(values: Iterable<readonly [number, Uint8Array]>): ByteWriter {
  const writer = new ByteWriter(64)
  for (const [code, value] of values) {
    if (code <= PAD || code >= END) throw new RangeError(`sub-option ${code} is padding or end`)
    if (value.length > 255) throw new RangeError(`sub-option ${code} is ${value.length} octets, 255 at most`)
    writer.u8(code).u8(value.length).bytes(value)
  }
  return writer
}

const PAD = 0
export const END = 255
