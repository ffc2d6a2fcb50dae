import { macOf, messageType, serverIdentifierFor, type DhcpMessage, type MessageType } from '@reboots/protocol/dhcp'
import type { Instant } from '@reboots/protocol/net'
import { identifyClient } from '@reboots/protocol/pxe'
import { findMachine } from './find-machine.ts'
import { onDecline } from './on-decline.ts'
import { onDiscover } from './on-discover.ts'
import { onInform } from './on-inform.ts'
import { onRelease } from './on-release.ts'
import { onRequest } from './on-request.ts'
import { mapped, type Decision, type Outcome } from './outcome.ts'
import { withSubnetSelection } from './place.ts'
import type { Arrival, Asked, Ports } from './ports.ts'
import type { Reservation } from './reservation.ts'

type Handler = (asked: Asked, machine: Reservation, ports: Ports) => Decision

/** The fork in the road: one line per client message, RFC 2131 §4.3. */
const HANDLERS: Readonly<Partial<Record<MessageType, Handler>>> = {
  discover: onDiscover,
  request: onRequest,
  decline: onDecline,
  release: onRelease,
  inform: onInform,
}

/** RFC 1542 §4.1.1: a message that has passed more relay agents than this is going in circles. */
const MAX_HOPS = 16

/**
 * What becomes of one message, at once or after a step in the lease store. Pure; never throws for anything a peer can send, never waits.
 *
 * Machines without a record get no answer whatever they ask, because another server may know them (RFC 2131 §4.3.2), unless the pools
 * are for them too.
 */
export function handle(message: DhcpMessage, arrival: Arrival, ports: Ports, now: Instant): Decision {
  if (message.op !== 'bootrequest') return { silent: 'not-a-client-message' }
  const type = messageType(message)
  if (type === undefined) return { silent: 'not-a-dhcp-message' }
  const handler = HANDLERS[type]
  if (handler === undefined) return { silent: 'message-type-not-served' }
  if (message.hops > MAX_HOPS) return { silent: 'too-many-hops' }
  const refused = ports.settings.admission(message, arrival, now)
  if (refused !== undefined) return { silent: refused }

  const client = identifyClient(message)
  const mac = macOf(message)
  const machine = findMachine(message, mac, client, arrival, ports, now)
  if ('silent' in machine) return { ...machine, client }
  const asked = {
    ...arrival,
    message,
    mac,
    client,
    server: serverIdentifierFor(message, arrival.link.address),
    now,
  }
  return mapped(handler(asked, machine, ports), (outcome) => finished(asked, outcome, machine, ports))
}

/** The outcome with what goes into every reply, and a word on who asks to boot. */
function finished(asked: Asked, outcome: Outcome, machine: Reservation, ports: Ports): Outcome {
  const { client } = asked
  const whole =
    'silent' in outcome
      ? { ...outcome, client }
      : { ...outcome, reply: withSubnetSelection(outcome.reply, asked.message, ports.settings), client }
  if (machine.foundBy === undefined) return whole
  return { ...whole, found: `${machine.machine.id} by ${machine.foundBy}` }
}
