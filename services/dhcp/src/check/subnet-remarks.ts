import { domainName, domainNameServer, router } from '@reboots/protocol/dhcp'
import { broadcastOf, formatIpv4, inSubnet, type Ipv4Address } from '@reboots/protocol/net'
import type { UdpLink } from '@reboots/runtime'
import { contains } from '../addressing/segment.ts'
import type { SubnetConfig } from '../addressing/subnet-config.ts'
import type { Config } from '../config.ts'
import { remarkOn, type Examined } from './place.ts'

type Finding = readonly [path: readonly (string | number)[], message: string]

/** What is allowed in the subnets and most likely not meant. */
export function subnetRemarks(examined: Examined, links: readonly UdpLink[]): readonly string[] {
  const { dhcp } = examined.config
  const remark = remarkOn(examined)
  return dhcp.subnets.flatMap((subnet, index) =>
    [
      ...occupiedInPools(subnet, links),
      ...strayRouters(subnet),
      ...saidTwice(subnet),
      ...unreachable(subnet, dhcp, links),
      ...classesOnly(subnet, index, dhcp),
      ...leaseTimes(subnet.leaseSeconds, dhcp),
    ].map(([path, message]) => remark(['dhcp', 'subnets', index, ...path], message)),
  )
}

/** Addresses of the network itself are never given out, but somebody has counted on them. */
function occupiedInPools({ pools, routers }: SubnetConfig, links: readonly UdpLink[]): Finding[] {
  const own = links.map(({ address, name }) => [address, `our own address on ${name}`] as const)
  const occupied = [...routers.map((address) => [address, 'a router'] as const), ...own]
  return pools.flatMap(({ range }, number) =>
    occupied
      .filter(([address]) => contains(range, address))
      .map(([address, what]): Finding => {
        return [['pools', number, 'range'], `has ${formatIpv4(address)}, which is ${what} and is never given out`]
      }),
  )
}

function strayRouters({ routers, subnet }: SubnetConfig): Finding[] {
  return routers.flatMap((address, number): Finding[] =>
    inSubnet(address, subnet.network, subnet.mask)
      ? []
      : [[['routers', number], `${formatIpv4(address)} is not within ${subnet.text}: clients may not reach it`]],
  )
}

function saidTwice({ options, routers, nameServers, domain }: SubnetConfig): Finding[] {
  const fields = [
    ['routers', router.code, routers.length > 0],
    ['nameServers', domainNameServer.code, nameServers.length > 0],
    ['domain', domainName.code, domain !== undefined],
  ] as const
  return fields
    .filter(([, code, said]) => said && options.has(code))
    .map(([field, code]) => [[field], `is said by options too (${code}), and that wins`])
}

function unreachable({ subnet, link }: SubnetConfig, dhcp: Config['dhcp'], links: readonly UdpLink[]): Finding[] {
  const { network, mask, text } = subnet
  const here = links.some(({ name, address }) => name === link || inSubnet(address, network, mask))
  if (here) return []
  if (link !== undefined) return [[['link'], `there is no interface ${link} with an address now`]]
  const denied = dhcp.admission.denyRelays.some((relays) => covers(relays, subnet))
  return denied
    ? [[['subnet'], `no interface is in ${text}, and its relay agents are denied: nobody can reach it`]]
    : []
}

function covers(
  outer: { network: Ipv4Address; mask: Ipv4Address },
  inner: { network: Ipv4Address; mask: Ipv4Address },
) {
  return (
    inSubnet(inner.network, outer.network, outer.mask) &&
    inSubnet(broadcastOf(inner.network, inner.mask), outer.network, outer.mask)
  )
}

/** Of a subnet that has a wire of its own: on a shared one the others may have a pool for everybody. */
function classesOnly({ pools, sharedNetwork }: SubnetConfig, index: number, { subnets }: Config['dhcp']): Finding[] {
  const alone =
    sharedNetwork === undefined || subnets.every((other, at) => at === index || other.sharedNetwork !== sharedNetwork)
  if (!alone || pools.length === 0 || pools.some((pool) => pool.class === undefined)) return []
  return [[['pools'], 'all of them are for classes: clients of no class get no address']]
}

/** A lease that is over before its offer would have been is a slip of the unit. */
export function leaseTimes(
  times: Config['dhcp']['leaseSeconds'],
  { offerSeconds, leaseSeconds }: Pick<Config['dhcp'], 'offerSeconds' | 'leaseSeconds'>,
): Finding[] {
  const usual = times.default ?? leaseSeconds.default ?? 86_400
  return (['default', 'firmware', 'ipxe'] as const).flatMap((stage): Finding[] => {
    const time = times[stage]
    if (time === undefined) return []
    if (time < offerSeconds)
      return [[['leaseSeconds', stage], `a lease of ${time} s is shorter than offerSeconds, ${offerSeconds}`]]
    if (stage !== 'default' && time > usual)
      return [
        [['leaseSeconds', stage], `${time} s is longer than the lease of the system, ${usual} s, and has no effect`],
      ]
    return []
  })
}
