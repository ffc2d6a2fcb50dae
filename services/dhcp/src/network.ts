import { relayAgent } from '@reboots/protocol/dhcp'
import { inSubnet, UNSPECIFIED, type Ipv4Address } from '@reboots/protocol/net'
import type { Asked } from './ports.ts'
import type { ReservedAddress } from './reservation.ts'

/** The network the client is on contains this address: link selection (RFC 3527), else giaddr, else the interface of arrival (RFC 2131 §4.3.1). */
export function networkOfClient(asked: Asked): Ipv4Address {
  const { giaddr } = asked.message
  if (giaddr === UNSPECIFIED) return asked.link.address
  return relayAgent(asked.message)?.linkSelection ?? giaddr
}

/** Whether the reserved address can be used where the client is. */
export function isUsableThere(address: ReservedAddress, asked: Asked): boolean {
  return inSubnet(networkOfClient(asked), address.ip, address.config.subnetMask)
}
