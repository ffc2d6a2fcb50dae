import { INFINITE, UNSPECIFIED, type Ipv4Address, type Seconds } from '../net/index.ts'
import { BROADCAST_FLAG, type DhcpMessage } from './message.ts'
import type { MessageType } from './message-type.ts'
import { OptionSet } from './option-set.ts'
import { configuredOptions, type NetworkConfig } from './network-config.ts'
import {
  clientIdentifier,
  leaseTime,
  message,
  messageTypeOption,
  rebindingTime,
  relayAgentInformation,
  renewalTime,
  serverIdentifier,
} from './options.ts'
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
  const options = configuredOptions(discover, config)
  addLease(options, config.leaseTime)
  return compose(discover, 'offer', server, options, { yiaddr })
}

/** DHCPACK, RFC 2131 §4.3.1 and table 3: as the offer, and `ciaddr` is copied from the request. */
export function ack(
  request: DhcpMessage,
  yiaddr: Ipv4Address,
  config: NetworkConfig,
  server: Ipv4Address,
): DhcpMessage {
  const options = configuredOptions(request, config)
  addLease(options, config.leaseTime)
  return compose(request, 'ack', server, options, { ciaddr: request.ciaddr, yiaddr })
}

/**
 * DHCPNAK, RFC 2131 §4.3.2 and table 3: no addresses, no lease, no configuration; `why` goes into option 56 for whoever
 * reads the client's log ('' for none). Towards a relay the broadcast flag is set: the client's address is no good.
 */
export function nak(request: DhcpMessage, server: Ipv4Address, why: string): DhcpMessage {
  const options = OptionSet.empty()
  if (why !== '') options.set(message.code, message.encode(why))
  const flags = request.giaddr === UNSPECIFIED ? request.flags : request.flags | BROADCAST_FLAG
  return compose(request, 'nak', server, options, { flags })
}

/** DHCPACK to a DHCPINFORM, RFC 2131 §4.3.5: configuration only, no `yiaddr`, no lease time and none of its parts. */
export function informAck(inform: DhcpMessage, config: NetworkConfig, server: Ipv4Address): DhcpMessage {
  return compose(inform, 'ack', server, configuredOptions(inform, config), { ciaddr: inform.ciaddr })
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
  return compose(request, type, server, OptionSet.of(more), {})
}

/**
 * What a reply to this message says in option 54, and what a REQUEST that means us says there: our address, or the one
 * the relay wants to be taken for us (RFC 5107; heeded only in a message that came through a relay).
 */
export function serverIdentifierFor(request: DhcpMessage, server: Ipv4Address): Ipv4Address {
  if (request.giaddr === UNSPECIFIED || !request.options.has(relayAgentInformation.code)) return server
  return relayAgent(request)?.serverIdOverride ?? server
}

interface HeaderFields {
  readonly flags?: number
  readonly ciaddr?: Ipv4Address
  readonly yiaddr?: Ipv4Address
}

/** Adds the common options to `options`, which becomes part of the reply. */
function compose(
  request: DhcpMessage,
  type: MessageType,
  server: Ipv4Address,
  options: OptionSet,
  { flags = request.flags, ciaddr = UNSPECIFIED, yiaddr = UNSPECIFIED }: HeaderFields,
): DhcpMessage {
  addCommon(options, request, type, server)
  const { htype, xid, giaddr, chaddr, chaddrTail } = request
  const reply: DhcpMessage = {
    op: 'bootreply',
    htype,
    hops: 0,
    xid,
    secs: NO_SECONDS,
    flags,
    ciaddr,
    yiaddr,
    siaddr: UNSPECIFIED,
    giaddr,
    chaddr,
    sname: '',
    file: '',
    options,
  }
  return chaddrTail === undefined ? reply : { ...reply, chaddrTail }
}

function addCommon(options: OptionSet, request: DhcpMessage, type: MessageType, server: Ipv4Address): void {
  options.set(messageTypeOption.code, messageTypeOption.encode(type))
  options.set(serverIdentifier.code, serverIdentifierValue(serverIdentifierFor(request, server)))
  const identifier = request.options.get(clientIdentifier.code)
  if (identifier !== undefined) options.set(clientIdentifier.code, identifier)
  const relayed = request.options.get(relayAgentInformation.code)
  if (relayed === undefined) return
  const echoed = echoedRelayAgent(relayed)
  // RFC 3046 §2.0: an option 82 has one sub-option at least.
  if (echoed.length > 0) options.set(relayAgentInformation.code, echoed)
}

let ourselves: { readonly address: Ipv4Address; readonly value: Uint8Array } | undefined

function serverIdentifierValue(address: Ipv4Address): Uint8Array {
  if (ourselves?.address !== address) ourselves = { address, value: serverIdentifier.encode(address) }
  return ourselves.value
}

/** A reply that gives its address for another time: 51, and 58 and 59 that go with it. */
export function withLeaseTime(reply: DhcpMessage, lease: Seconds): DhcpMessage {
  const options = OptionSet.of(reply.options)
  options.delete(renewalTime.code)
  options.delete(rebindingTime.code)
  addLease(options, lease)
  return { ...reply, options }
}

interface LeaseTimes {
  readonly lease: Seconds
  readonly values: readonly (readonly [code: number, value: Uint8Array])[]
}

/** Few lease times are given to many. */
let latest: LeaseTimes | undefined

function addLease(options: OptionSet, lease: Seconds): void {
  if (latest?.lease !== lease) latest = { lease, values: timesOf(lease) }
  const { values } = latest
  for (let i = 0; i < values.length; i++) options.set(values[i]![0], values[i]![1])
}

/** 51, and unless the lease never ends 58 and 59 at a half and seven eighths of it (RFC 2131 §4.4.5), in whole seconds. */
function timesOf(lease: Seconds): LeaseTimes['values'] {
  const whole = [leaseTime.code, leaseTime.encode(lease)] as const
  if (lease === INFINITE) return [whole]
  return [
    whole,
    [renewalTime.code, renewalTime.encode(Math.floor(lease * 0.5) as Seconds)],
    [rebindingTime.code, rebindingTime.encode(Math.floor(lease * 0.875) as Seconds)],
  ]
}
