import type { StepResult } from '@reboots/leases'
import {
  ack,
  nak,
  option,
  replyDestination,
  requestedAddress,
  requestState,
  serverIdentifier,
} from '@reboots/protocol/dhcp'
import { formatIpv4, UNSPECIFIED, type Ipv4Address } from '@reboots/protocol/net'
import { withBootAnswer } from './boot-answer.ts'
import { claimOf, takingOver } from './claim.ts'
import { isUsableThere } from './network.ts'
import type { Decision, Outcome } from './outcome.ts'
import type { Asked, Ports } from './ports.ts'
import type { ReservedAddress, Reservation } from './reservation.ts'

/** RFC 2131 §4.3.2: ACK, NAK or silence, by the state the client is in. The README has the table. */
export function onRequest(asked: Asked, machine: Reservation, ports: Ports): Decision {
  const { message, server, from } = asked
  const state = requestState(message)
  if (state === undefined) return { silent: 'no-client-address' }
  const selecting = state === 'selecting'
  if (selecting && !isForUs(asked)) return otherServerSelected(asked, machine, ports)

  const { address } = machine
  if (address === undefined) return { silent: 'no-address' }
  const named = namedAddress(asked)
  const wrong = whatIsWrong(asked, address, named)
  if (wrong !== undefined) return refuse(asked, wrong, selecting, ports)

  const answer = withBootAnswer(ack(message, address.ip, address.config, server), asked, machine, ports)
  if ('silent' in answer) return answer
  const step = { kind: 'bind', pool: address.pool, claim: claimOf(asked, address.ip, named) } as const
  const conclude = (lease: StepResult): Outcome => {
    if (lease === 'unavailable') return { silent: 'leases-unavailable' }
    if (lease === 'refused') return refuse(asked, `${formatIpv4(address.ip)} is in quarantine`, selecting, ports)
    return { ...answer, to: replyDestination(message, answer.reply, from) }
  }
  return takingOver(asked, address.ip, ports, { step, conclude })
}

/** The link's own address is us as well, also where a relay agent gave us another name. */
function isForUs(asked: Asked): boolean {
  const chosen = option(asked.message, serverIdentifier)
  return chosen === asked.server || chosen === asked.link.address
}

const OTHER_SERVER: Outcome = { silent: 'other-server-selected' }

/** RFC 2131 §3.1 step 3: what was offered here is free again; what was bound before stays bound. */
function otherServerSelected(asked: Asked, machine: Reservation, ports: Ports): Decision {
  const lease = machine.address && ports.leases.at(machine.address.ip, asked.now)
  if (lease?.state !== 'offered') return OTHER_SERVER
  return { step: { kind: 'release', client: asked.mac, address: lease.address }, conclude: () => OTHER_SERVER }
}

/** Option 50 in SELECTING and INIT-REBOOT, `ciaddr` in RENEWING and REBINDING (RFC 2131 table 4). */
function namedAddress({ message }: Asked): Ipv4Address | undefined {
  return option(message, requestedAddress) ?? (message.ciaddr === UNSPECIFIED ? undefined : message.ciaddr)
}

/**
 * Why the machine cannot have the address it names; undefined when it can. A client that uses its address already and was not relayed
 * may have come through a router: where it is cannot be told then, and its answer goes to `ciaddr`.
 */
function whatIsWrong(asked: Asked, address: ReservedAddress, named: Ipv4Address | undefined): string | undefined {
  if (named === undefined) return 'no address was requested'
  if (named !== address.ip) return `${formatIpv4(named)} is not the reserved address`
  const routed = asked.message.ciaddr !== UNSPECIFIED && asked.message.giaddr === UNSPECIFIED
  return routed || isUsableThere(address, asked) ? undefined : 'wrong network'
}

/** A client that answers our own offer is always told; any other may be in the care of another server unless we are authoritative. */
function refuse(asked: Asked, why: string, selecting: boolean, ports: Ports): Outcome {
  if (!selecting && !ports.settings.authoritative) return { silent: 'not-authoritative', note: why }
  const reply = nak(asked.message, asked.server, why)
  return { reply, to: replyDestination(asked.message, reply, asked.from), note: why }
}
