import { informAck, replyDestination } from '@reboots/protocol/dhcp'
import { inSubnet, UNSPECIFIED, type Ipv4Address } from '@reboots/protocol/net'
import { stageOf, type Terms } from './addressing/terms.ts'
import { withBootAnswer } from './boot-answer.ts'
import type { Outcome, Silent } from './outcome.ts'
import { segmentOf } from './place.ts'
import { classVerdict, withClass } from './policy-class.ts'
import type { Asked, Ports } from './ports.ts'
import type { Reservation } from './reservation.ts'

/** RFC 2131 §4.3.5: the parameters without an address and without a lease, for a machine that has its address from elsewhere. */
export function onInform(asked: Asked, machine: Reservation, ports: Ports): Outcome {
  const { message, server, from } = asked
  // RFC 2131 §4.4.3 wants ciaddr; clients that leave it empty are answered where they sent from.
  const at = message.ciaddr === UNSPECIFIED ? from.address : message.ciaddr
  const usual = termsAt(at, asked, machine, ports)
  if ('silent' in usual) return usual
  const verdict = classVerdict(asked, machine, usual, UNSPECIFIED, ports)
  const terms = withClass(usual, verdict, ports)
  const answer = withBootAnswer(informAck(message, terms.config, server), asked, machine, terms, ports, verdict)
  if ('silent' in answer) return answer
  return { ...answer, to: replyDestination(message, answer.reply, from) }
}

/** Those of the record in its network, else those of the subnet that the address is in. */
function termsAt(
  at: Ipv4Address,
  asked: Asked,
  { address, machine }: Reservation,
  { settings }: Ports,
): Terms | Silent {
  const stage = stageOf(asked.client)
  const terms = segmentOf(asked, settings)?.at(at, stage)
  if (address === undefined && terms === undefined) return { silent: machine.known ? 'no-address' : 'unknown-machine' }
  if (at === UNSPECIFIED) return { silent: 'no-client-address' }
  if (address !== undefined && inSubnet(at, address.ip, address.mask)) return address.terms(settings)[stage]
  return terms ?? { silent: 'wrong-network', note: `record says ${address?.subnet}` }
}
