import { ByteWriter, DecodeError, octets, untilNul } from '../bytes/index.ts'
import { quote, type Codec } from './codec.ts'
import type { DhcpMessage } from './message.ts'

/**
 * Option 77 in both forms found on the wire. RFC 3004 has a list of counted texts; iPXE and most BOOTP-age clients send one
 * bare text (`69 50 58 45`).
 *
 * ```
 *    +-----+------------+-----+------------+
 *    |  n  | n octets   |  m  | m octets   | …       RFC 3004
 *    +-----+------------+-----+------------+
 * ```
 *
 * A value is a list if its counts, none of them 0, add up to exactly its length; anything else is one text. Written as
 * RFC 3004 has it; RangeError for an entry that is empty or over 255 octets.
 */
export const userClassList: Codec<readonly string[]> = {
  decode(value) {
    if (value.length === 0) throw new DecodeError('bad-length', 0)
    return counted(value) ?? [untilNul(value)]
  },
  encode(classes) {
    const writer = new ByteWriter()
    for (const name of classes) {
      if (name.length === 0 || name.length > 255) throw new RangeError(`${quote(name)} is not a user class`)
      writer.u8(name.length).bytes(octets(name))
    }
    return writer.finish()
  },
  format: (classes) => classes.map(quote).join(', '),
}

function counted(value: Uint8Array): string[] | undefined {
  const classes: string[] = []
  let at = 0
  while (at < value.length) {
    const length = value[at]!
    if (length === 0 || at + 1 + length > value.length) return undefined
    classes.push(untilNul(value.subarray(at + 1, at + 1 + length)))
    at += 1 + length
  }
  return classes
}

/** The user classes of a client, in either form; empty when it sent none. */
export function userClasses(message: DhcpMessage): readonly string[] {
  const value = message.options.get(77)
  return value === undefined || value.length === 0 ? [] : userClassList.decode(value)
}
