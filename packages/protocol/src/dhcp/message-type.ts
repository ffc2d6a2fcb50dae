import { DecodeError } from '../bytes/index.ts'
import type { Codec } from './codec.ts'
import type { DhcpMessage } from './message.ts'

/** The values of option 53: number, name, where it is defined. Names are the RFC's in lower case. */
const MESSAGE_TYPES = [
  { number: 1, name: 'discover', section: 'RFC 2132 §9.6' },
  { number: 2, name: 'offer', section: 'RFC 2132 §9.6' },
  { number: 3, name: 'request', section: 'RFC 2132 §9.6' },
  { number: 4, name: 'decline', section: 'RFC 2132 §9.6' },
  { number: 5, name: 'ack', section: 'RFC 2132 §9.6' },
  { number: 6, name: 'nak', section: 'RFC 2132 §9.6' },
  { number: 7, name: 'release', section: 'RFC 2132 §9.6' },
  { number: 8, name: 'inform', section: 'RFC 2132 §9.6' },
  { number: 9, name: 'force-renew', section: 'RFC 3203' },
  { number: 10, name: 'lease-query', section: 'RFC 4388' },
  { number: 11, name: 'lease-unassigned', section: 'RFC 4388' },
  { number: 12, name: 'lease-unknown', section: 'RFC 4388' },
  { number: 13, name: 'lease-active', section: 'RFC 4388' },
  { number: 14, name: 'bulk-lease-query', section: 'RFC 6926' },
  { number: 15, name: 'lease-query-done', section: 'RFC 6926' },
  { number: 16, name: 'active-lease-query', section: 'RFC 7724' },
  { number: 17, name: 'lease-query-status', section: 'RFC 7724' },
  { number: 18, name: 'tls', section: 'RFC 7724' },
] as const

export type MessageType = (typeof MESSAGE_TYPES)[number]['name']

const NAMES: readonly (MessageType | undefined)[] = [undefined, ...MESSAGE_TYPES.map((row) => row.name)]
/** Made once, since every reply has one; nobody writes into the value of an option. */
const VALUES: ReadonlyMap<MessageType, Uint8Array> = new Map(
  MESSAGE_TYPES.map((row) => [row.name, Uint8Array.of(row.number)]),
)

/** One octet, a number of MESSAGE_TYPES. */
export const messageTypes: Codec<MessageType> = {
  decode(value) {
    if (value.length !== 1) throw new DecodeError('bad-length', 0)
    const name = NAMES[value[0]!]
    if (name === undefined) throw new DecodeError('bad-option', 0)
    return name
  },
  encode: (type) => VALUES.get(type)!,
  format: String,
}

/** Option 53; undefined when it is missing (BOOTP), malformed or a number nobody has assigned. */
export function messageType(message: DhcpMessage): MessageType | undefined {
  const value = message.options.get(53)
  return value?.length === 1 ? NAMES[value[0]!] : undefined
}
