import { DecodeError } from '@reboots/protocol/bytes'
import {
  bootFileName,
  decodeMessage,
  messageType,
  option,
  requestedAddress,
  serverIdentifier,
  tftpServerName,
  vendorClass,
  type DhcpMessage,
} from '@reboots/protocol/dhcp'
import type { Ipv4Address, MacAddress } from '@reboots/protocol/net'
import type { Overheard } from '@reboots/runtime'

/** What another server told a client, as far as it matters for booting. */
export interface ServerReply {
  /** Option 54, or else where it came from. */
  readonly server: Ipv4Address
  readonly mac: MacAddress
  readonly yiaddr: Ipv4Address
  readonly siaddr: Ipv4Address
  /** Option 67 or the field of the header; empty if there is none. */
  readonly file: string
  readonly vendorClass: string
  readonly tftpServer: string
  /** Octets of option 43. */
  readonly vendorOptions: Uint8Array
  readonly kind: ServerKind | undefined
}

/** Programs that can be told by the order of their options. */
export type ServerKind = 'dnsmasq' | 'Kea' | 'Windows'

/** Long enough for a URL; what a stranger sends is not kept whole. */
const MOST_TEXT = 256
const MOST_OCTETS = 64

/** What was overheard on port 68: OFFERs and ACKs. Undefined for anything else. */
export function serverReply({ bytes, from, sender }: Overheard): ServerReply | undefined {
  const message = decoded(bytes)
  if (message?.op !== 'bootreply') return undefined
  const type = messageType(message)
  if (type !== 'offer' && type !== 'ack') return undefined
  return {
    server: option(message, serverIdentifier) ?? from.address,
    mac: sender,
    yiaddr: message.yiaddr,
    siaddr: message.siaddr,
    file: (option(message, bootFileName) ?? message.file).slice(0, MOST_TEXT),
    vendorClass: (option(message, vendorClass) ?? '').slice(0, MOST_TEXT),
    tftpServer: (option(message, tftpServerName) ?? '').slice(0, MOST_TEXT),
    vendorOptions: (message.options.get(43) ?? new Uint8Array()).slice(0, MOST_OCTETS),
    kind: kindOf([...message.options.keys()]),
  }
}

/** What a client that takes an offer says to everybody (RFC 2131 §4.3.2, SELECTING): whose, and which address. */
export interface Choice {
  readonly server: Ipv4Address
  readonly address: Ipv4Address
}

/** What was overheard on port 67: a REQUEST that names its server. Undefined for anything else. */
export function choiceOfClient({ bytes }: Overheard): Choice | undefined {
  const message = decoded(bytes)
  if (message?.op !== 'bootrequest' || messageType(message) !== 'request') return undefined
  const server = option(message, serverIdentifier)
  const address = option(message, requestedAddress)
  return server === undefined || address === undefined ? undefined : { server, address }
}

/** By the order of their options. That of Windows is from what others have captured; the other two are tried. */
function kindOf(codes: readonly number[]): ServerKind | undefined {
  const [first, ...rest] = codes
  if (first !== 53) return undefined
  if (beginsWith(rest, [1, 58, 59, 51, 54])) return 'Windows'
  // dnsmasq: what the lease needs, then boot options if any, then half and seven eighths of its time.
  if (beginsWith(rest, [54, 51])) return rest[rest.indexOf(58) + 1] === 59 ? 'dnsmasq' : undefined
  // Kea: the message type, and then by number.
  const ascending = rest.every((code, index) => index === 0 || code > rest[index - 1]!)
  return ascending && rest[0]! < 53 && rest.includes(54) ? 'Kea' : undefined
}

function beginsWith(codes: readonly number[], beginning: readonly number[]): boolean {
  return beginning.every((code, index) => codes[index] === code)
}

function decoded(bytes: Uint8Array): DhcpMessage | undefined {
  try {
    return decodeMessage(bytes)
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}
