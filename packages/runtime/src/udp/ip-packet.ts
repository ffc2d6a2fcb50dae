import type { Endpoint, Ipv4Address } from '@reboots/protocol/net'

/** A UDP datagram as it is in an IPv4 packet; `bytes` is a view. */
export interface UdpInIp {
  readonly from: Endpoint
  readonly to: Endpoint
  readonly bytes: Uint8Array
}

const IP_HEADER = 20
const UDP_HEADER = 8
const VERSION_4_FIVE_WORDS = 0x45
const TIME_TO_LIVE = 64
const UDP = 17
const MORE_FRAGMENTS_OR_OFFSET = 0x3fff

/**
 * IPv4 (RFC 791) and UDP (RFC 768) around a payload. Identification and the header's checksum are left to the kernel, which fills them in
 * (raw(7)).
 *
 *     0    1     2        4    6       8     9     10         12       16       20     22     24       26         28
 *     | 45 | TOS | length | id | flags | TTL | 17  | checksum | source | target | from | to   | length | checksum | payload
 */
export function udpInIp({ from, to, bytes: payload }: UdpInIp): Uint8Array {
  const bytes = new Uint8Array(IP_HEADER + UDP_HEADER + payload.length)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, VERSION_4_FIVE_WORDS)
  view.setUint16(2, bytes.length)
  view.setUint8(8, TIME_TO_LIVE)
  view.setUint8(9, UDP)
  view.setUint32(12, from.address)
  view.setUint32(16, to.address)
  view.setUint16(20, from.port)
  view.setUint16(22, to.port)
  view.setUint16(24, UDP_HEADER + payload.length)
  bytes.set(payload, IP_HEADER + UDP_HEADER)
  // 0 would mean that there is none.
  view.setUint16(
    26,
    ~folded(sumOf(view, IP_HEADER, bytes.length) + pseudoHeaderSum(view, IP_HEADER)) & 0xffff || 0xffff,
  )
  return bytes
}

/**
 * The datagram in an IPv4 packet; undefined for anything else, for part of one, and for one whose UDP checksum is wrong. What this very
 * host sends may have only the beginning of a checksum, which network cards finish: that of the addresses.
 */
export function readUdpInIp(packet: Uint8Array): UdpInIp | undefined {
  if (packet.length < IP_HEADER + UDP_HEADER || packet[0]! >> 4 !== 4) return undefined
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength)
  const at = (packet[0]! & 15) * 4
  const end = view.getUint16(2)
  if (at < IP_HEADER || end > packet.length || at + UDP_HEADER > end) return undefined
  if (packet[9] !== UDP || (view.getUint16(6) & MORE_FRAGMENTS_OR_OFFSET) !== 0) return undefined
  const length = view.getUint16(at + 4)
  if (length < UDP_HEADER || at + length > end || !isWhole(view, at, length)) return undefined
  return {
    from: { address: view.getUint32(12) as Ipv4Address, port: view.getUint16(at) },
    to: { address: view.getUint32(16) as Ipv4Address, port: view.getUint16(at + 2) },
    bytes: packet.subarray(at + UDP_HEADER, at + length),
  }
}

function isWhole(view: DataView, at: number, length: number): boolean {
  const checksum = view.getUint16(at + 6)
  if (checksum === 0) return true
  const addresses = pseudoHeaderSum(view, at)
  return checksum === folded(addresses) || folded(sumOf(view, at, at + length) + addresses) === 0xffff
}

/** RFC 768: the addresses, the protocol and the length are under the checksum, too. */
function pseudoHeaderSum(view: DataView, at: number): number {
  return sumOf(view, 12, 20) + UDP + view.getUint16(at + 4)
}

function sumOf(view: DataView, from: number, to: number): number {
  let sum = 0
  for (let at = from; at + 1 < to; at += 2) sum += view.getUint16(at)
  return (to - from) % 2 === 0 ? sum : sum + (view.getUint8(to - 1) << 8)
}

/** RFC 1071. */
function folded(sum: number): number {
  let rest = sum
  while (rest > 0xffff) rest = (rest & 0xffff) + (rest >>> 16)
  return rest
}
