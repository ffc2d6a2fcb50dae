import type { Ipv4Address, Seconds } from '../net/index.ts'

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
  readonly sname: string
  readonly file: string
  /** By code, instances joined per RFC 3396 in the order options, file, sname; unknown codes are kept. Never holds 0, 255 or 52. */
  readonly options: ReadonlyMap<number, Uint8Array>
}

/** RFC 2131 §2, figure 2: the most significant bit of `flags`. */
export const BROADCAST_FLAG = 0x8000
