import {
  messageTypeOption,
  requestedAddress,
  serverIdentifier,
  withOption,
  type DhcpMessage,
  type MessageType,
} from '@reboots/protocol/dhcp'
import {
  bytesOfMac,
  parseIpv4,
  UNSPECIFIED,
  type Ipv4Address,
  type MacAddress,
  type Seconds,
} from '@reboots/protocol/net'

export const ip = (text: string): Ipv4Address => parseIpv4(text)!

/** The client that speaks when nothing else is said. */
export const MAC = '52:54:00:aa:00:01'

export interface Fields extends Partial<Pick<DhcpMessage, 'flags' | 'hops' | 'op' | 'xid' | 'file'>> {
  readonly mac?: string
  readonly ciaddr?: string
  readonly giaddr?: string
  /** Options 50 and 54. */
  readonly requested?: string
  readonly server?: string
  /** Option 55. */
  readonly asks?: readonly number[]
  /** Anything else, by code. */
  readonly options?: Readonly<Record<number, Uint8Array>>
}

/** A message as a client sends it: everything that is not given is empty. */
export function message(type: MessageType, fields: Fields = {}): DhcpMessage {
  const { mac = MAC, ciaddr, giaddr, requested, server, asks, options, ...header } = fields
  const blank: DhcpMessage = {
    op: 'bootrequest',
    htype: 1,
    hops: 0,
    xid: 0x12345678,
    secs: 0 as Seconds,
    flags: 0,
    ciaddr: ciaddr === undefined ? UNSPECIFIED : ip(ciaddr),
    yiaddr: UNSPECIFIED,
    siaddr: UNSPECIFIED,
    giaddr: giaddr === undefined ? UNSPECIFIED : ip(giaddr),
    chaddr: bytesOfMac(mac as MacAddress),
    sname: '',
    file: '',
    options: new Map(Object.entries(options ?? {}).map(([code, value]) => [Number(code), value])),
    ...header,
  }
  let result = withOption(blank, messageTypeOption, type)
  if (requested !== undefined) result = withOption(result, requestedAddress, ip(requested))
  if (server !== undefined) result = withOption(result, serverIdentifier, ip(server))
  if (asks !== undefined) result = { ...result, options: new Map(result.options).set(55, Uint8Array.from(asks)) }
  return result
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

/** What makes a message one of a network-boot client: options 60, 93, 94 and 97. */
export function pxe(
  arch: number,
  client: 'PXEClient' | 'HTTPClient' = 'PXEClient',
): Readonly<Record<number, Uint8Array>> {
  return {
    60: text(`${client}:Arch:${String(arch).padStart(5, '0')}:UNDI:003001`),
    93: Uint8Array.of(arch >> 8, arch & 255),
    94: Uint8Array.of(1, 3, 1),
    97: Uint8Array.from({ length: 17 }, (_, index) => index),
  }
}

/** The same client once iPXE runs on it. */
export function ipxe(arch: number): Readonly<Record<number, Uint8Array>> {
  return { ...pxe(arch), 77: text('iPXE') }
}
