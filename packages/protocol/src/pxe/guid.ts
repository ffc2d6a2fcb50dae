import { hex } from '../bytes/index.ts'

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
  const printed = new Uint8Array(16)
  for (let at = 0; at < 16; at++) printed[at] = bytes[ORDER[at]!]!
  const digits = hex(printed)
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20)}`
}

/** The 17 octets of option 97 for a UUID in text, the inverse of `formatGuid`; undefined for any other text. */
export function parseGuid(text: string): Uint8Array | undefined {
  if (!PRINTED.test(text)) return undefined
  const digits = text.replaceAll('-', '')
  const bytes = new Uint8Array(17)
  for (let at = 0; at < 16; at++) bytes[ORDER[at]!] = Number.parseInt(digits.slice(at * 2, at * 2 + 2), 16)
  return bytes
}

const PRINTED = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** For each printed octet its place in the option: the first three fields are little-endian. */
const ORDER: readonly number[] = [4, 3, 2, 1, 6, 5, 8, 7, 9, 10, 11, 12, 13, 14, 15, 16]
