import {
  clientKey,
  decodeMessage,
  leaseTime,
  macOf,
  messageType,
  option,
  serverIdentifier,
  type DhcpMessage,
} from '@reboots/protocol/dhcp'
import { formatIpv4, INFINITE, UNSPECIFIED, type Ipv4Address } from '@reboots/protocol/net'
import type { Books } from './books.ts'
import { AT } from './octets.ts'
import { isForAll, RESERVED } from './site.ts'
import type { Fate, Stand } from './stand.ts'

/** A reply with the message it answers, both as decoded. */
export interface Exchange {
  readonly request: DhcpMessage
  readonly reply: DhcpMessage
  readonly type: 'offer' | 'ack' | 'nak'
}

type Reply = NonNullable<Fate['reply']>
type Check = (exchange: Exchange, sent: Reply, stand: Stand) => boolean

const REPLY_TYPES: ReadonlySet<string | undefined> = new Set(['offer', 'ack', 'nak'])

/** What has to hold for every reply whatever it answers: by the words that are printed when it does not. */
const LAWS: Readonly<Record<string, Check>> = {
  'a reply to what is no request': ({ request }) => request.op === 'bootrequest',
  'a reply that is none': ({ reply }) => reply.op === 'bootreply',
  'a reply of fewer than 300 octets': (_, { bytes }) => bytes.length >= 300,
  'a reply longer than option 57 allows': ({ request }, { bytes }) => bytes.length <= longest(request),
  'no server identifier': ({ reply }) => option(reply, serverIdentifier) !== undefined,
  'another transaction': ({ request, reply }) => request.xid === reply.xid && request.giaddr === reply.giaddr,
  'another client': ({ request, reply }) => request.htype === reply.htype && equal(request.chaddr, reply.chaddr),
  'an address from a proxy': ({ reply }, _, { proxy }) => !proxy || reply.yiaddr === UNSPECIFIED,
  'an address in a NAK': ({ reply, type }) => type !== 'nak' || (reply.yiaddr | reply.ciaddr | reply.siaddr) === 0,
  'a lease in a NAK': ({ reply, type }) => type !== 'nak' || !reply.options.has(51),
  'a lease in answer to an INFORM': ({ request, reply }) =>
    messageType(request) !== 'inform' || (reply.yiaddr === UNSPECIFIED && !reply.options.has(51)),
  'an address without a lease': ({ reply }) => reply.yiaddr === UNSPECIFIED || option(reply, leaseTime) !== undefined,
  'an address that is not for this client': ({ request, reply: { yiaddr } }) =>
    yiaddr === UNSPECIFIED || isForAll(yiaddr) || RESERVED.get(macOf(request)) === yiaddr,
  'option 61 not as it came': ({ request, reply }) => echoed(reply.options.get(61), request.options.get(61)),
  'option 82 not as it came': ({ request, reply }) =>
    echoed(reply.options.get(82), withoutVirtualSubnet(request.options.get(82))),
  // RFC 3046 §2.0: at least one sub-option.
  'an option 82 that is empty': ({ reply }) => reply.options.get(82)?.length !== 0,
  'option 82 is not the last': ({ reply }, { bytes }) => !reply.options.has(82) || endsWith82(bytes, reply),
  'nowhere to go': (_, { to: { to } }) => to.address !== UNSPECIFIED && to.port > 0 && to.port < 65_536,
  'not to the relay agent': ({ request }, { to }, { proxy }) =>
    proxy || request.giaddr === UNSPECIFIED || (to.kind === 'relay' && to.to.address === request.giaddr),
}

/** The reply, read again; what is wrong with it in `wrong`. */
export function check(
  request: DhcpMessage,
  sent: Reply,
  stand: Stand,
): { exchange: Exchange; wrong: readonly string[] } {
  const reply = decodeMessage(sent.bytes)
  const type = messageType(reply)
  const exchange = { request, reply, type: type as Exchange['type'] }
  if (!REPLY_TYPES.has(type)) return { exchange, wrong: [`a reply of type ${type}`] }
  const wrong: string[] = []
  for (const law in LAWS) if (!LAWS[law]!(exchange, sent, stand)) wrong.push(law)
  return { exchange, wrong }
}

/** What an exchange does to the books of the clients, and what is wrong with it in the light of these. */
export function enter(
  { request, reply, type }: Exchange,
  books: Books,
  { identity }: Stand,
  now: number,
): string | undefined {
  if (type === 'nak' || reply.yiaddr === UNSPECIFIED) return undefined
  const client = holderOf(request, reply.yiaddr, identity)
  if (type === 'offer') return books.offer(client, reply.yiaddr, now)
  const seconds = option(reply, leaseTime)!
  return books.bind(client, reply.yiaddr, seconds === INFINITE ? Infinity : seconds, now)
}

/** What a message that got no reply does to the books: it was heeded when its reason says so. */
export function enterSilence(
  request: DhcpMessage,
  silent: unknown,
  books: Books,
  { identity }: Stand,
  now: number,
): void {
  const address = (silent === 'declined' ? requested(request) : request.ciaddr) as Ipv4Address
  const client = holderOf(request, address, identity)
  if (silent === 'released') books.release(client, address)
  else if (silent === 'declined') books.decline(client, address, now)
  else if (silent === 'other-server-selected') books.declineOffers(holderOf(request, 0 as Ipv4Address, identity))
}

/** A reserved address is its machine's, an address of a pool its client's. */
function holderOf(request: DhcpMessage, address: Ipv4Address, identity: Stand['identity']): string {
  const mac = macOf(request)
  if (RESERVED.get(mac) === address || (identity === 'mac' && mac !== '')) return mac
  return clientKey(request)
}

function requested(request: DhcpMessage): number {
  const value = request.options.get(50)
  return value?.length === 4 ? new DataView(value.buffer, value.byteOffset, 4).getUint32(0) : 0
}

function longest(request: DhcpMessage): number {
  const value = request.options.get(57)
  const size = value?.length === 2 ? value[0]! * 256 + value[1]! : 576
  return Math.min(Math.max(size, 576), 1500) - 28
}

/** As it came, or not at all where there was no room for it. */
function echoed(back: Uint8Array | undefined, came: Uint8Array | undefined): boolean {
  return back === undefined || (came !== undefined && equal(back, came))
}

/** RFC 6607: sub-option 151 is not sent back, because nothing was chosen by it. */
function withoutVirtualSubnet(value: Uint8Array | undefined): Uint8Array | undefined {
  if (value === undefined) return undefined
  const kept: number[] = []
  for (let at = 0; at < value.length;) {
    const end = Math.min(at + 2 + (value[at + 1] ?? 0), value.length)
    if (value[at] !== 151) kept.push(...value.subarray(at, end))
    at = end
  }
  return Uint8Array.from(kept)
}

function endsWith82(bytes: Uint8Array, reply: DhcpMessage): boolean {
  let end = bytes.length
  while (end > AT.options && bytes[end - 1] === 0) end--
  const value = reply.options.get(82)!
  return value.length > 255 || equal(bytes.subarray(end - 1 - value.length, end - 1), value)
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false
  return true
}

export function describeExchange({ request, reply, type }: Exchange): string {
  return `${messageType(request)} of ${macOf(request)}, ${type} ${formatIpv4(reply.yiaddr)}`
}
