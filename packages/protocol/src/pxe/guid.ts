import { fromHex, hex } from '../bytes/index.ts'

/**
 * Client machine identifier, option 97 (RFC 4578 §2.3), as SMBIOS prints a UUID; undefined unless it is 17 octets of type 0.
 *
 * ```
 *   +------+-----------+---------+---------+---------------------+
 *   | 0x00 | time-low  | mid     | high    | clock-seq · node    |
 *   |      | 4, little | 2, lit. | 2, lit. | 8, as they come     |
 *   +------+-----------+---------+---------+---------------------+
 * ```
 */
export function formatGuid(bytes: Uint8Array): string | undefined {
  if (bytes.length !== 17 || bytes[0] !== 0) return undefined
  const digits = hex(Uint8Array.from(ORDER, (from) => bytes[from]!))
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** The 17 octets of option 97 for a UUID in text, the inverse of `formatGuid`; undefined for any other text. */
export function parseGuid(text: string): Uint8Array | undefined {
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return undefined
  const printed = fromHex(text)
  const bytes = new Uint8Array(17)
  for (const [at, from] of ORDER.entries()) bytes[from] = printed[at]!
  return bytes
}

/** For each printed octet its place in the option: the first three fields are little-endian. */
const ORDER = [4, 3, 2, 1, 6, 5, 8, 7, 9, 10, 11, 12, 13, 14, 15, 16] as const
