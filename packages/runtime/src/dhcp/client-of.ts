import { clientKey, macOf, type DhcpMessage } from '@reboots/protocol/dhcp'

/** Whose message it is, as far as the order of messages goes; two of one client are equal as keys of a Map. */
export type Client = number | string

/**
 * By hardware address: a number for Ethernet's six octets, which costs next to nothing; text for any other. Over InfiniBand there is none
 * (RFC 4390 §2.1), and it is the client identifier that counts.
 */
export function clientOf(message: DhcpMessage): Client {
  const { chaddr } = message
  if (chaddr.length === 0) return clientKey(message)
  if (chaddr.length !== 6) return `${message.htype} ${macOf(message)}`
  const high = (chaddr[0]! << 16) | (chaddr[1]! << 8) | chaddr[2]!
  return high * 0x1000000 + ((chaddr[3]! << 16) | (chaddr[4]! << 8) | chaddr[5]!)
}
