import type { AddressRange, Pool } from '@reboots/leases'
import { option, userClasses, vendorClass, type DhcpMessage } from '@reboots/protocol/dhcp'
import type { Ipv4Address } from '@reboots/protocol/net'
import type { OptionValues, Stage, StageTimes, Terms, TermsByStage } from './terms.ts'

/** A stretch of addresses for whoever comes. */
export interface SubnetPool {
  readonly range: AddressRange
  /** Only for clients whose user class is this, or whose vendor class begins with it. */
  readonly class: string | undefined
  readonly terms: TermsByStage
}

export interface Subnet {
  /** `192.0.2.0/24` */
  readonly text: string
  readonly network: Ipv4Address
  readonly mask: Ipv4Address
  readonly pools: readonly SubnetPool[]
  /** For addresses outside of the pools, which clients have from elsewhere. */
  readonly terms: TermsByStage
  /** What reservations in it get as far as their records do not say. */
  readonly options: OptionValues
  readonly times: StageTimes
  readonly nextServer: Ipv4Address | undefined
  readonly bootFile: string | undefined
}

/** The subnets of one wire: a client on it may have an address of any of them. */
export class Segment {
  readonly subnets: readonly Subnet[]
  readonly #pools: readonly SubnetPool[]
  readonly #classes: readonly string[]
  /** Pools that clients of the same classes share, by which of the classes they are in. */
  readonly #offers = new Map<string, Pool>()
  readonly #times: Pick<Pool, 'offerTime' | 'quarantineTime'>

  constructor(subnets: readonly Subnet[], times: Pick<Pool, 'offerTime' | 'quarantineTime'>) {
    this.subnets = subnets
    this.#times = times
    this.#pools = subnets.flatMap((subnet) => subnet.pools)
    this.#classes = [...new Set(this.#pools.map((pool) => pool.class).filter((name) => name !== undefined))]
  }

  get hasPool(): boolean {
    return this.#pools.length > 0
  }

  /** Where an address for this client may come from: the pools of its classes first, then those for everybody. */
  offersTo(message: DhcpMessage): Pool {
    const mine = this.#classes.filter((name) => isOfClass(message, name))
    const key = mine.join('\n')
    let offers = this.#offers.get(key)
    if (offers === undefined) this.#offers.set(key, (offers = this.#offersFor(mine)))
    return offers
  }

  #offersFor(classes: readonly string[]): Pool {
    const own = this.#pools.filter((pool) => pool.class !== undefined && classes.includes(pool.class))
    const open = this.#pools.filter((pool) => pool.class === undefined)
    const ranges = [...own, ...open].map((pool) => pool.range)
    const leaseTime = this.#pools[0]!.terms.default.pool.leaseTime
    return { ranges, leaseTime, ...this.#times }
  }

  /** What goes with an address of a pool; undefined when it is in none. */
  pooled(address: Ipv4Address, stage: Stage): Terms | undefined {
    const pool = this.#pools.find(({ range }) => contains(range, address))
    return pool?.terms[stage]
  }

  /** What goes with any address of the wire; undefined when it is none of its subnets'. */
  at(address: Ipv4Address, stage: Stage): Terms | undefined {
    const subnet = this.subnets.find(({ network, mask }) => ((address ^ network) & mask) === 0)
    return this.pooled(address, stage) ?? subnet?.terms[stage]
  }
}

export function contains({ first, last }: AddressRange, address: Ipv4Address): boolean {
  return first <= address && address <= last
}

function isOfClass(message: DhcpMessage, name: string): boolean {
  return userClasses(message).includes(name) || (option(message, vendorClass)?.startsWith(name) ?? false)
}
