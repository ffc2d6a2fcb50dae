import type { Ipv4Address, Seconds } from '../net/index.ts'
import type { Options } from './option-set.ts'

/**
 * A DHCPv4 message (RFC 2131 §2), field names as in the RFC.
 *
 * ```
 *    0                   1                   2                   3
 *    +---------------+---------------+---------------+---------------+
 *    |     op (1)    |   htype (1)   |   hlen (1)    |   hops (1)    |
 *    +---------------+---------------+---------------+---------------+
 *    |                            xid (4)                            |
 *    +-------------------------------+-------------------------------+
 *    |           secs (2)            |           flags (2)           |
 *    +-------------------------------+-------------------------------+
 *    |   ciaddr (4) · yiaddr (4) · siaddr (4) · giaddr (4)           |
 *    +---------------------------------------------------------------+
 *    |   chaddr (16) · sname (64) · file (128)                       |
 *    +---------------------------------------------------------------+
 *    |   options: 63 82 53 63, then code length value …, 255         |
 *    +---------------------------------------------------------------+
 * ```
 */
export interface DhcpMessage {
  readonly op: 'bootrequest' | 'bootreply'
  readonly htype: number
  readonly hops: number
  readonly xid: number
  readonly secs: Seconds
  readonly flags: number
  readonly ciaddr: Ipv4Address
  readonly yiaddr: Ipv4Address
  readonly siaddr: Ipv4Address
  readonly giaddr: Ipv4Address
  /** The first hlen (0…16) octets of the field. */
  readonly chaddr: Uint8Array
  /** The other 16 − hlen octets of the field, only when they are not all zero: a reply carries them back (RFC 2131 table 3). */
  readonly chaddrTail?: Uint8Array
  readonly sname: string
  readonly file: string
  /** By code, instances joined per RFC 3396 in the order options, file, sname; unknown codes are kept. Never holds 0, 255 or 52. */
  readonly options: Options
}

/** RFC 2131 §2, figure 2: the most significant bit of `flags`. */
export const BROADCAST_FLAG = 0x8000

/** UDP ports, RFC 2131 §4.1. */
export const SERVER_PORT = 67
export const CLIENT_PORT = 68

/** Octets of the fixed fields and the magic cookie; what follows is options. */
export const HEADER_LENGTH = 240
/** RFC 2131 §3: the four octets in front of the options, `63 82 53 63`. */
export const MAGIC_COOKIE = 0x63825363
/** RFC 951 §3: the BOOTP payload is 300 octets, and old relays and ROMs drop shorter ones. */
export const MINIMUM_LENGTH = 300

/** Where the fixed fields start, and how wide the three wide ones are. */
export const CHADDR = { at: 28, width: 16 } as const
export const SNAME = { at: 44, width: 64 } as const
export const FILE = { at: 108, width: 128 } as const

/** Codes that are punctuation, not data: they frame the options and are never kept in `DhcpMessage.options`. */
export const PAD = 0
export const OVERLOAD = 52
export const END = 255
