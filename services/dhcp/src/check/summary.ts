import { formatIpv4, inSubnet } from '@reboots/protocol/net'
import type { UdpLink } from '@reboots/runtime'
import type { SubnetConfig } from '../addressing/subnet-config.ts'
import type { Config } from '../config.ts'
import { poolSize } from './machine-remarks.ts'

/** What a configuration comes to, in lines for people. */
export function summaryOf(
  { dhcp }: Config,
  links: readonly UdpLink[],
  machines: number | undefined,
): readonly string[] {
  const { subnets } = dhcp
  const pools = subnets.flatMap((subnet) => subnet.pools)
  const who = dhcp.unknownMachines === 'serve' ? 'anybody' : 'machines with a record'
  return [
    `interfaces: ${links.map(({ name, address }) => `${name} ${formatIpv4(address)}`).join(', ') || 'none'}`,
    `${count(subnets.length, 'subnet')}, ${count(pools.length, 'pool')}, ${count(poolSize(dhcp), 'address', 'addresses')} for ${who}`,
    ...subnets.map((subnet) => `  ${subnetLine(subnet, links)}`),
    `leases: ${dhcp.leases.store}`,
    ...(machines === undefined ? [] : [`machines: ${machines}`]),
  ]
}

function subnetLine({ subnet, link, sharedNetwork, pools, reservationsOnly }: SubnetConfig, links: readonly UdpLink[]) {
  const here = links.filter(({ name, address }) => name === link || inSubnet(address, subnet.network, subnet.mask))
  const reached = here.length > 0 ? here.map(({ name }) => name).join(', ') : (link ?? 'relay agents')
  const shared = sharedNetwork === undefined ? '' : `, shared network ${sharedNetwork}`
  const ranges = pools.map(({ range, class: name }) => {
    const addresses = `${formatIpv4(range.first)}-${formatIpv4(range.last)} (${range.last - range.first + 1})`
    return name === undefined ? addresses : `${addresses} for ${name}`
  })
  const given = reservationsOnly || ranges.length === 0 ? 'reservations only' : ranges.join(', ')
  return `${subnet.text} by ${reached}${shared}: ${given}`
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`
}
