import type { LinkChoice, UdpLink } from '@reboots/runtime'
import { leaseTimes } from './subnet-remarks.ts'
import { remarkOn, type Examined } from './place.ts'

/** An interface that is named and not there. */
interface Missing {
  readonly name: string
  readonly why: string
}

/** What is allowed outside of the subnets and most likely not meant. */
export function generalRemarks(
  examined: Examined,
  links: readonly UdpLink[],
  missing: readonly Missing[],
): readonly string[] {
  const { dhcp, links: choice } = examined.config
  const remark = remarkOn(examined)
  const remarks = missing.map(({ name, why }) =>
    remark(['links', 'interfaces'], `${name}: ${why}${consequence(choice)}`),
  )
  if (links.length === 0 && missing.length === 0)
    remarks.push(remark(['links', 'interfaces'], 'no interface is served now'))
  const open = dhcp.subnets.some(({ pools, reservationsOnly }) => pools.length > 0 && !reservationsOnly)
  if (dhcp.unknownMachines === 'serve' && !open)
    remarks.push(remark(['dhcp', 'unknownMachines'], 'there is no pool to serve machines without a record from'))
  const { sentinels, copies } = dhcp.leases.redis
  if (dhcp.leases.store === 'redis' && sentinels.length > 0 && copies === 0)
    remarks.push(
      remark(
        ['dhcp', 'leases', 'redis', 'copies'],
        'a fail-over by Sentinel may forget leases that were acknowledged; 1 at least',
      ),
    )
  const { enabled, waitMilliseconds } = dhcp.conflictProbe
  if (enabled && open && waitMilliseconds >= dhcp.offerSeconds * 1000)
    remarks.push(remark(['dhcp', 'offerSeconds'], 'an offer is over before its address is probed (conflictProbe)'))
  const times = leaseTimes(dhcp.leaseSeconds, dhcp).map(([path, message]) => remark(['dhcp', ...path], message))
  return [...remarks, ...times]
}

function consequence({ wait }: LinkChoice): string {
  return wait ? '' : '; the service does not start without it (links.wait: true)'
}
