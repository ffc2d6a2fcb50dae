import { bytes, hex, ip, mac, u16 } from './octets.ts'

/** A UDP datagram on an Ethernet, every address of it open to choice. */
export interface Frame {
  readonly sourceMac: string
  readonly destinationMac: string
  readonly from: string
  readonly fromPort: number
  readonly to: string
  readonly toPort: number
  readonly payload: Uint8Array
}

/** Ethernet, IPv4 and UDP around a payload, with the checksums of both. */
export function encodeFrame(frame: Frame): Uint8Array {
  const length = u16(8 + frame.payload.length)
  const addresses = ip(frame.from, frame.to)
  const udp = `${u16(frame.fromPort)}${u16(frame.toPort)}${length}`
  const data = hex(frame.payload)
  const udpSum = checksum(`${addresses}0011${length}${udp}0000${data}`) || 0xffff
  const total = u16(28 + frame.payload.length)
  const head = (sum: number): string => `4500${total}00004000 4011${u16(sum)}${addresses}`.replaceAll(' ', '')
  const ethernet = `${mac(frame.destinationMac)}${mac(frame.sourceMac)}0800`
  return bytes(`${ethernet}${head(checksum(head(0)))}${udp}${u16(udpSum)}${data}`)
}

/** Who asks for whom, if the frame is an ARP request for IPv4 over Ethernet. */
export interface ArpRequest {
  readonly senderMac: string
  readonly sender: string
  readonly target: string
}

const ARP_REQUEST = /^.{24}0806000108000604 0001(.{12})(.{8}).{12}(.{8})/.source.replace(' ', '')

export function arpRequestIn(frame: Uint8Array): ArpRequest | undefined {
  const match = new RegExp(ARP_REQUEST).exec(hex(frame.subarray(0, 42)))
  if (match === null) return undefined
  const [, senderMac, sender, target] = match as unknown as [string, string, string, string]
  return { senderMac, sender, target }
}

/** "I have it", from the hardware address given. */
export function encodeArpReply({ senderMac, sender, target }: ArpRequest, hardware: string): Uint8Array {
  return bytes(`${senderMac}${hardware}08060001080006040002${hardware}${target}${senderMac}${sender}`)
}

/** Ethernet, IPv4 without options, ICMP echo: to and from, the addresses as digits, what is to come back. */
const ICMP_ECHO = /^(.{12})(.{12})080045.{16}01.{4}(.{8})(.{8})0800.{4}(.*)$/

/** Who is pinged; undefined for any other frame. */
export function pingedIn(frame: Uint8Array): string | undefined {
  return ICMP_ECHO.exec(hex(frame))?.[4]
}

/** The answer to a ping (RFC 792): back to where it came from, with what came. */
export function encodeEchoReply(frame: Uint8Array): Uint8Array {
  const [, to, from, sender, pinged, data] = ICMP_ECHO.exec(hex(frame)) as unknown as [string, ...string[]]
  const total = u16(20 + 4 + data!.length / 2)
  const head = (sum: number): string => `4500${total}000040004001${u16(sum)}${pinged}${sender}`
  return bytes(`${from}${to}0800${head(checksum(head(0)))}0000${u16(checksum(`00000000${data}`))}${data}`)
}

/** RFC 1071. */
function checksum(digits: string): number {
  const octets = bytes(digits)
  let sum = 0
  for (let i = 0; i < octets.length; i += 2) sum += (octets[i]! << 8) | (octets[i + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16)
  return ~sum & 0xffff
}
