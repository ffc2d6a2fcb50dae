import { LIMITED_BROADCAST, UNSPECIFIED, type Endpoint } from '../net/index.ts'
import { BROADCAST_FLAG, CLIENT_PORT, SERVER_PORT, type DhcpMessage } from './message.ts'
import { messageType } from './message-type.ts'
import { relayAgent } from './relay-agent.ts'

/**
 * Where a reply goes. `hardware`: to an address the client has not got yet, so it cannot answer ARP; the frame has to be
 * addressed to `chaddr` (raw frame or a prepared ARP entry), or be broadcast where neither can be done.
 */
export type Destination =
  | { readonly kind: 'relay' | 'unicast' | 'broadcast'; readonly to: Endpoint }
  | { readonly kind: 'hardware'; readonly to: Endpoint; readonly chaddr: Uint8Array }

const EVERYONE: Destination = { kind: 'broadcast', to: { address: LIMITED_BROADCAST, port: CLIENT_PORT } }

/**
 * RFC 2131 §4.1, first row that fits:
 *
 * | giaddr | reply | ciaddr | B flag | yiaddr | to |
 * |--------|-------|--------|--------|--------|----|
 * | set | any | any | any | any | relay, giaddr:67, or the port it sent from if it asks so (RFC 8357, sub-option 19) |
 * | 0 | NAK | any | any | any | broadcast |
 * | 0 | other | set | any | any | unicast to ciaddr:68 |
 * | 0 | other | 0 | set | any | broadcast |
 * | 0 | other | 0 | clear | set | hardware: yiaddr:68 at chaddr |
 * | 0 | other | 0 | clear | 0 | broadcast (proxy offers) |
 *
 * An INFORM with `ciaddr` 0, which the RFC does not know but clients send, is answered where it came from (`from`).
 * Without a hardware address (hlen 0) the last-but-one row broadcasts. `from` is the source of the request.
 */
export function replyDestination(request: DhcpMessage, reply: DhcpMessage, from?: Endpoint): Destination {
  if (request.giaddr !== UNSPECIFIED) {
    return { kind: 'relay', to: { address: request.giaddr, port: relayPort(request, from) } }
  }
  if (messageType(reply) === 'nak') return EVERYONE
  if (request.ciaddr !== UNSPECIFIED) return { kind: 'unicast', to: { address: request.ciaddr, port: CLIENT_PORT } }
  if (from !== undefined && from.address !== UNSPECIFIED && messageType(request) === 'inform') {
    return { kind: 'unicast', to: { address: from.address, port: CLIENT_PORT } }
  }
  if (((request.flags | reply.flags) & BROADCAST_FLAG) !== 0) return EVERYONE
  if (reply.yiaddr === UNSPECIFIED || request.chaddr.length === 0) return EVERYONE
  return { kind: 'hardware', to: { address: reply.yiaddr, port: CLIENT_PORT }, chaddr: request.chaddr }
}

/** RFC 8357: a relay that does not listen on 67 says so with sub-option 19, and means the port it sent from. */
function relayPort(request: DhcpMessage, from: Endpoint | undefined): number {
  if (from === undefined || from.port === 0) return SERVER_PORT
  return relayAgent(request)?.relaySourcePort === true ? from.port : SERVER_PORT
}
