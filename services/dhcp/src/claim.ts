import type { Claim } from '@reboots/leases'
import type { Ipv4Address } from '@reboots/protocol/net'
import type { Pending } from './outcome.ts'
import type { Asked, Ports } from './ports.ts'

/**
 * The claim of a machine to its reserved address. The machine is known by its MAC alone: firmware, iPXE and the installed system send
 * different client identifiers (option 61) or none, and must all get the same address (RFC 2131 §4.2 leaves the choice of key to us when
 * an administrator has set one).
 */
export function claimOf(asked: Asked, reserved: Ipv4Address, requested: Ipv4Address | undefined): Claim {
  return { client: asked.mac, requested, reserved }
}

/**
 * Goes on once the address is not another machine's in the books: the record is what counts, and a replaced network card must not
 * wait for the lease of the old one to end. A quarantine stays: nobody holds that address, so nobody can release it.
 */
export function takingOver(asked: Asked, reserved: Ipv4Address, ports: Ports, next: Pending): Pending {
  const lease = ports.leases.at(reserved, asked.now)
  if (lease === undefined || lease.client === asked.mac) return next
  return { step: { kind: 'release', client: lease.client, address: reserved }, conclude: () => next }
}
