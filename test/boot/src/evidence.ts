import assert from 'node:assert/strict'
import { bootFileName, option, serverIdentifier, vendorSpecific, type MessageType } from '@reboots/protocol/dhcp'
import { formatIpv4, macOfBytes, UNSPECIFIED } from '@reboots/protocol/net'
import type { DhcpSighting, Sighting } from './timeline/sighting.ts'

/** Server replies in a capture, as far as tests look at them. */
export interface Answer {
  readonly type: MessageType
  readonly server: string
  readonly yiaddr: string
  /** A URL without its query, which repeats what the client has said of itself. */
  readonly file: string
  /** The server's port. */
  readonly port: number
}

export function dhcpOf(sightings: readonly Sighting[]): DhcpSighting[] {
  return sightings.filter((sighting) => sighting.kind === 'dhcp')
}

/** What DHCP servers sent, in order. */
export function answersOf(sightings: readonly Sighting[]): Answer[] {
  return dhcpOf(sightings)
    .filter(({ message }) => message.op === 'bootreply')
    .map(({ packet, type, message }) => ({
      type,
      server: formatIpv4(packet.from.address),
      yiaddr: message.yiaddr === UNSPECIFIED ? '' : formatIpv4(message.yiaddr),
      file: withoutQuery(option(message, bootFileName) ?? message.file),
      port: packet.from.port,
    }))
}

/** What a machine sent to port 4011, or to everybody because it chose something from a menu (43.71). */
export function bootServerRequests(sightings: readonly Sighting[]): DhcpSighting[] {
  return dhcpOf(sightings).filter(
    ({ packet, message }) =>
      message.op === 'bootrequest' && (packet.to.port === 4011 || message.options.has(vendorSpecific.code)),
  )
}

/** What newer iPXE for UEFI asks for before anything else, and older iPXE never. */
const AUTOEXEC = 'autoexec.ipxe'

/** Whether iPXE has been given its first script by TFTP. */
export function fetchedAutoexec(sightings: readonly Sighting[]): boolean {
  return sightings.some((one) => one.kind === 'tftp' && one.what === 'complete' && one.file === AUTOEXEC)
}

/** The files fetched whole, in order: `RRQ ipxe.efi`, `GET /files/vmlinuz`; URLs without their query. No word of autoexec.ipxe. */
export function fetchesOf(sightings: readonly Sighting[]): string[] {
  return sightings.flatMap((sighting) => {
    if (sighting.kind === 'tftp' && sighting.what === 'complete') {
      return sighting.file === AUTOEXEC ? [] : [`RRQ ${sighting.file}`]
    }
    if (sighting.kind === 'http' && sighting.what === 'answer' && sighting.status === 200) {
      // iPXE writes the colons of a MAC as %3A.
      return [`${sighting.method} ${decodeURIComponent(withoutQuery(sighting.path))}`]
    }
    return []
  })
}

/** Every reply names its server, and it is the one it came from (RFC 2131 §4.3.1). */
export function assertHonestServers(sightings: readonly Sighting[]): void {
  for (const { message, packet } of dhcpOf(sightings)) {
    if (message.op !== 'bootreply') continue
    assert.equal(formatIpv4(option(message, serverIdentifier) ?? UNSPECIFIED), formatIpv4(packet.from.address))
  }
}

export function senderOf({ message }: DhcpSighting): string {
  return macOfBytes(message.chaddr)
}

function withoutQuery(file: string): string {
  return file.split('?', 1)[0]!
}
