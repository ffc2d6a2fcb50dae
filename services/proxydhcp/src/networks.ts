import { inSubnet, UNSPECIFIED, type Endpoint, type Ipv4Address } from '@reboots/protocol/net'
import type { Cidr } from '@reboots/runtime'
import type { Link } from './ports.ts'

/**
 * Who is answered: `proxy` machines that have a hardware record or that a rule of the policy names, `auto-proxy` any network-boot client
 * that the policy lets in, `off` nobody.
 */
export type Mode = 'proxy' | 'auto-proxy' | 'off'

/** Where another mode holds: on an interface, behind relay agents of a network, or behind such relay agents on that interface. */
export interface NetworkMode {
  readonly link?: string | undefined
  readonly relay?: Cidr | undefined
  readonly mode: Mode
}

/** The mode of the first network that fits, else `otherwise`. `behind` is an address from behind a relay agent, or 0.0.0.0. */
export function modeFor(
  networks: readonly NetworkMode[],
  otherwise: Mode,
  link: Pick<Link, 'name'>,
  behind: Ipv4Address,
): Mode {
  const fits = ({ link: name, relay }: NetworkMode): boolean =>
    (name === undefined || name === link.name) &&
    (relay === undefined || (behind !== UNSPECIFIED && inSubnet(behind, relay.network, relay.mask)))
  return networks.find(fits)?.mode ?? otherwise
}

/**
 * An address of the network that a client is in, if a relay agent or router is in between; else 0.0.0.0. On port 4011 there is no relay agent,
 * and the client's own address has to stand for it.
 */
export function behindRelay(giaddr: Ipv4Address, from: Endpoint, link: Link): Ipv4Address {
  if (giaddr !== UNSPECIFIED) return giaddr
  const isNear = from.address === UNSPECIFIED || inSubnet(from.address, link.address, link.mask)
  return isNear ? UNSPECIFIED : from.address
}
