import type { Instant, Ipv4Address, Seconds } from '@reboots/protocol/net'

/** First and last address of a stretch that is given out, both of them included. */
export interface AddressRange {
  readonly first: Ipv4Address
  readonly last: Ipv4Address
}

/** Where addresses come from and on which terms. */
export interface Pool {
  /** Dynamic addresses; none at all for a subnet that only has reservations. Two pools share a range whole or not at all. */
  readonly ranges: readonly AddressRange[]
  /** How long a bound address is the client's; INFINITE never ends. */
  readonly leaseTime: Seconds
  /** How long an offered address is held for the client that was offered it. */
  readonly offerTime: Seconds
  /** How long a declined address is given to nobody (RFC 2131 §4.3.3). */
  readonly quarantineTime: Seconds
}

/** What one client may lay claim to. */
export interface Claim {
  /** Identity of the client (RFC 2131 §4.2), the same for every message of it. */
  readonly client: string
  /** The address the client names: option 50, or `ciaddr`. */
  readonly requested: Ipv4Address | undefined
  /** The address that is kept for this client and nobody else. */
  readonly reserved: Ipv4Address | undefined
}

/** An address that is taken. `declined`: by nobody, `client` says who found it in use. */
export interface Lease {
  readonly client: string
  readonly address: Ipv4Address
  readonly state: 'offered' | 'bound' | 'declined'
  /** The first instant at which it is free again; NEVER for an infinite lease. */
  readonly expiresAt: Instant
  /** Of what is offered only: the client has this address bound, or was the last to have it. Absent: it is new to the client. */
  readonly known?: true
}

/** What the books say of an address, to be kept outside of them: who has it, or had it last. */
export interface LeaseRecord {
  /** Empty: nobody. */
  readonly client: string
  readonly address: Ipv4Address
  readonly state: Lease['state'] | 'free'
  /** Of a free address: when the last lease on it ended; 0 when there never was one. */
  readonly expiresAt: Instant
}

/** An address that is kept for a client, whether or not it has a lease on it: nobody else gets it. */
export interface Hold {
  readonly client: string
  readonly address: Ipv4Address
  /** The first instant at which it is kept no more; NEVER for one that does not end. */
  readonly expiresAt: Instant
}

/** All that the books say of an address. */
export interface AddressEntry {
  readonly record: LeaseRecord
  readonly hold: Hold | undefined
}

/** Later than any clock. A finite number, so that it survives JSON and SQL. */
export const NEVER = Number.MAX_SAFE_INTEGER as Instant
