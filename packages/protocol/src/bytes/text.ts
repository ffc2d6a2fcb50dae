import { DecodeError } from './decode-error.ts'

/**
 * Octets as text, one character (U+0000 to U+00FF) per octet. DHCP and TFTP say "NVT ASCII"; firmware sends
 * anything, and a one-to-one mapping loses nothing on the way back.
 */
export function latin1(bytes: Uint8Array): string {
  if (bytes.length <= AT_ONCE) return String.fromCharCode.apply(null, bytes as unknown as number[])
  let text = ''
  for (let at = 0; at < bytes.length; at += AT_ONCE) text += latin1(bytes.subarray(at, at + AT_ONCE))
  return text
}

/** Arguments that one call can have on any stack. */
const AT_ONCE = 4096

/** Octets up to the first NUL (or all of them) as text: `sname`, `file`, and the strings real ROMs terminate. */
export function untilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return latin1(end < 0 ? bytes : bytes.subarray(0, end))
}

/** Text as octets, the inverse of `latin1`; a character above U+00FF is not representable and becomes `?`. */
export function octets(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    bytes[i] = code > 255 ? 0x3f : code
  }
  return bytes
}

/** Lower-case hexadecimal, without separators. */
export function hex(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i++) text += HEX[bytes[i]!]
  return text
}

/** The octets that hexadecimal text stands for. White space, `:` and `-` between them are passed over. */
export function fromHex(text: string): Uint8Array {
  const digits = text.replace(/[\s:-]/g, '')
  if (digits.length % 2 !== 0 || /[^0-9a-fA-F]/.test(digits)) throw new DecodeError('bad-text', 0)
  const bytes = new Uint8Array(digits.length / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(digits.slice(i * 2, i * 2 + 2), 16)
  return bytes
}

const HEX = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, '0'))
