import { informAck, replyDestination } from '@reboots/protocol/dhcp'
import { inSubnet, UNSPECIFIED } from '@reboots/protocol/net'
import { withBootAnswer } from './boot-answer.ts'
import type { Outcome } from './outcome.ts'
import type { Asked, Ports } from './ports.ts'
import type { Reservation } from './reservation.ts'

/** RFC 2131 §4.3.5: the parameters without an address and without a lease, for a machine that has its address from elsewhere. */
export function onInform(asked: Asked, machine: Reservation, ports: Ports): Outcome {
  const { message, server, from } = asked
  const { address } = machine
  if (address === undefined) return { silent: 'no-address' }
  // RFC 2131 §4.4.3 wants ciaddr; clients that leave it empty are answered where they sent from.
  const at = message.ciaddr === UNSPECIFIED ? from.address : message.ciaddr
  if (at === UNSPECIFIED) return { silent: 'no-client-address' }
  if (!inSubnet(at, address.ip, address.config.subnetMask)) {
    return { silent: 'wrong-network', note: `record says ${address.subnet}` }
  }
  const answer = withBootAnswer(informAck(message, address.config, server), asked, machine, ports)
  if ('silent' in answer) return answer
  return { ...answer, to: replyDestination(message, answer.reply, from) }
}
