import type { StepResult } from '@reboots/leases'
import {
  ack,
  nak,
  option,
  replyDestination,
  requestedAddress,
  requestState,
  type RequestState,
} from '@reboots/protocol/dhcp'
import { formatIpv4, UNSPECIFIED, type Ipv4Address } from '@reboots/protocol/net'
import { firmwareSent, type Verdict } from '@reboots/rules'
import { contains } from './addressing/segment.ts'
import { withBootAnswer } from './boot-answer.ts'
import { claimOf, holdingOf, keyOf, reservedHolding, takingOver, whyRefused, type Holding } from './holding.ts'
import { withinLease } from './lease-time.ts'
import type { Decision, Outcome, Pending, Silent } from './outcome.ts'
import { isForUs, isUsableThere } from './place.ts'
import { classVerdict, withClass } from './policy-class.ts'
import type { Asked, Ports } from './ports.ts'
import type { Reservation } from './reservation.ts'
import { formatRival, keepCard, rivalOf } from './rival.ts'

/** RFC 2131 §4.3.2: ACK, NAK or silence, by the state the client is in. The README has the table. */
export function onRequest(asked: Asked, machine: Reservation, ports: Ports): Decision {
  const { message, server, from } = asked
  const state = requestState(message)
  if (state === undefined) return { silent: 'no-client-address' }
  const holding = holdingOfOwner(asked, machine, ports)
  const selecting = state === 'selecting'
  if (selecting && !isForUs(asked)) return otherServerSelected(asked, holding, ports)
  const named = namedAddress(asked, state)
  if ('silent' in holding) {
    if (named === undefined || !isHeldBy(asked, named, ports)) return holding
    return refuse(asked, `${formatIpv4(named)} is not given out any more`, selecting, ports)
  }

  const usual = named === undefined ? undefined : holding.termsOf(named)
  const wrong = whatIsWrong(asked, holding, machine, named, ports)
  if (named === undefined || usual === undefined || wrong !== undefined) return refuse(asked, wrong!, selecting, ports)

  const verdict = classVerdict(asked, machine, usual, named, ports)
  const terms = withClass(usual, verdict, ports)
  const answer = withBootAnswer(ack(message, named, terms.config, server), asked, machine, terms, ports, verdict)
  if ('silent' in answer) return answer
  const to = replyDestination(message, answer.reply, from)
  const conclude = (lease: StepResult): Outcome => {
    if (lease === 'unavailable') return { silent: 'leases-unavailable' }
    if (lease === 'refused') return refuse(asked, whyNot(named, asked, holding, ports), selecting, ports)
    const reply = withinLease(answer.reply, lease, asked.now)
    if (reply === undefined) return { silent: 'leases-unavailable' }
    keepCard(asked, machine, named, ports)
    noteBoot(asked, answer.verdict, machine, ports)
    return { ...answer, reply, to }
  }
  const bind: Pending = { step: { kind: 'bind', pool: terms.pool, claim: claimOf(holding, named) }, conclude }
  if (holding.reserved === undefined && state === 'init-reboot')
    return ifBoundBefore(asked, holding, named, bind, ports)
  return takingOver(asked, holding, ports, bind)
}

/**
 * RFC 2131 §4.3.2: a client that comes back with an address of the pool has it confirmed if it is in the books; otherwise nobody here
 * ever gave it that one. Books that several replicas keep are asked by an offer, which repeats what the client has.
 */
function ifBoundBefore(asked: Asked, holding: Holding, named: Ipv4Address, bind: Pending, ports: Ports): Decision {
  if (ports.leases.at(named, asked.now)?.client === holding.client) return bind
  const unknown = `${formatIpv4(named)} is not leased to this client`
  if (!ports.settings.sharedLeases) return refuse(asked, unknown, false, ports)
  return {
    step: { kind: 'offer', pool: holding.pool, claim: claimOf(holding, named) },
    conclude(lease) {
      if (lease === 'unavailable') return { silent: 'leases-unavailable' }
      const bound = lease !== 'refused' && lease.state === 'bound' && lease.address === named
      return bound ? bind : refuse(asked, unknown, false, ports)
    },
  }
}

/** Why the store refused this client the address that it names. */
function whyNot(named: Ipv4Address, asked: Asked, holding: Holding, ports: Ports): string {
  if (holding.reserved !== undefined) return reasonOf(whyRefused(asked, holding, ports))
  const lease = ports.leases.at(named, asked.now)
  const why = lease?.state === 'declined' ? 'in quarantine' : lease ? 'leased to another client' : 'kept for another'
  return `${formatIpv4(named)} is ${why}`
}

function reasonOf({ silent, note }: Silent): string {
  return note ?? silent
}

/** A machine that is in the wrong place, and in no pool there either, is told so: the reservation is what it is refused. */
function holdingOfOwner(asked: Asked, machine: Reservation, ports: Ports): Holding | Silent {
  const holding = holdingOf(asked, machine, ports)
  const misplaced = 'silent' in holding && holding.silent === 'wrong-network' && machine.address !== undefined
  return misplaced ? reservedHolding(asked, machine, machine.address, ports.settings) : holding
}

/** A client may have an address of a pool that is not there any more: RFC 2131 §4.3.2 has it told so, because the books know it. */
function isHeldBy(asked: Asked, named: Ipv4Address, { leases, settings }: Ports): boolean {
  const lease = leases.at(named, asked.now)
  return lease?.state === 'bound' && lease.client === keyOf(asked, settings)
}

const OTHER_SERVER: Outcome = { silent: 'other-server-selected' }

/**
 * RFC 2131 §3.1 step 3: what was offered here is free again; what was bound before stays bound. Where other replicas have the same books
 * the offer is left to end by itself: the server that was selected may be one of them, and may have bound it meanwhile.
 */
function otherServerSelected(asked: Asked, holding: Holding | Silent, ports: Ports): Decision {
  if ('silent' in holding || ports.settings.sharedLeases) return OTHER_SERVER
  const free = (lease: StepResult | undefined): Decision => {
    if (typeof lease !== 'object' || lease.state !== 'offered' || lease.client !== holding.client) return OTHER_SERVER
    return { step: { kind: 'release', client: lease.client, address: lease.address }, conclude: () => OTHER_SERVER }
  }
  if (holding.reserved !== undefined) return free(ports.leases.at(holding.reserved, asked.now))
  // To offer again is to ask what was offered.
  return { step: { kind: 'offer', pool: holding.pool, claim: claimOf(holding, undefined) }, conclude: free }
}

/**
 * Option 50 in SELECTING and INIT-REBOOT, `ciaddr` in RENEWING and REBINDING (RFC 2131 table 4): the answer goes to the address that it
 * is about, also when the client names another one, which it must not.
 */
function namedAddress({ message }: Asked, state: RequestState): Ipv4Address | undefined {
  const used = message.ciaddr === UNSPECIFIED ? undefined : message.ciaddr
  return state === 'renewing' || state === 'rebinding' ? used : (option(message, requestedAddress) ?? used)
}

/** Why the client cannot have the address it names; undefined when it can. */
function whatIsWrong(
  asked: Asked,
  holding: Holding,
  machine: Reservation,
  named: Ipv4Address | undefined,
  ports: Ports,
): string | undefined {
  if (named === undefined) return 'no address was requested'
  if (holding.termsOf(named) === undefined) {
    return holding.reserved === undefined
      ? `${formatIpv4(named)} is not an address of this network`
      : `${formatIpv4(named)} is not the reserved address`
  }
  if (holding.reserved === undefined) {
    const may = isOffered(named, holding) || ports.leases.at(named, asked.now)?.client === holding.client
    return may ? undefined : `${formatIpv4(named)} is in a pool for other clients`
  }
  if (!isUsableThere(machine.address!, asked, ports.settings)) return 'wrong network'
  const rival = rivalOf(asked, machine, ports)
  return rival && formatRival(rival, machine)
}

/** Whether the address is in one of the pools for clients of its classes, and not in another one on the same wire. */
function isOffered(address: Ipv4Address, { pool }: Holding): boolean {
  return pool.ranges.some((range) => contains(range, address))
}

/** A client that answers our own offer is always told; any other may be in the care of another server unless we are authoritative. */
function refuse(asked: Asked, why: string, selecting: boolean, ports: Ports): Outcome {
  if (!selecting && !ports.settings.authoritative) return { silent: 'not-authoritative', note: why }
  const reply = nak(asked.message, asked.server, why)
  return { reply, to: replyDestination(asked.message, reply, asked.from), note: why }
}

/** What firmware starts to load now without another word is seen nowhere else. */
function noteBoot({ client, now }: Asked, verdict: Verdict | undefined, { machine }: Reservation, ports: Ports): void {
  if (client === undefined || verdict === undefined) return
  const policy = ports.policy.current()
  const sent = policy && firmwareSent(policy, verdict, client, machine, now)
  if (sent !== undefined) ports.history.addOnce(sent)
}
