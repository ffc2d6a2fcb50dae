import { ByteWriter } from '@reboots/protocol/bytes'
import type { Ipv4Address } from '@reboots/protocol/net'

const ECHO_REPLY = 0
const ECHO = 8
/** Header of the message, and the address behind the token. */
const HEADER = 8
const ADDRESS = 4

/**
 * ICMP echo (RFC 792): what is behind the header comes back as it was, so the answer itself says which address was asked. Nobody who
 * has not been asked knows the token.
 *
 *     0      1      2          4           6          8         8 + n     12 + n
 *     | 8    | 0    | checksum | identifier| sequence | token…  | address |
 */
export function encodeEcho(address: Ipv4Address, token: Uint8Array): Uint8Array {
  const identifier = (token[0]! << 8) | token[1]!
  const writer = new ByteWriter(HEADER + token.length + ADDRESS)
  writer.u8(ECHO).u8(0).u16(0).u16(identifier).u16(1).bytes(token).u32(address)
  const bytes = writer.finish()
  new DataView(bytes.buffer, bytes.byteOffset).setUint16(2, checksum(bytes))
  return bytes
}

/** The address whose answer this is; undefined when it is none to an echo with this token. */
export function echoedAddress(message: Uint8Array, token: Uint8Array): Ipv4Address | undefined {
  if (message.length !== HEADER + token.length + ADDRESS || message[0] !== ECHO_REPLY) return undefined
  if (token.some((octet, index) => message[HEADER + index] !== octet)) return undefined
  return new DataView(message.buffer, message.byteOffset).getUint32(HEADER + token.length) as Ipv4Address
}

/** What a raw socket reads begins with the IPv4 header; its length is in words of four octets. */
export function behindIpHeader(packet: Uint8Array): Uint8Array {
  return packet.subarray(((packet[0] ?? 0) & 15) * 4)
}

/** RFC 1071; the field itself is zero while it is computed. */
function checksum(bytes: Uint8Array): number {
  let sum = 0
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at]! << 8) | (bytes[at + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16)
  return ~sum & 0xffff
}
