import type { StepResult } from '@reboots/leases'
import { option, requestedAddress } from '@reboots/protocol/dhcp'
import { formatIpv4 } from '@reboots/protocol/net'
import { claimOf, holdingOf } from './holding.ts'
import type { Decision, Outcome } from './outcome.ts'
import { isForUs } from './place.ts'
import type { Asked, Ports } from './ports.ts'
import type { Reservation } from './reservation.ts'
import { rivalOf } from './rival.ts'

/** RFC 2131 §4.3.3: the client found its address in use by someone else. Nobody gets it until the quarantine ends, and no reply is due. */
export function onDecline(asked: Asked, machine: Reservation, ports: Ports): Decision {
  const { message } = asked
  if (!isForUs(asked)) return { silent: 'other-server-selected' }
  const holding = holdingOf(asked, machine, ports)
  if ('silent' in holding || rivalOf(asked, machine, ports)) return { silent: 'not-the-owner' }
  const claim = claimOf(holding, option(message, requestedAddress))
  return { step: { kind: 'decline', pool: holding.pool, claim }, conclude }
}

function conclude(lease: StepResult): Outcome {
  if (lease === 'unavailable') return { silent: 'leases-unavailable' }
  if (lease === 'refused') return { silent: 'not-the-owner' }
  return { silent: 'declined', note: `${formatIpv4(lease.address)} is in use by another host` }
}
