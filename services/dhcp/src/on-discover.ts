import type { Lease, StepResult } from '@reboots/leases'
import { ack, offer, option, rapidCommit, replyDestination, requestedAddress, withOption } from '@reboots/protocol/dhcp'
import type { Verdict } from '@reboots/rules'
import type { Terms } from './addressing/terms.ts'
import { withBootAnswer } from './boot-answer.ts'
import { MOST_CONFLICTS, probeFor, setAside } from './conflict-probe.ts'
import { claimOf, holdingOf, takingOver, whyRefused, type Holding } from './holding.ts'
import { withinLease } from './lease-time.ts'
import type { Decision, Outcome, Pending } from './outcome.ts'
import { classVerdict, withClass } from './policy-class.ts'
import type { Asked, Ports } from './ports.ts'
import type { Reservation } from './reservation.ts'
import { keepCard, unlessRivalled } from './rival.ts'

/** RFC 2131 §4.3.1: offer the client its address, or one of the pool, and say how to boot. */
export function onDiscover(asked: Asked, machine: Reservation, ports: Ports): Decision {
  const holding = holdingOf(asked, machine, ports)
  if ('silent' in holding) return holding
  const offering = takingOver(asked, holding, ports, addressFor(asked, machine, holding, ports, MOST_CONFLICTS))
  return holding.reserved === undefined ? offering : unlessRivalled(asked, machine, ports, offering)
}

/** `conflicts`: how many addresses that are in use it may come upon. */
function addressFor(asked: Asked, machine: Reservation, holding: Holding, ports: Ports, conflicts: number): Pending {
  const claim = claimOf(holding, option(asked.message, requestedAddress))
  return {
    step: { kind: 'offer', pool: holding.pool, claim },
    conclude(lease) {
      if (lease === 'unavailable') return { silent: 'leases-unavailable' }
      const terms = lease === 'refused' ? undefined : holding.termsOf(lease.address)
      if (lease === 'refused' || terms === undefined) return whyRefused(asked, holding, ports)
      const probe = probeFor(asked, holding, lease, ports.settings)
      if (probe === undefined) return answering(asked, machine, holding, lease, terms, ports)
      return {
        probe,
        resume(result) {
          if (result === 'free') return answering(asked, machine, holding, lease, terms, ports)
          const more = conflicts - 1
          const another = more === 0 ? undefined : addressFor(asked, machine, holding, ports, more)
          return setAside(holding, lease, result, another)
        },
      }
    },
  }
}

function answering(
  asked: Asked,
  machine: Reservation,
  holding: Holding,
  lease: Lease,
  usual: Terms,
  ports: Ports,
): Decision {
  const verdict = classVerdict(asked, machine, usual, lease.address, ports)
  const terms = withClass(usual, verdict, ports)
  return ports.settings.rapidCommit && asked.message.options.has(rapidCommit.code)
    ? commit(asked, machine, holding, lease, terms, verdict, ports)
    : offering(asked, machine, lease, terms, verdict, ports)
}

function offering(
  asked: Asked,
  machine: Reservation,
  lease: Lease,
  terms: Terms,
  verdict: Verdict | undefined,
  ports: Ports,
): Outcome {
  const { message, server, from } = asked
  const reply = offer(message, lease.address, terms.config, server)
  const answer = withBootAnswer(reply, asked, machine, terms, ports, verdict)
  if ('silent' in answer) return answer
  keepCard(asked, machine, lease.address, ports)
  return { ...answer, to: replyDestination(message, answer.reply, from) }
}

/** RFC 4039 §3.1: the client takes whatever it is given, so the address is bound at once and an ACK says so. */
function commit(
  asked: Asked,
  machine: Reservation,
  holding: Holding,
  lease: Lease,
  terms: Terms,
  verdict: Verdict | undefined,
  ports: Ports,
): Decision {
  const { message, server, from } = asked
  const reply = withOption(ack(message, lease.address, terms.config, server), rapidCommit, true)
  const answer = withBootAnswer(reply, asked, machine, terms, ports, verdict)
  if ('silent' in answer) return answer
  const conclude = (bound: StepResult): Outcome => {
    if (bound === 'unavailable') return { silent: 'leases-unavailable' }
    if (bound === 'refused') return whyRefused(asked, holding, ports)
    const within = withinLease(answer.reply, bound, asked.now)
    if (within === undefined) return { silent: 'leases-unavailable' }
    keepCard(asked, machine, lease.address, ports)
    return { ...answer, reply: within, to: replyDestination(message, within, from) }
  }
  return { step: { kind: 'bind', pool: terms.pool, claim: claimOf(holding, lease.address) }, conclude }
}
