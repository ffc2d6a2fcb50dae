import type { StepResult } from '@reboots/leases'
import { offer, option, replyDestination, requestedAddress } from '@reboots/protocol/dhcp'
import { withBootAnswer } from './boot-answer.ts'
import { claimOf, takingOver } from './claim.ts'
import { isUsableThere } from './network.ts'
import type { Decision, Outcome } from './outcome.ts'
import type { Asked, Ports } from './ports.ts'
import type { Reservation } from './reservation.ts'

/** RFC 2131 §4.3.1: offer the machine its address, and say how to boot. */
export function onDiscover(asked: Asked, machine: Reservation, ports: Ports): Decision {
  const { message, server, from } = asked
  const { address } = machine
  if (address === undefined) return { silent: 'no-address' }
  if (!isUsableThere(address, asked)) return { silent: 'wrong-network', note: `record says ${address.subnet}` }

  const claim = claimOf(asked, address.ip, option(message, requestedAddress))
  const conclude = (lease: StepResult): Outcome => {
    if (lease === 'unavailable') return { silent: 'leases-unavailable' }
    if (lease === 'refused') return { silent: 'address-quarantined' }
    const answer = withBootAnswer(offer(message, lease.address, address.config, server), asked, machine, ports)
    if ('silent' in answer) return answer
    return { ...answer, to: replyDestination(message, answer.reply, from) }
  }
  return takingOver(asked, address.ip, ports, { step: { kind: 'offer', pool: address.pool, claim }, conclude })
}
