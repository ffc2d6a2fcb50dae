import {
  option,
  relayAgent,
  serverIdentifier,
  subnetSelection,
  withOption,
  type DhcpMessage,
} from '@reboots/protocol/dhcp'
import { inSubnet, UNSPECIFIED, type Ipv4Address } from '@reboots/protocol/net'
import type { ProbeRequest } from '@reboots/runtime'
import type { Segment } from './addressing/segment.ts'
import type { Asked, Settings } from './ports.ts'
import type { ReservedAddress } from './reservation.ts'

type Way = Omit<ProbeRequest, 'known'>

/**
 * An address of the network that the client is on, if the message says so: link selection (RFC 3527), else subnet selection if that is
 * enabled (RFC 3011), else giaddr (RFC 2131 §4.3.1). Undefined: the network is that of the interface of arrival.
 */
export function namedNetwork(message: DhcpMessage, settings: Settings): Ipv4Address | undefined {
  const relayed = message.giaddr !== UNSPECIFIED
  return linkSelection(message) ?? selectedSubnet(message, settings) ?? (relayed ? message.giaddr : undefined)
}

function linkSelection(message: DhcpMessage): Ipv4Address | undefined {
  return message.giaddr === UNSPECIFIED ? undefined : relayAgent(message)?.linkSelection
}

function selectedSubnet(message: DhcpMessage, settings: Settings): Ipv4Address | undefined {
  return settings.subnetSelection ? option(message, subnetSelection) : undefined
}

/** RFC 3011 §3: whoever heeds option 118 sends it back, and nobody else. */
export function withSubnetSelection(reply: DhcpMessage, message: DhcpMessage, settings: Settings): DhcpMessage {
  const subnet = selectedSubnet(message, settings)
  if (subnet === undefined || linkSelection(message) !== undefined) return reply
  return withOption(reply, subnetSelection, subnet)
}

/**
 * The wire that the client is on, as far as it is configured. A client that uses its address already and was not relayed may have come
 * through a router: then its address says where it is.
 */
export function segmentOf({ message, link }: Asked, settings: Settings): Segment | undefined {
  const { networks } = settings
  const named = namedNetwork(message, settings)
  if (named !== undefined) return networks.segmentOf(named)
  const own = message.ciaddr === UNSPECIFIED ? undefined : networks.segmentOf(message.ciaddr)
  return own ?? networks.segmentOn(link.name)
}

/** The link's own address is us as well, also where a relay agent gave us another name. */
export function isForUs({ message, server, link }: Asked): boolean {
  const named = option(message, serverIdentifier)
  return named === server || named === link.address
}

/**
 * Whether the reserved address can be used where the client is: in the same subnet, or in another one on the same wire. A client that
 * uses it already and was not relayed may have come through a router: where it is cannot be told then, and its answer goes to `ciaddr`.
 */
export function isUsableThere(address: ReservedAddress, asked: Asked, settings: Settings): boolean {
  const { message, link } = asked
  if (message.giaddr === UNSPECIFIED && message.ciaddr === address.ip) return true
  const here = namedNetwork(message, settings) ?? link.address
  if (inSubnet(here, address.ip, address.mask)) return true
  const segment = segmentOf(asked, settings)
  return segment !== undefined && segment === settings.networks.segmentOf(address.ip)
}

/** How to ask who uses an address: by ARP at an interface of ours, by ping behind a router. */
export function wayTo(address: Ipv4Address, { mac: client, link }: Asked, { networks }: Settings): Way {
  const there = networks.segmentOf(address)
  const here =
    there === undefined ? inSubnet(address, link.address, link.mask) : there === networks.segmentOn(link.name)
  return { address, link: link.name, method: here ? 'arp' : 'icmp', client }
}
