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
  const octet = (at: number): string => HEX[bytes[ORDER[at]!]!]!
  const [low, mid, high] = [octet(0) + octet(1) + octet(2) + octet(3), octet(4) + octet(5), octet(6) + octet(7)]
  const node = octet(10) + octet(11) + octet(12) + octet(13) + octet(14) + octet(15)
  return `${low}-${mid}-${high}-${octet(8)}${octet(9)}-${node}`
}

/** The 17 octets of option 97 for a UUID in text, the inverse of `formatGuid`; undefined for any other text. */
export function parseGuid(text: string): Uint8Array | undefined {
  if (text.length !== 36) return undefined
  const bytes = new Uint8Array(17)
  for (let at = 0, from = 0; at < 16; at++, from += 2) {
    if (from === 8 || from === 13 || from === 18 || from === 23) if (text[from++] !== '-') return undefined
    const octet = 16 * digit(text.charCodeAt(from)) + digit(text.charCodeAt(from + 1))
    if (Number.isNaN(octet)) return undefined
    bytes[ORDER[at]!] = octet
  }
  return bytes
}

const HEX = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, '0'))

/** The value of a hexadecimal digit, NaN for any other character. */
function digit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const letter = code | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : NaN
}

/** For each printed octet its place in the option: the first three fields are little-endian. */
const ORDER: readonly number[] = [4, 3, 2, 1, 6, 5, 8, 7, 9, 10, 11, 12, 13, 14, 15, 16]
