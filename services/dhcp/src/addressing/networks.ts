import type { AddressRange, Pool } from '@reboots/leases'
import { domainName, domainNameServer, domainSearch, logServer, router } from '@reboots/protocol/dhcp'
import { broadcastOf, inSubnet, networkOf, type Ipv4Address, type Seconds } from '@reboots/protocol/net'
import { contains, Segment, type Subnet, type SubnetPool } from './segment.ts'
import type { SubnetConfig } from './subnet-config.ts'
import { byStage, leaseTimeAt, withDefaults, type OptionValues, type StageTimes, type TermsByStage } from './terms.ts'

/** What the configuration says of all networks. */
export interface NetworksConfig {
  readonly subnets: readonly SubnetConfig[]
  readonly options: OptionValues
  readonly logServers: readonly Ipv4Address[]
  readonly leaseSeconds: StageTimes & { readonly default: Seconds }
  readonly offerTime: Seconds
  readonly quarantineTime: Seconds
}

interface Link {
  readonly name: string
  readonly address: Ipv4Address
}

/** The networks that addresses are given out in, ready for look-ups by address and by interface. */
export class Networks {
  /** Options for everybody, as far as nothing nearer says otherwise. */
  readonly options: OptionValues
  readonly times: StageTimes
  /** Addresses that are in use by the network itself: ours, and the routers'. */
  readonly occupied: ReadonlySet<Ipv4Address>
  /** By prefix, longest first, then by network: as many look-ups as there are lengths of prefixes. */
  readonly #byMask: readonly (readonly [mask: Ipv4Address, Map<Ipv4Address, Place>])[]
  readonly #byLink: ReadonlyMap<string, Segment>
  #former: readonly AddressRange[] = []

  constructor(config: NetworksConfig, links: readonly Link[] = []) {
    this.options = globalOptions(config)
    this.times = config.leaseSeconds
    const places = placesOf(config, this.options, links)
    const masks = [...new Set(places.map(({ subnet }) => subnet.mask))].toSorted((a, b) => b - a)
    this.#byMask = masks.map((mask) => {
      const own = places.filter(({ subnet }) => subnet.mask === mask)
      return [mask, new Map(own.map((place) => [place.subnet.network, place]))] as const
    })
    this.#byLink = new Map(
      links.flatMap((link) => {
        const place = places.find(({ config }) => config.link === link.name) ?? this.#placeOf(link.address)
        return place === undefined ? [] : [[link.name, place.segment] as const]
      }),
    )
    const routers = config.subnets.flatMap((subnet) => subnet.routers)
    this.occupied = new Set([...links.map((link) => link.address), ...routers])
  }

  /** The wire that a network of this address is on. */
  segmentOf(address: Ipv4Address): Segment | undefined {
    return this.#placeOf(address)?.segment
  }

  /** The wire behind an interface of ours. */
  segmentOn(link: string): Segment | undefined {
    return this.#byLink.get(link)
  }

  /** Whether some pools are on a wire that no interface of ours is on: their clients come through relay agents. */
  get hasPoolsBehindRelays(): boolean {
    const near = new Set(this.#byLink.values())
    const all = this.#byMask.flatMap(([, places]) => [...places.values()])
    return all.some(({ segment }) => segment.hasPool && !near.has(segment))
  }

  subnetOf(address: Ipv4Address): Subnet | undefined {
    return this.#placeOf(address)?.subnet
  }

  /** Whether the address is one that may be given to whoever comes. */
  isInPool(address: Ipv4Address): boolean {
    return this.#placeOf(address)?.subnet.pools.some(({ range }) => contains(range, address)) ?? false
  }

  /** Whether the address is in a pool, or was in one of networks before these: somebody may have it from there. */
  isOrWasInPool(address: Ipv4Address): boolean {
    return this.isInPool(address) || this.#former.some((range) => contains(range, address))
  }

  /** These networks take the place of others. */
  succeed(before: Networks): void {
    const ranges = [...before.#former, ...before.ranges()]
    this.#former = [...new Map(ranges.map((range) => [`${range.first}-${range.last}`, range])).values()]
  }

  hasSamePools(other: Networks): boolean {
    const text = (networks: Networks): string =>
      networks
        .ranges()
        .map(({ first, last }) => `${first}-${last}`)
        .join()
    return text(this) === text(other)
  }

  /** Of all pools. */
  ranges(): AddressRange[] {
    const places = this.#byMask.flatMap(([, places]) => [...places.values()])
    return places.flatMap(({ subnet }) => subnet.pools.map(({ range }) => range))
  }

  /** Whether the address is in a pool and in use by the network itself. */
  withholds(address: Ipv4Address): boolean {
    return this.occupied.has(address) && this.isInPool(address)
  }

  #placeOf(address: Ipv4Address): Place | undefined {
    for (const [mask, places] of this.#byMask) {
      const place = places.get(networkOf(address, mask))
      if (place !== undefined) return place
    }
    return undefined
  }
}

interface Place {
  readonly config: SubnetConfig
  readonly subnet: Subnet
  readonly segment: Segment
}

function placesOf(config: NetworksConfig, options: OptionValues, links: readonly Link[]): Place[] {
  const wires = Map.groupBy(config.subnets, (subnet) => wireOf(subnet, links))
  const times = { offerTime: config.offerTime, quarantineTime: config.quarantineTime }
  return [...wires.values()].flatMap((configs) => {
    const ranges = configs.flatMap(({ pools, reservationsOnly }) => (reservationsOnly ? [] : pools.map((p) => p.range)))
    const subnets = configs.map((subnet) => subnetOf(subnet, config, options, ranges))
    const segment = new Segment(subnets, times)
    return configs.map((config, index) => ({ config, subnet: subnets[index]!, segment }))
  })
}

/** Subnets are on one wire when they say so, or when they are at the same interface. */
function wireOf(subnet: SubnetConfig, links: readonly Link[]): string {
  const { network, mask } = subnet.subnet
  const link = subnet.link ?? links.find(({ address }) => inSubnet(address, network, mask))?.name
  if (subnet.sharedNetwork !== undefined) return `network ${subnet.sharedNetwork}`
  return link === undefined ? `subnet ${subnet.subnet.text}` : `link ${link}`
}

function globalOptions({ options, logServers }: NetworksConfig): OptionValues {
  if (logServers.length === 0 || options.has(logServer.code)) return options
  return new Map(options).set(logServer.code, logServer.encode(logServers))
}

function subnetOf(
  own: SubnetConfig,
  config: NetworksConfig,
  globals: OptionValues,
  ranges: readonly AddressRange[],
): Subnet {
  const { text, network, mask } = own.subnet
  const { nextServer, bootFile } = own
  const options = new Map([...globals, ...optionsOf(own)])
  const times = { ...config.leaseSeconds, ...defined(own.leaseSeconds) }
  const termsWith = (values: OptionValues): TermsByStage =>
    byStage((stage) => {
      const leaseTime = leaseTimeAt(stage, times.default, times)
      const own = {
        subnetMask: mask,
        broadcastAddress: broadcastOf(network, mask),
        routers: [],
        domainNameServers: [],
        leaseTime,
      }
      const pool: Pool = { ranges, leaseTime, offerTime: config.offerTime, quarantineTime: config.quarantineTime }
      const made = { stage, own, options: values, times, leaseTime: times.default, reserved: false }
      return { config: withDefaults(own, values), pool, nextServer, bootFile, made }
    })
  const pools: SubnetPool[] = own.pools.map((pool) => ({
    range: pool.range,
    class: pool.class,
    terms: termsWith(new Map([...options, ...pool.options])),
  }))
  const terms = termsWith(options)
  return { text, network, mask, pools: own.reservationsOnly ? [] : pools, terms, options, times, nextServer, bootFile }
}

/** The fields of a subnet that are options, and its options; those win. */
function optionsOf({ routers, nameServers, domain, options }: SubnetConfig): OptionValues {
  const values = new Map<number, Uint8Array>()
  if (routers.length > 0) values.set(router.code, router.encode(routers))
  if (nameServers.length > 0) values.set(domainNameServer.code, domainNameServer.encode(nameServers))
  if (domain !== undefined) {
    values.set(domainName.code, domainName.encode(domain))
    values.set(domainSearch.code, domainSearch.encode([domain]))
  }
  for (const [code, value] of options) values.set(code, value)
  return values
}

function defined(times: SubnetConfig['leaseSeconds']): Partial<Record<'default' | 'firmware' | 'ipxe', Seconds>> {
  return Object.fromEntries(Object.entries(times).filter(([, time]) => time !== undefined))
}
