import type { AddressRange } from '@reboots/leases'
import { broadcastOf, maskOfPrefix, networkOf, parseIpv4, parseMac, type Ipv4Address } from '@reboots/protocol/net'
import { Refused } from './calls.ts'

const quote = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}…` : text)

export function readAddress(text: string): Ipv4Address {
  const address = parseIpv4(text)
  if (address !== undefined) return address
  throw new Refused('invalid', `address: ${quote(text)} is no IPv4 address; write one such as 192.0.2.10`)
}

/** Every address when the text is empty. */
export function readSubnet(text: string): AddressRange {
  const [, address = '', bits = '33'] = /^([\d.]+)\/(\d{1,2})$/.exec(text === '' ? '0.0.0.0/0' : text) ?? []
  const network = parseIpv4(address)
  if (network === undefined || Number(bits) > 32)
    throw new Refused('invalid', `subnet: ${quote(text)} is no network; write one such as 192.0.2.0/24`)
  const mask = maskOfPrefix(Number(bits))
  return { first: networkOf(network, mask), last: broadcastOf(network, mask) >>> 0 } as AddressRange
}

/** A name as it may be in the books: an address of any length, an identifier, a hardware address with its type; or a hardware record. */
const KEY = /^(?:[0-9a-f]{2}(?::[0-9a-f]{2}){0,15}|id:(?:[0-9a-f]{2})+|hw:\d+:[0-9a-f:]*)$/

/**
 * The names that a client may have in the books: a MAC address, and the forms it takes where clients are told apart by their identifier
 * (most of them make it of the MAC, RFC 2132 §9.14).
 */
export function readClient(text: string): readonly [string, ...string[]] {
  const mac = parseMac(text)
  if (mac !== undefined) return [mac, `id:01${mac.replaceAll(':', '')}`, `hw:1:${mac}`]
  if (KEY.test(text.toLowerCase())) return [text.toLowerCase()]
  if (/^record:./.test(text)) return [text]
  throw new Refused(
    'invalid',
    `client: ${quote(text)} is neither a MAC address such as 52:54:00:12:34:56 nor a client identifier such as id:0152540012ab34; a list shows what clients are called`,
  )
}
