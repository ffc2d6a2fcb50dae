import { hex } from '../bytes/index.ts'
import { macOfBytes, type MacAddress } from '../net/index.ts'
import type { DhcpMessage } from './message.ts'

/** How a client is told from another. */
export interface ClientKeyRule {
  /** For sites whose firmware and operating systems send different identifiers for one machine: only htype and chaddr count, where there is a chaddr. */
  readonly ignoreClientIdentifier?: boolean
}

/** RFC 2132 §9.14: a type and at least one octet. A shorter value identifies nobody. */
const SHORTEST_IDENTIFIER = 2
/** One instance of an option. A longer value, put together from many (RFC 3396), would only fill our tables. */
const LONGEST_IDENTIFIER = 255

const NOTHING = new Uint8Array(0)

/** `chaddr` as text, '' when the client sent none (hlen 0, as over InfiniBand). */
export function macOf(message: DhcpMessage): MacAddress {
  return macOfBytes(message.chaddr)
}

/**
 * Who holds the lease, within a subnet: the client identifier if there is one, else hardware type and address
 * (RFC 2131 §4.2). An identifier of under 2 or over 255 octets counts as none. `id:01525400aa0021` or `hw:1:52:54:00:aa:00:21`: the two never meet, and both sort and print well.
 */
export function clientKey(message: DhcpMessage, rule?: ClientKeyRule): string {
  // RFC 4390 §2.1: over InfiniBand there is no hardware address, and all clients would be one.
  const isIgnored = rule?.ignoreClientIdentifier === true && message.chaddr.length > 0
  const identifier = isIgnored ? undefined : message.options.get(61)
  if (identifier !== undefined && isUsable(identifier)) return `id:${hex(identifier)}`
  return `hw:${message.htype}:${macOfBytes(message.chaddr)}`
}

function isUsable(identifier: Uint8Array): boolean {
  return identifier.length >= SHORTEST_IDENTIFIER && identifier.length <= LONGEST_IDENTIFIER
}

/**
 * What the client asks for in option 55, in its order of preference (RFC 2132 §9.8); empty when it does not say. 0 and
 * 255 are left out: arm64 UEFI sends uninitialised memory there, and neither is an option.
 */
export function parameterRequestList(message: DhcpMessage): readonly number[] {
  const codes: number[] = []
  for (const code of message.options.get(55) ?? NOTHING) if (code !== 0 && code !== 255) codes.push(code)
  return codes
}
