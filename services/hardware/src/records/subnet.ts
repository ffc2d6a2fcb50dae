import { formatIpv4, inSubnet, maskOfPrefix, parseIpv4, prefixOfMask, type Ipv4Address } from '@reboots/protocol/net'
import type { Cursor } from './cursor.ts'
import { ipv4, prefixLength, text } from './fields.ts'
import { quote } from './problem.ts'

export interface Addressing {
  /** Dotted quads, empty when there is none. */
  readonly address: string
  readonly netmask: string
  readonly gateway: string
}

export interface AddressFields {
  readonly address: Cursor
  readonly gateway: Cursor
  /** One of the two, as the format has it. */
  readonly mask: { readonly netmask: Cursor } | { readonly prefix: Cursor }
}

/** The reserved address with its mask, which it needs (option 1), and the gateway, checked against each other. */
export function addressing({ address, gateway, mask }: AddressFields): Addressing {
  const written = { address: hostAddress(address), gateway: ipv4(gateway) }
  const maskField = 'netmask' in mask ? mask.netmask : mask.prefix
  const netmask = 'netmask' in mask ? dottedMask(mask.netmask) : maskFromPrefix(mask.prefix)
  if (written.address !== '' && maskField.absent) {
    maskField.refuse(`missing; an address needs one, such as ${'netmask' in mask ? '255.255.255.0' : '"24"'}`)
  }
  if (written.address !== '' && netmask !== '') checkSubnet(address, gateway, { ...written, netmask })
  return { ...written, netmask }
}

/** The address family that a record may name; 0 is what unset is written as. */
export function ipv4Family(field: Cursor): void {
  if (field.absent || [0, 4, '0', '4'].includes(field.value as number | string)) return
  field.refuse(`is ${quote(field.value)}, but only IPv4 addresses can be given; write 4 or leave it out`)
}

/** RFC 1122 §3.2.1.3: `this host`, loopback, multicast and reserved addresses belong to no machine. */
function hostAddress(field: Cursor): string {
  const written = ipv4(field)
  const first = Number(written.split('.')[0])
  if (written === '' || (first !== 0 && first !== 127 && first < 224)) return written
  field.refuse(`${written} cannot be given to a machine; write an address of its network`)
  return ''
}

function dottedMask(field: Cursor): string {
  const written = ipv4(field)
  if (written === '') return ''
  const prefix = prefixOfMask(parseIpv4(written) as Ipv4Address)
  if (prefix !== undefined && prefix > 0) return written
  field.refuse(`${written} is no netmask; its one bits must stand together at the left, as in 255.255.255.0`)
  return ''
}

function maskFromPrefix(field: Cursor): string {
  if (field.absent) return ''
  const written = text(field).trim()
  const prefix = prefixLength(written.replace(/^\//, ''))
  if (prefix !== undefined && prefix > 0) return formatIpv4(maskOfPrefix(prefix))
  field.refuse(`${quote(field.value)} is no prefix length; write 1 to 32, such as "24"`)
  return ''
}

function checkSubnet(addressField: Cursor, gatewayField: Cursor, { address, netmask, gateway }: Addressing): void {
  const own = parseIpv4(address) as Ipv4Address
  const mask = parseIpv4(netmask) as Ipv4Address
  const host = (own & ~mask) >>> 0
  // RFC 3021: a /31 has no network and broadcast address, and a /32 is a single host.
  const pointToPoint = (prefixOfMask(mask) as number) >= 31
  if (!pointToPoint && (host === 0 || host === ~mask >>> 0)) {
    addressField.warn(
      `${address} is the ${host === 0 ? 'network' : 'broadcast'} address of its subnet (mask ${netmask})`,
    )
  }
  const router = parseIpv4(gateway)
  if (router !== undefined && !inSubnet(router, own, mask)) {
    gatewayField.warn(`${gateway} is outside the subnet of ${address} (mask ${netmask}): the machine will not reach it`)
  }
}
