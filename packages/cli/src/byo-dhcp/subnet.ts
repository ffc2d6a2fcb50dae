import { formatIpv4, type Ipv4Address } from '@reboots/protocol/net'

/** A network as the languages of DHCP servers write it. */
export interface Subnet {
  readonly cidr: string
  readonly network: string
  readonly netmask: string
  /** Its upper half, without the broadcast address. */
  readonly pool: readonly [first: string, last: string]
}

/** `undefined` for a network that is too small to hand out addresses in. */
export function subnetOf(network: Ipv4Address, mask: Ipv4Address): Subnet | undefined {
  const size = 2 ** 32 - mask
  if (size < 8 || size > 2 ** 24) return undefined
  const at = (offset: number): string => formatIpv4((network + offset) as Ipv4Address)
  return {
    cidr: `${formatIpv4(network)}/${32 - Math.log2(size)}`,
    network: formatIpv4(network),
    netmask: formatIpv4(mask),
    pool: [at(size / 2), at(size - 2)],
  }
}
