import { octets } from '../bytes/index.ts'
import { INFINITE, UNSPECIFIED, type Ipv4Address, type Seconds } from '../net/index.ts'
import { ipv4 } from './codec.ts'
import { BROADCAST_FLAG, type DhcpMessage } from './message.ts'
import { messageTypes, type MessageType } from './message-type.ts'
import { configuredOptions, type NetworkConfig } from './network-config.ts'
import { leaseTime, rebindingTime, renewalTime } from './options.ts'
import { echoedRelayAgent, relayAgent } from './relay-agent.ts'

const NO_SECONDS = 0 as Seconds

/**
 * DHCPOFFER, RFC 2131 §4.3.1: `yiaddr` for `config.leaseTime` seconds, and of the configuration what the client asked
 * for. `server` is our address on the link the message came in by. Boot information (siaddr, file) is added by others.
 */
export function offer(
  discover: DhcpMessage,
  yiaddr: Ipv4Address,
  config: NetworkConfig,
  server: Ipv4Address,
): DhcpMessage {
  const reply = bootReply(discover, 'offer', server, [...leaseOptions(config), ...configuredOptions(discover, config)])
  return { ...reply, yiaddr }
}

/** DHCPACK, RFC 2131 §4.3.1 and table 3: as the offer, and `ciaddr` is copied from the request. */
export function ack(
  request: DhcpMessage,
  yiaddr: Ipv4Address,
  config: NetworkConfig,
  server: Ipv4Address,
): DhcpMessage {
  const reply = bootReply(request, 'ack', server, [...leaseOptions(config), ...configuredOptions(request, config)])
  return { ...reply, ciaddr: request.ciaddr, yiaddr }
}

/**
 * DHCPNAK, RFC 2131 §4.3.2 and table 3: no addresses, no lease, no configuration; `why` goes into option 56 for whoever
 * reads the client's log ('' for none). Towards a relay the broadcast flag is set, because the client's address is no good.
 */
export function nak(request: DhcpMessage, server: Ipv4Address, why: string): DhcpMessage {
  const reply = bootReply(request, 'nak', server, why === '' ? [] : [[56, octets(why)]])
  return request.giaddr === UNSPECIFIED ? reply : { ...reply, flags: reply.flags | BROADCAST_FLAG }
}

/** DHCPACK to a DHCPINFORM, RFC 2131 §4.3.5: configuration only, no `yiaddr`, no lease time and none of its halves. */
export function informAck(inform: DhcpMessage, config: NetworkConfig, server: Ipv4Address): DhcpMessage {
  const reply = bootReply(inform, 'ack', server, configuredOptions(inform, config))
  return { ...reply, ciaddr: inform.ciaddr }
}

/**
 * What every reply has in common (RFC 2131 table 3): xid, htype, flags, giaddr and all 16 octets of chaddr copied, the
 * rest of the header empty; 53 and 54; 61 as the client sent it (RFC 6842) and 82 as the relay did (RFC 3046 §2.2).
 * `more` are options by code, already encoded; the common ones win over them.
 */
export function bootReply(
  request: DhcpMessage,
  type: MessageType,
  server: Ipv4Address,
  more: Iterable<readonly [number, Uint8Array]> = [],
): DhcpMessage {
  const options = new Map<number, Uint8Array>(more)
  options.set(53, messageTypes.encode(type))
  options.set(54, ipv4.encode(serverIdentifierFor(request, server)))
  const identifier = request.options.get(61)
  if (identifier !== undefined) options.set(61, identifier)
  const relayed = request.options.get(82)
  if (relayed !== undefined) options.set(82, echoedRelayAgent(relayed))
  return {
    op: 'bootreply',
    htype: request.htype,
    hops: 0,
    xid: request.xid,
    secs: NO_SECONDS,
    flags: request.flags,
    ciaddr: UNSPECIFIED,
    yiaddr: UNSPECIFIED,
    siaddr: UNSPECIFIED,
    giaddr: request.giaddr,
    chaddr: request.chaddr,
    ...(request.chaddrTail && { chaddrTail: request.chaddrTail }),
    sname: '',
    file: '',
    options,
  }
}

/**
 * What a reply to this message says in option 54, and what a REQUEST that means us says there: our address, or the one
 * the relay wants to be taken for us (RFC 5107; heeded only in a message that came through a relay).
 */
export function serverIdentifierFor(request: DhcpMessage, server: Ipv4Address): Ipv4Address {
  if (request.giaddr === UNSPECIFIED) return server
  return relayAgent(request)?.serverIdOverride ?? server
}

/** 51, and unless the lease never ends 58 and 59 at a half and seven eighths of it (RFC 2131 §4.4.5), in whole seconds. */
function leaseOptions({ leaseTime: lease }: NetworkConfig): [number, Uint8Array][] {
  const options: [number, Uint8Array][] = [[leaseTime.code, leaseTime.encode(lease)]]
  if (lease === INFINITE) return options
  options.push([renewalTime.code, renewalTime.encode(Math.floor(lease * 0.5) as Seconds)])
  options.push([rebindingTime.code, rebindingTime.encode(Math.floor(lease * 0.875) as Seconds)])
  return options
}
