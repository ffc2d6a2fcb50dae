import type { Endpoint, Ipv4Address, MacAddress } from '@reboots/protocol/net'
import type { Discovery } from '@reboots/protocol/pxe'
import type { BootServers, Facts, MachineFacts, Policy, SeenBoots, Sighting } from '@reboots/rules'
import type { ChainLoads, Found, Traits } from '@reboots/runtime'
import type { Admission } from './admission.ts'
import type { Choices } from './choices.ts'
import type { Mode } from './networks.ts'
import type { RelayWays } from './relayed.ts'

/** What this service needs from the world. Everything answers at once, from memory. */
export interface Ports {
  readonly machines: Machines
  readonly policy: Policies
  /** What is remembered of machines' boots, and of those that are seen here. */
  readonly history: Pick<SeenBoots, 'of' | 'addOnce'>
  readonly settings: Settings
  readonly choices: Choices
  readonly chainLoads: ChainLoads
  readonly relayWays: RelayWays
}

/** The hardware records, as rules see them. */
export interface Machines {
  byMac(mac: MacAddress): MachineFacts | undefined
  /** Some record is found by something else than a MAC: only then is it of use to ask `byTraits`. */
  readonly matching: boolean
  byTraits(traits: Traits<Sighting>): Found<MachineFacts> | undefined
  /** False until the records have been seen once. */
  readonly synced: boolean
}

export interface Policies {
  /** Undefined until one has been seen. */
  current(): Policy | undefined
  /** To be told what was decided on: a candidate that is tried out decides on it too, later. */
  readonly decided?: (facts: Facts) => void
}

export interface Settings {
  /** Where machines that ask on this link find their boot files. */
  bootServers(link: Link): BootServers
  /** Who is answered on a link; `behind` is an address from behind a relay agent, or 0.0.0.0. */
  modeFor(link: Link, behind: Ipv4Address): Mode
  /** How clients that show a menu may look for boot servers. */
  readonly discovery: Discovery
  /** Which machines are ours at all. */
  readonly admission: Admission
  /** Seconds that a client has to have tried for on port 67. */
  readonly minimumSecs: number
  /** Our address on every link we answer on: what a client may name as the server it means. */
  readonly addresses: ReadonlySet<Ipv4Address>
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
