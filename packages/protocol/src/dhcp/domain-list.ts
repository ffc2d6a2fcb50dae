import { ByteWriter, DecodeError, latin1, octets } from '../bytes/index.ts'
import { listWritten, quote, type Codec } from './codec.ts'

/** RFC 1035 §2.3.4: octets of a whole name on the wire, and of one label. */
const LONGEST_NAME = 255
const LONGEST_LABEL = 63
/** More names than any resolver uses: pointers let 500 octets stand for thousands of long names. */
const MOST_NAMES = 255

/**
 * Domain names in DNS wire form (RFC 3397 over RFC 1035 §3.1 and §4.1.4), the whole of a joined option being what
 * compression pointers count from. Names come without a final dot; the root alone is ''.
 *
 * ```
 *    +----+------------+----+-----------+----+      +----+----+
 *    |  n | n octets   |  m | m octets  |  0 |  or  | 11 + 14-bit offset of an earlier place
 *    +----+------------+----+-----------+----+      +----+----+
 * ```
 *
 * Reading follows pointers, only backwards and only as far as a name of 255 octets goes. Writing does not compress.
 * RangeError when writing an empty label, one over 63 octets or a name over 255.
 */
export const domainList: Codec<readonly string[]> = {
  decode(value) {
    if (value.length === 0) throw new DecodeError('bad-length', 0)
    const names: string[] = []
    let at = 0
    while (at < value.length) {
      if (names.length === MOST_NAMES) throw new DecodeError('bad-option', at)
      const { name, next } = readName(value, at)
      names.push(name)
      at = next
    }
    return names
  },
  encode(names) {
    const encoded = names.map(encodeName)
    const value = new Uint8Array(encoded.reduce((sum, name) => sum + name.length, 0))
    let at = 0
    for (const name of encoded) {
      value.set(name, at)
      at += name.length
    }
    return value
  },
  format: (names) => names.map(quote).join(', '),
  written: listWritten({
    as: 'a domain name such as example.com',
    parse: (value) => (typeof value === 'string' && value !== '' && isDomainName(value) ? value : undefined),
  }),
}

function readName(value: Uint8Array, start: number): { name: string; next: number } {
  const labels: string[] = []
  let at = start
  let length = 1
  // Where the name ends in the list: behind its zero, or behind the first pointer.
  let next: number | undefined
  for (;;) {
    const size = octetAt(value, at)
    if (size === 0) return { name: labels.join('.'), next: next ?? at + 1 }
    if (size >= 0xc0) {
      const target = ((size & 0x3f) << 8) | octetAt(value, at + 1)
      next ??= at + 2
      // Strictly backwards, hence never round in a circle.
      if (target >= at) throw new DecodeError('bad-option', at)
      // A pointer counts as an octet of the name, so that a chain of pointers has an end as well.
      length += 1
      at = target
    } else if (size > LONGEST_LABEL) {
      throw new DecodeError('bad-option', at)
    } else {
      if (at + 1 + size > value.length) throw new DecodeError('bad-length', at)
      labels.push(latin1(value.subarray(at + 1, at + 1 + size)))
      length += size + 1
      at += size + 1
    }
    if (length > LONGEST_NAME) throw new DecodeError('bad-option', at)
  }
}

function octetAt(value: Uint8Array, at: number): number {
  if (at >= value.length) throw new DecodeError('bad-length', at)
  return value[at]!
}

function encodeName(name: string): Uint8Array {
  if (!isDomainName(name)) throw new RangeError(`${quote(name)} is not a domain name`)
  const writer = new ByteWriter(LONGEST_NAME)
  for (const label of labelsOf(name)) writer.u8(label.length).bytes(octets(label))
  return writer.u8(0).finish()
}

/** Whether a name can be written: labels of 1 to 63 octets, 255 in all, a final dot or none. '' is the root. */
export function isDomainName(name: string): boolean {
  const labels = labelsOf(name)
  const length = labels.reduce((sum, label) => sum + label.length + 1, 1)
  return length <= LONGEST_NAME && labels.every((label) => label.length > 0 && label.length <= LONGEST_LABEL)
}

function labelsOf(name: string): readonly string[] {
  return name === '' ? [] : name.replace(/\.$/, '').split('.')
}
