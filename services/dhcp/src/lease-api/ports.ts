import type { LeaseLedger } from '@reboots/leases'
import type { Instant, Ipv4Address, MacAddress } from '@reboots/protocol/net'
import type { Networks } from '../addressing/networks.ts'
import type { Settings } from '../ports.ts'
import type { Reservation } from '../reservation.ts'
import type { Feed } from './feed.ts'

/** What the lease API needs of the rest of the service. */
export interface ApiPorts {
  readonly leases: LeaseLedger
  readonly feed: Feed
  readonly networks: Networks
  readonly clientIdentity: Settings['clientIdentity']
  readonly machines: {
    byMac(mac: MacAddress): Reservation | undefined
    byIp(address: Ipv4Address): Reservation | undefined
  }
  now(): Instant
}
