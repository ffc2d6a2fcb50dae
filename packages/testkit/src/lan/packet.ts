import { macOfBytes, type Endpoint, type Ipv4Address, type MacAddress } from '@reboots/protocol/net'
import type { Frame } from './pcap.ts'

/** What was on the wire, as far as the observer of a boot cares: IPv4 over Ethernet, and in it UDP or TCP. */
export interface Packet {
  readonly at: number
  readonly sourceMac: MacAddress
  readonly destinationMac: MacAddress
  readonly from: Endpoint
  readonly to: Endpoint
  readonly protocol: 'udp' | 'tcp'
  /** TCP flags octet; 0 for UDP. */
  readonly flags: number
  readonly payload: Uint8Array
}

export const TCP_FIN = 1
export const TCP_SYN = 2
export const TCP_RST = 4

const ETHERNET_HEADER = 14
const ETHERTYPE_IPV4 = 0x0800
const PROTOCOLS: Readonly<Record<number, 'udp' | 'tcp'>> = { 6: 'tcp', 17: 'udp' }

/** The packet in a frame; undefined for anything else (ARP, IPv6, later fragments, frames cut too short). */
export function packetOf({ at, bytes }: Frame): Packet | undefined {
  if (bytes.length < ETHERNET_HEADER + 20) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint16(12) !== ETHERTYPE_IPV4) return undefined
  const ip = ETHERNET_HEADER
  const protocol = PROTOCOLS[view.getUint8(ip + 9)]
  const fragmentOffset = view.getUint16(ip + 6) & 0x1fff
  const transport = ip + (view.getUint8(ip) & 15) * 4
  const end = Math.min(bytes.length, ip + view.getUint16(ip + 2))
  const shortest = protocol === 'tcp' ? 20 : 8
  if (protocol === undefined || fragmentOffset !== 0 || end - transport < shortest) return undefined
  const header = protocol === 'tcp' ? (view.getUint8(transport + 12) >> 4) * 4 : 8
  const address = (offset: number): Ipv4Address => view.getUint32(offset) as Ipv4Address
  return {
    at,
    sourceMac: macOfBytes(bytes.subarray(6, 12)),
    destinationMac: macOfBytes(bytes.subarray(0, 6)),
    from: { address: address(ip + 12), port: view.getUint16(transport) },
    to: { address: address(ip + 16), port: view.getUint16(transport + 2) },
    protocol,
    flags: protocol === 'tcp' ? view.getUint8(transport + 13) : 0,
    payload: bytes.subarray(transport + header, Math.max(end, transport + header)),
  }
}
