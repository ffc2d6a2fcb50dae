import { BROADCAST_FLAG, bootFileName, option, requestedAddress, serverIdentifier } from '@reboots/protocol/dhcp'
import { formatIpv4, LIMITED_BROADCAST, UNSPECIFIED, type Endpoint, type Ipv4Address } from '@reboots/protocol/net'
import { decodeVendorOptions, identifyClient } from '@reboots/protocol/pxe'
import type { DhcpSighting, HttpSighting, Sighting, TftpSighting } from './sighting.ts'

/** Who is behind an address, `192.168.88.1` → `Reboots`. */
export type Names = ReadonlyMap<string, string>

/** One line of a timeline, without its time. */
export interface Line {
  readonly channel: 'DHCP' | 'TFTP' | 'HTTP' | 'console' | ''
  readonly parties: string
  readonly text: string
}

/** What was seen, in words. */
export function describeSighting(sighting: Sighting, names: Names): Line {
  const { from, to } = sighting.packet
  const parties = `${nameOf(from, names)} → ${nameOf(to, names)}`
  switch (sighting.kind) {
    case 'dhcp':
      return { channel: 'DHCP', parties, text: dhcpText(sighting, names) }
    case 'tftp':
      return { channel: 'TFTP', parties, text: tftpText(sighting) }
    case 'http':
      return { channel: 'HTTP', parties, text: httpText(sighting) }
  }
}

function dhcpText({ type, message, packet }: DhcpSighting, names: Names): string {
  const name = type.toUpperCase()
  const where = [packet.to.port, packet.from.port].includes(4011) ? ' on port 4011' : ''
  const words = message.op === 'bootrequest' ? clientWords : serverWords
  const broadcast = message.flags & BROADCAST_FLAG ? ['answer by broadcast'] : []
  const asked = message.op === 'bootrequest' ? broadcast : []
  return `${name}${where}: ${[...words(message, names), ...asked].join(', ')}`
}

function clientWords(message: DhcpSighting['message'], names: Names): string[] {
  const client = identifyClient(message)
  const server = option(message, serverIdentifier)
  const address = option(message, requestedAddress) ?? message.ciaddr
  return [
    client === undefined ? 'not a network boot' : `${client.vendorClass} (${client.loader})`,
    ...(address === UNSPECIFIED ? [] : [`address ${formatIpv4(address)}`]),
    ...(server === undefined ? [] : [`of ${addressName(server, names)}`]),
  ]
}

function serverWords(message: DhcpSighting['message']): string[] {
  const file = option(message, bootFileName) ?? message.file
  const vendor = message.options.get(43)
  const control = vendor === undefined ? undefined : decodeVendorOptions(vendor).discoveryControl
  return [
    message.yiaddr === UNSPECIFIED ? 'no address' : `address ${formatIpv4(message.yiaddr)}`,
    file === '' ? 'no boot file' : `boot file ${withoutQuery(file)}`,
    ...(message.siaddr === UNSPECIFIED ? [] : [`boot server ${formatIpv4(message.siaddr)}`]),
    ...(control === undefined ? [] : [`discovery control ${control}`]),
  ]
}

function tftpText({ what, file, options, bytes, message }: TftpSighting): string {
  const list = [...options].map(([name, value]) => `${name} ${value}`).join(', ')
  switch (what) {
    case 'request':
      return `RRQ ${file}${list === '' ? '' : ` (${list})`}`
    case 'options':
      return `OACK ${list}`
    case 'complete':
      return `${file}: ${bytes} bytes`
    case 'error':
      // UEFI asks for the file first to learn its size, and for its content only then.
      return `ERROR ${message}${bytes === 0 && message.startsWith('8 ') ? ' (it only wanted to know the size)' : ''}`
  }
}

function httpText({ what, method, path, status, length }: HttpSighting): string {
  if (what === 'request') return `${method} ${withoutQuery(path)}`
  return `${status}${length === undefined ? '' : `: ${length} bytes`}`
}

function nameOf({ address, port }: Endpoint, names: Names): string {
  return `${addressName(address, names)}:${port}`
}

function addressName(address: Ipv4Address, names: Names): string {
  if (address === UNSPECIFIED) return 'machine'
  if (address === LIMITED_BROADCAST) return 'everyone'
  const text = formatIpv4(address)
  return names.get(text) ?? 'machine'
}

/** Our script URLs repeat behind a `?` what the client has said of itself. */
function withoutQuery(url: string): string {
  return url.split('?', 1)[0]!
}
