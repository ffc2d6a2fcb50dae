import type { Brand } from './brand.ts'

/** A hardware address in canonical text, `aa:bb:cc:dd:ee:ff`: a map key and a log field. Any length of 1 to 16 octets. */
export type MacAddress = Brand<string, 'mac'>

/** How a MAC is written inside a path; some firmware chokes on `:`. Names as in Smee's inject-mac-addr-format. */
export type MacFormat = 'colon' | 'dot' | 'dash' | 'no-delimiter'

const BYTE = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, '0'))
const BYTE_COLON = BYTE.map((octet) => `${octet}:`)

/** Colon, dash, dot (`0102.0304.0506`) or plain form of 6, 8 or 20 octets, any case; undefined for other text. */
export function parseMac(text: string): MacAddress | undefined {
  const shape = /^[0-9a-f]{2}(?:([:-])[0-9a-f]{2}(?:\1[0-9a-f]{2})*)?$|^[0-9a-f]{4}(?:\.[0-9a-f]{4})+$|^[0-9a-f]+$/i
  if (!shape.test(text)) return undefined
  const digits = text.replace(/[^0-9a-f]/gi, '').toLowerCase()
  if (digits.length !== 12 && digits.length !== 16 && digits.length !== 40) return undefined
  return digits.match(/../g)!.join(':') as MacAddress
}

/** `chaddr` octets (only the first hlen of them) as canonical text. */
export function macOfBytes(bytes: Uint8Array): MacAddress {
  if (bytes.length === 0) return '' as MacAddress
  const last = bytes.length - 1
  let text = ''
  for (let i = 0; i < last; i++) text += BYTE_COLON[bytes[i]!]!
  return (text + BYTE[bytes[last]!]!) as MacAddress
}

export function bytesOfMac(mac: MacAddress): Uint8Array {
  if (mac === '') return new Uint8Array(0)
  return Uint8Array.from(mac.split(':'), (octet) => Number.parseInt(octet, 16))
}

export function formatMac(mac: MacAddress, format: MacFormat): string {
  switch (format) {
    case 'colon':
      return mac
    case 'dash':
      return mac.replaceAll(':', '-')
    case 'dot':
      return mac.replaceAll(':', '').replace(/(.{4})(?=.)/g, '$1.')
    case 'no-delimiter':
      return mac.replaceAll(':', '')
  }
}
