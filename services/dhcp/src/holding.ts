import type { Claim, Pool } from '@reboots/leases'
import { clientKey } from '@reboots/protocol/dhcp'
import { formatIpv4, type Ipv4Address } from '@reboots/protocol/net'
import { stageOf, type Terms } from './addressing/terms.ts'
import type { Pending, Silent } from './outcome.ts'
import { isUsableThere, namedNetwork, segmentOf } from './place.ts'
import type { Asked, Ports, Settings } from './ports.ts'
import type { ReservedAddress, Reservation } from './reservation.ts'

/** What a client may lay claim to where it is: the address of its record, or one of a pool. */
export interface Holding {
  /** Who holds it, in the books. */
  readonly client: string
  /** Undefined: one of the pool. */
  readonly reserved: Ipv4Address | undefined
  /** Where an address to offer may come from. */
  readonly pool: Pool
  /** What goes with an address; undefined: the client can never have that one. */
  termsOf(address: Ipv4Address): Terms | undefined
}

/** The reservation wins over any pool, as long as it is of use where the client is. */
export function holdingOf(asked: Asked, machine: Reservation, ports: Ports): Holding | Silent {
  const { address } = machine
  const { settings } = ports
  if (address !== undefined && isUsableThere(address, asked, settings))
    return reservedHolding(asked, machine, address, settings)
  const pooled = pooledHolding(asked, machine, settings)
  if (!('silent' in pooled) || address === undefined) return pooled
  return { silent: 'wrong-network', note: `record says ${address.subnet}` }
}

/**
 * A machine is known by its MAC, or by what its record names besides: firmware, iPXE and the installed system send different client
 * identifiers (option 61) or none, and must all get the same address (RFC 2131 §4.2 leaves the choice of key to us when an
 * administrator has set one).
 */
export function reservedHolding(
  asked: Asked,
  { holder }: Reservation,
  { ip, terms }: ReservedAddress,
  settings: Settings,
): Holding {
  const own = terms(settings)[stageOf(asked.client)]
  const client = holder ?? asked.mac
  return { client, reserved: ip, pool: own.pool, termsOf: (address) => (address === ip ? own : undefined) }
}

function pooledHolding(asked: Asked, machine: Reservation, settings: Settings): Holding | Silent {
  const { message } = asked
  const segment = segmentOf(asked, settings)
  const { known } = machine.machine
  if (segment === undefined) {
    const named = namedNetwork(message, settings)
    if (known) return { silent: 'no-address' }
    return named === undefined ? { silent: 'unknown-machine' } : { silent: 'unknown-network', note: formatIpv4(named) }
  }
  if (!segment.hasPool) return { silent: known ? 'no-address' : 'unknown-machine' }
  const client = keyOf(asked, settings)
  if (client === undefined) return { silent: 'no-client-identity' }
  const stage = stageOf(asked.client)
  return {
    client,
    reserved: undefined,
    pool: segment.offersTo(message),
    termsOf: (address) => segment.pooled(address, stage),
  }
}

/** Who holds an address of a pool; undefined when nothing tells this client from others. */
export function keyOf({ message, mac }: Asked, settings: Settings): string | undefined {
  if (settings.clientIdentity === 'mac' && mac !== '') return mac
  const key = clientKey(message)
  return mac === '' && key.startsWith('hw:') ? undefined : key
}

export function claimOf(
  { client, reserved }: Pick<Holding, 'client' | 'reserved'>,
  requested: Ipv4Address | undefined,
): Claim {
  return { client, requested, reserved }
}

/**
 * Goes on once the reserved address is not another machine's in the books: the record is what counts, and a replaced network card must
 * not wait for the lease of the old one to end. Two things stay: a quarantine, which nobody holds, so nobody can release it; and the
 * lease of a client of the pool, which is still there and uses the address until it ends.
 */
export function takingOver(asked: Asked, { client, reserved }: Holding, ports: Ports, next: Pending): Pending {
  if (reserved === undefined || ports.settings.networks.isOrWasInPool(reserved)) return next
  const lease = ports.leases.at(reserved, asked.now)
  if (lease === undefined || lease.client === client) return next
  return { step: { kind: 'release', client: lease.client, address: reserved }, conclude: () => next }
}

/** Why the store refused this client an address: somebody else has it, or there is none. */
export function whyRefused(asked: Asked, { client, reserved, pool }: Holding, ports: Ports): Silent {
  if (reserved === undefined) {
    const ranges = pool.ranges.map(({ first, last }) => `${formatIpv4(first)}-${formatIpv4(last)}`)
    return {
      silent: 'no-free-address',
      note: ranges.length === 0 ? 'no pool for its class' : `all of ${ranges.join(', ')} are taken`,
    }
  }
  const lease = ports.leases.at(reserved, asked.now)
  if (lease === undefined || lease.state === 'declined' || lease.client === client) {
    return { silent: 'address-quarantined', note: `${formatIpv4(reserved)} is in quarantine` }
  }
  return { silent: 'address-in-use', note: `${formatIpv4(reserved)} is leased to ${lease.client}` }
}
