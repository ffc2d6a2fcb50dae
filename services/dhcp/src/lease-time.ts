import { NEVER, type Lease } from '@reboots/leases'
import { leaseTime, option, withLeaseTime, type DhcpMessage } from '@reboots/protocol/dhcp'
import type { Instant, Seconds } from '@reboots/protocol/net'

/**
 * The ACK with no more time in it than the books give; undefined when there is none left. The books may give less than was asked for: while
 * a shared store is out of reach, a lease is confirmed up to the end that all replicas know, and a client that was told of a later one would
 * still use the address when another replica gives it away.
 */
export function withinLease(ack: DhcpMessage, lease: Lease, now: Instant): DhcpMessage | undefined {
  if (lease.expiresAt === NEVER) return ack
  const left = Math.floor((lease.expiresAt - now) / 1000) as Seconds
  if (left <= 0) return undefined
  const told = option(ack, leaseTime)
  return told === undefined || told <= left ? ack : withLeaseTime(ack, left)
}
