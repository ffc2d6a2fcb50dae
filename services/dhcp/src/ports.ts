import type { Lease } from '@reboots/leases'
import type { DhcpMessage } from '@reboots/protocol/dhcp'
import type { Endpoint, Instant, Ipv4Address, MacAddress, Seconds } from '@reboots/protocol/net'
import type { BootClient } from '@reboots/protocol/pxe'
import type { BootServers, Facts, Policy, SeenBoots, Sighting } from '@reboots/rules'
import type { ChainLoads, Found, Traits } from '@reboots/runtime'
import type { Admission } from './admission/admission.ts'
import type { Classes } from './addressing/classes.ts'
import type { Networks } from './addressing/networks.ts'
import type { RelayMemory } from './relay-memory.ts'
import type { Reservation } from './reservation.ts'
import type { Cards } from './rival.ts'

/** What deciding needs from the world. Everything answers at once, from memory; steps in the lease store are part of the decision. */
export interface Ports {
  readonly machines: Machines
  readonly policy: Policies
  /** What is remembered of machines' boots, and of those that are seen here. */
  readonly history: Pick<SeenBoots, 'of' | 'addOnce'>
  readonly leases: Leases
  readonly relays: RelayMemory
  readonly cards: Cards
  readonly chainLoads: ChainLoads
  readonly settings: Settings
}

/** The hardware records, made ready for use by `reservationOf`. */
export interface Machines {
  byMac(mac: MacAddress): Reservation | undefined
  /** Some record is found by something else than a MAC: only then is it of use to ask `byTraits`. */
  readonly matching: boolean
  byTraits(traits: Traits<Sighting>): Found<Reservation> | undefined
  /** By its reserved address. */
  byIp(address: Ipv4Address): Reservation | undefined
  /** False until the records have been seen once. */
  readonly synced: boolean
}

/** The lease store, as far as it can be asked without waiting. */
export interface Leases {
  at(address: Ipv4Address, now: Instant): Lease | undefined
}

export interface Policies {
  /** Undefined until one has been seen. */
  current(): Policy | undefined
  /** To be told what was decided on: a candidate that is tried out decides on it too, later. */
  readonly decided?: (facts: Facts) => void
}

export interface Settings {
  /** Tell a known machine that names a wrong address so (NAK) instead of leaving it to other servers. */
  readonly authoritative: boolean
  readonly offerTime: Seconds
  readonly quarantineTime: Seconds
  /** The subnets and pools of the configuration, and what it says of leases and options. */
  readonly networks: Networks
  /** What goes with the classes that rules of the policy give. */
  readonly classes: Classes
  /** Who is heard at all. */
  readonly admission: Admission
  /** Whether machines without a record get addresses of the pools. */
  readonly servesUnknown: boolean
  /** What tells one client of a pool from another (RFC 2131 §4.2). */
  readonly clientIdentity: 'mac' | 'client-id'
  /** Option 118 is heeded (RFC 3011). */
  readonly subnetSelection: boolean
  /** Option 80 is heeded (RFC 4039). */
  readonly rapidCommit: boolean
  /** Whether it is asked who uses an address of a pool before it is offered to a client that is new to it, and how many at a time. */
  readonly conflictProbe: { readonly enabled: boolean; readonly waitMilliseconds: number; readonly atOnce: number }
  /** Other replicas keep the same books. */
  readonly sharedLeases: boolean
  /** Where machines that ask on this link find their boot files. */
  bootServers(link: Link): BootServers
}

/** An interface on which clients are served. */
export interface Link {
  readonly name: string
  readonly address: Ipv4Address
  readonly mask: Ipv4Address
}

/** How a message came in. */
export interface Arrival {
  readonly link: Link
  readonly from: Endpoint
}

/** A message of a client, with what the fork has found out about it. */
export interface Asked extends Arrival {
  readonly message: DhcpMessage
  readonly mac: MacAddress
  /** Absent: not a network-boot client. */
  readonly client: BootClient | undefined
  /** Who we are in the answer, option 54. */
  readonly server: Ipv4Address
  readonly now: Instant
}
