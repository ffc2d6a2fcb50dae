import { UNSPECIFIED } from '@reboots/protocol/net'
import { keyOf } from './holding.ts'
import type { Decision } from './outcome.ts'
import { isForUs } from './place.ts'
import type { Asked, Ports } from './ports.ts'
import type { Reservation } from './reservation.ts'
import { rivalOf } from './rival.ts'

/** RFC 2131 §4.3.4: the machine gives its address back. No reply is due. */
export function onRelease(asked: Asked, machine: Reservation, ports: Ports): Decision {
  const { message, mac } = asked
  if (!isForUs(asked)) return { silent: 'other-server-selected' }
  const { ciaddr } = message
  if (ciaddr === UNSPECIFIED) return { silent: 'not-the-owner' }
  // A lease from before a restart may not be in the books; the reservation is.
  const owns = ciaddr === machine.address?.ip
  if (owns && rivalOf(asked, machine, ports)) return { silent: 'not-the-owner' }
  const client = owns ? (machine.holder ?? mac) : (keyOf(asked, ports.settings) ?? mac)
  return {
    step: { kind: 'release', client, address: ciaddr },
    conclude(lease) {
      if (lease === 'unavailable') return { silent: 'leases-unavailable' }
      return { silent: owns || lease !== 'refused' ? 'released' : 'not-the-owner' }
    },
  }
}
