import { formatIpv4, networkOf, prefixOfMask, UNSPECIFIED, type Ipv4Address } from '@reboots/protocol/net'
import { architecture, UNKNOWN_ARCHITECTURE, type BootClient } from '@reboots/protocol/pxe'
import type { ClientFacts, NetworkFacts } from './facts.ts'

const NO_IPXE = { version: '', features: [], busId: '' }

/** The client as it showed itself in a DHCP message. */
export function clientFacts(client: BootClient): ClientFacts {
  return {
    mac: client.mac,
    oui: ouiOf(client.mac),
    arch: client.arch,
    firmware: client.firmware,
    transport: client.transport,
    loader: client.loader,
    uuid: client.uuid ?? '',
    vendorClass: client.vendorClass,
    userClass: client.userClass,
    ipxe: {
      version: client.ipxe?.version ?? '',
      features: client.ipxe?.features ?? NO_IPXE.features,
      busId: client.ipxe?.busId ?? '',
    },
  }
}

/** A client that does not ask to boot from the network, as far as it says anything of itself. */
export interface PlainClient {
  readonly mac: string
  readonly uuid?: string | undefined
  readonly vendorClass?: string | undefined
  readonly userClass?: readonly string[] | undefined
}

/** Facts of a plain client: of firmware, transport and loader there are none. */
export function plainClientFacts({ mac, uuid = '', vendorClass = '', userClass = [] }: PlainClient): ClientFacts {
  const oui = ouiOf(mac)
  const boots = { arch: UNKNOWN_ARCHITECTURE, firmware: '', transport: '', loader: '', ipxe: NO_IPXE }
  return { mac, oui, ...boots, uuid, vendorClass, userClass }
}

/** What somebody says of a client without a packet of it: a query, a test of a policy, the request for a boot script. */
export interface DescribedClient {
  readonly mac: string
  /** Absent: not known, which is not 0 (that would claim a BIOS). */
  readonly arch?: number | undefined
  readonly transport?: string | undefined
  readonly loader?: string | undefined
  readonly uuid?: string | undefined
  readonly vendorClass?: string | undefined
  readonly userClass?: readonly string[] | undefined
}

/** Facts of a described client; firmware and transport follow from the architecture type unless they are said. */
export function describedClientFacts(described: DescribedClient): ClientFacts {
  const known = described.arch === undefined ? undefined : architecture(described.arch)
  return {
    mac: described.mac,
    oui: ouiOf(described.mac),
    arch: described.arch ?? UNKNOWN_ARCHITECTURE,
    firmware: known?.firmware ?? (described.arch === undefined ? '' : 'other'),
    transport: described.transport ?? known?.transport ?? 'tftp',
    loader: described.loader ?? 'firmware',
    uuid: described.uuid ?? '',
    vendorClass: described.vendorClass ?? '',
    userClass: described.userClass ?? [],
    ipxe: NO_IPXE,
  }
}

/** RFC 5010 §3: the only flag there is. */
const UNICAST = 0x80
const NO_FLAGS: readonly string[] = Object.freeze([])
const UNICAST_FLAGS: readonly string[] = Object.freeze(['unicast'])
const BROADCAST_FLAGS: readonly string[] = Object.freeze(['broadcast'])

/** Where a packet came from. Every part may be unknown; `subnet` is the network of the machine and not of the server. */
export interface Arrival {
  readonly link: string
  readonly giaddr?: Ipv4Address | undefined
  /** Relay agent sub-options 1 and 2, RFC 3046. */
  readonly circuitId?: Uint8Array | undefined
  readonly remoteId?: Uint8Array | undefined
  /** Relay agent sub-option 10, RFC 5010. */
  readonly flags?: number | undefined
  /** Any address of the subnet, and its mask. */
  readonly subnet?: { readonly address: Ipv4Address; readonly mask: Ipv4Address } | undefined
}

export function networkFacts(arrival: Arrival): NetworkFacts {
  const { giaddr, subnet } = arrival
  return {
    link: arrival.link,
    giaddr: giaddr === undefined || giaddr === UNSPECIFIED ? '' : formatIpv4(giaddr),
    circuitId: hexadecimal(arrival.circuitId),
    remoteId: hexadecimal(arrival.remoteId),
    relayFlags: relayFlags(arrival.flags),
    subnet: subnet === undefined ? '' : cidrOf(subnet.address, subnet.mask),
  }
}

function relayFlags(flags: number | undefined): readonly string[] {
  if (flags === undefined) return NO_FLAGS
  return (flags & UNICAST) === 0 ? BROADCAST_FLAGS : UNICAST_FLAGS
}

function ouiOf(mac: string): string {
  return mac.slice(0, 8)
}

function cidrOf(address: Ipv4Address, mask: Ipv4Address): string {
  const prefix = prefixOfMask(mask)
  return prefix === undefined ? '' : `${formatIpv4(networkOf(address, mask))}/${prefix}`
}

function hexadecimal(bytes: Uint8Array | undefined): string {
  let text = ''
  for (const octet of bytes ?? []) text += octet.toString(16).padStart(2, '0')
  return text
}
