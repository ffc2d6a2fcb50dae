import { option, serverIdentifier } from '@reboots/protocol/dhcp'
import { UNSPECIFIED } from '@reboots/protocol/net'
import type { Outcome } from './outcome.ts'
import type { Asked, Ports } from './ports.ts'
import type { Reservation } from './reservation.ts'

/** RFC 2131 §4.3.4: the machine gives its address back. No reply is due. */
export function onRelease(asked: Asked, machine: Reservation, ports: Ports): Outcome {
  const { message, mac, server, now } = asked
  if (option(message, serverIdentifier) !== server) return { silent: 'other-server-selected' }
  const { ciaddr } = message
  // A lease from before a restart is not in the books; the reservation is.
  const owns = ciaddr !== UNSPECIFIED && ciaddr === machine.address?.ip
  const lease = ports.leases.release(mac, ciaddr, now)
  return { silent: owns || lease !== undefined ? 'released' : 'not-the-owner' }
}
