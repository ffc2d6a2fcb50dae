import type { hardware } from '@reboots/api'
import { formatIpv4, inSubnet, parseIpv4, type Ipv4Address } from '@reboots/protocol/net'
import type { UdpLink } from '@reboots/runtime'
import { contains } from '../addressing/segment.ts'
import type { Config } from '../config.ts'

/** What the reservations of hardware records and a configuration have against each other. */
export function machineRemarks(
  machines: readonly hardware.Machine[],
  { dhcp }: Config,
  links: readonly UdpLink[],
): readonly string[] {
  const without = machines.filter(({ interfaces }) => interfaces.every(({ dhcp }) => (dhcp?.address ?? '') === ''))
  const remarks = machines.flatMap((machine) =>
    machine.interfaces.flatMap(({ dhcp: record }) => {
      const address = parseIpv4(record?.address ?? '')
      if (record === undefined || address === undefined) return []
      return oddities(address, record, dhcp, links).map(
        (what) => `${machine.origin} ${machine.name}: ${record.address} ${what}`,
      )
    }),
  )
  return [...remarks, ...tooFew(without.length, dhcp)]
}

function oddities(
  address: Ipv4Address,
  record: hardware.Dhcp,
  { subnets }: Config['dhcp'],
  links: readonly UdpLink[],
): readonly string[] {
  const subnet = subnets.find(({ subnet }) => inSubnet(address, subnet.network, subnet.mask))
  const own = links.find((link) => link.address === address)
  const atLink = links.some((link) => inSubnet(address, link.address, link.mask))
  const found: string[] = []
  if (own !== undefined) found.push(`is our own address on ${own.name}`)
  if (subnet === undefined) {
    if (subnets.length > 0 && !atLink)
      found.push('is in no subnet, and at no interface: only relay agents in its network reach it')
    return found
  }
  const { mask, text } = subnet.subnet
  if (subnet.routers.includes(address)) found.push('is a router')
  if (record.netmask !== formatIpv4(mask)) found.push(`has the mask ${record.netmask}, and is in ${text}`)
  const pool = subnet.pools.find(({ range }) => contains(range, address))
  if (pool !== undefined && !subnet.reservationsOnly)
    found.push('is within a pool: whoever has it when it is reserved keeps it to the end of the lease')
  return found
}

/** Machines whose record has no address get theirs from the pools, all at once when the power comes back. */
function tooFew(machines: number, dhcp: Config['dhcp']): readonly string[] {
  const addresses = poolSize(dhcp)
  if (machines <= addresses) return []
  return [`${machines} machines have no reserved address, and the pools have ${addresses} addresses`]
}

/** Addresses of all pools that are open. */
export function poolSize({ subnets }: Config['dhcp']): number {
  const ranges = subnets.flatMap(({ pools, reservationsOnly }) =>
    reservationsOnly ? [] : pools.map(({ range }) => range),
  )
  return ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0)
}
