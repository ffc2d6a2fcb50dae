import type { Lease } from '@reboots/leases'
import { formatIpv4 } from '@reboots/protocol/net'
import type { ProbeRequest, ProbeResult } from '@reboots/runtime'
import { claimOf, type Holding } from './holding.ts'
import { mapped, type Decision, type Pending } from './outcome.ts'
import { wayTo } from './place.ts'
import type { Asked, Settings } from './ports.ts'

/** Addresses in use that one DISCOVER may come upon; its client asks again soon enough. */
export const MOST_CONFLICTS = 3

/**
 * What to ask before this address is offered (RFC 2131 §2.2, §3.1 step 2); undefined: nothing. A reservation is its machine's, and who
 * has the address bound is using it.
 */
export function probeFor(asked: Asked, holding: Holding, lease: Lease, settings: Settings): ProbeRequest | undefined {
  if (!settings.conflictProbe.enabled || holding.reserved !== undefined || lease.state === 'bound') return undefined
  const { address, known = false } = lease
  return { ...wayTo(address, asked, settings), known }
}

/** Puts an address that somebody uses in quarantine, as if the client had declined it, and goes on with `another`. */
export function setAside(
  { pool, client }: Holding,
  { address }: Lease,
  { occupant }: Exclude<ProbeResult, 'free'>,
  another: Pending | undefined,
): Decision {
  const by = occupant === undefined ? 'answers a ping' : `is at ${occupant}`
  const conflict = `${formatIpv4(address)} ${by}`
  const next: Decision = another ?? { silent: 'probe-conflict' }
  const conclude: Pending['conclude'] = (lease) => {
    if (lease === 'unavailable') return { silent: 'leases-unavailable', conflicts: [conflict] }
    return mapped(next, (outcome) => ({ ...outcome, conflicts: [conflict, ...(outcome.conflicts ?? [])] }))
  }
  const claim = claimOf({ client, reserved: undefined }, address)
  return { step: { kind: 'decline', pool, claim }, conclude }
}
