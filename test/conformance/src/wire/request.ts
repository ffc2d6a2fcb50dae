import { bytes, ip, mac, u16, u32, u8 } from './octets.ts'

/** An option as it is put on the wire: code and value in hexadecimal. */
export type RequestOption = readonly [code: number, value: string]

/** Every field of a client's message; what is left out is as a plain Ethernet client sends it. */
export interface Request {
  readonly op?: number
  readonly htype?: number
  readonly hlen?: number
  readonly hops?: number
  readonly xid?: number
  readonly secs?: number
  readonly flags?: number
  readonly ciaddr?: string
  readonly yiaddr?: string
  readonly siaddr?: string
  readonly giaddr?: string
  readonly chaddr?: string
  /** Hexadecimal, what stands behind the hardware address in `chaddr`. */
  readonly chaddrTail?: string
  /** Hexadecimal. */
  readonly sname?: string
  readonly file?: string
  readonly cookie?: string
  /** Option 53; left out for BOOTP. */
  readonly type?: number
  readonly options?: readonly RequestOption[]
  /** What stands behind the last option, hexadecimal: END unless it is said. */
  readonly end?: string
}

export const DISCOVER = 1
export const OFFER = 2
export const REQUEST = 3
export const DECLINE = 4
export const ACK = 5
export const NAK = 6
export const RELEASE = 7
export const INFORM = 8
export const FORCE_RENEW = 9
export const LEASE_QUERY = 10

/**
 * The datagram of a message. Written for this suite alone, so that a mistake in the encoder under test cannot hide here.
 *
 * ```
 *    op 1 | htype 1 | hlen 1 | hops 1 | xid 4 | secs 2 | flags 2 | ciaddr 4 | yiaddr 4 | siaddr 4 | giaddr 4
 *    chaddr 16 | sname 64 | file 128 | cookie 4 | options …
 * ```
 */
export function datagramOf(request: Request): Uint8Array {
  const { op = 1, htype = 1, hlen = 6, hops = 0, xid = 0, secs = 0, flags = 0, chaddr = '' } = request
  const { ciaddr = '0.0.0.0', yiaddr = '0.0.0.0', siaddr = '0.0.0.0', giaddr = '0.0.0.0' } = request
  const { chaddrTail = '', sname = '', file = '', cookie = '63825363', end = 'ff' } = request
  const head = [u8(op), u8(htype), u8(hlen), u8(hops), u32(xid), u16(secs), u16(flags)]
  const addresses = ip(ciaddr, yiaddr, siaddr, giaddr)
  const fields = (mac(chaddr) + chaddrTail).padEnd(32, '0') + sname.padEnd(128, '0') + file.padEnd(256, '0')
  return bytes(head.join('') + addresses + fields + cookie + optionArea(request) + end)
}

function optionArea({ type, options = [] }: Request): string {
  const first: RequestOption[] = type === undefined ? [] : [[53, u8(type)]]
  return [...first, ...options].map(encodeOption).join('')
}

/** Code 0 stands for a pad: it has no length. */
export function encodeOption([code, value]: RequestOption): string {
  return code === 0 ? '00' : u8(code) + u8(value.length / 2) + value
}
