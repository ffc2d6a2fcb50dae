import { DecodeError, type DecodeReason } from '@reboots/protocol/bytes'
import {
  decodeMessage,
  encodeMessage,
  fitReply,
  messageType,
  type Destination,
  type DhcpMessage,
  type MessageType,
} from '@reboots/protocol/dhcp'
import type { Datagram, Endpoint, Instant, Ipv4Address } from '@reboots/protocol/net'
import type { BootClient } from '@reboots/protocol/pxe'
import type { ProbeRequest, ProbeResult } from '../probe/prober.ts'
import type { Dropped } from './waiting-room.ts'

/** An interface on which clients are served. */
export interface DhcpLink {
  readonly name: string
  readonly address: Ipv4Address
  readonly mask: Ipv4Address
}

/** How a message came in. */
export interface DhcpArrival {
  readonly link: DhcpLink
  readonly from: Endpoint
}

/** What becomes of one message: a reply and where it goes, or the reason for silence. */
export type DhcpOutcome<Silence extends string = string> = (
  | { readonly reply: DhcpMessage; readonly to: Destination }
  | { readonly silent: Silence }
) & {
  /** Whoever asks to boot, for the log; absent: the message is not of a network-boot client. */
  readonly client?: BootClient | undefined
}

/** Decides one message at once; never throws for anything a peer can send, never waits. */
export type DhcpHandler<O extends DhcpOutcome> = (message: DhcpMessage, arrival: DhcpArrival, now: Instant) => O

/**
 * A message whose outcome depends on a step in a store: what is to be done there, and what becomes of the message once the result is
 * known. `conclude` decides like a handler, and may ask for a further step.
 */
export interface DhcpPending<O extends DhcpOutcome, Step, Result> {
  readonly step: Step
  conclude(result: Result): DhcpDecision<O, Step, Result>
}

/** A message that is parked until it is known whether somebody uses the address that it is to be answered with. */
export interface DhcpParked<O extends DhcpOutcome, Step, Result> {
  readonly probe: ProbeRequest
  resume(result: ProbeResult): DhcpDecision<O, Step, Result>
}

export type DhcpDecision<O extends DhcpOutcome, Step, Result> =
  | O
  | DhcpPending<O, Step, Result>
  | DhcpParked<O, Step, Result>

/** Decides one message, or says what has to be done first; never throws for anything a peer can send, never waits. */
export type DhcpDecider<O extends DhcpOutcome, Step, Result> = (
  message: DhcpMessage,
  arrival: DhcpArrival,
  now: Instant,
) => DhcpDecision<O, Step, Result>

type SilenceOf<O> = O extends { readonly silent: infer Silence } ? Silence : never

/** Why a datagram gets no answer that no handler has decided on. */
export type ShellSilence = 'malformed' | Dropped

/** Everything the shell needs to send, count and log one datagram. */
export interface DhcpAnswer<O extends DhcpOutcome> {
  /** What came in, as a metric label. */
  readonly received: MessageType | 'bootp' | 'bootreply' | 'malformed'
  /** What became of it, as a metric label: the type of the reply, or the reason for silence. */
  readonly fate: MessageType | SilenceOf<O> | ShellSilence
  readonly send?: { readonly bytes: Uint8Array; readonly to: Destination }
  readonly message?: DhcpMessage
  readonly outcome?: O
  /** Options that did not fit into the reply. */
  readonly dropped?: readonly number[]
  readonly malformed?: DecodeReason
}

/** From octets to octets. Total: whatever the datagram holds, the result says what became of it. `into` as for `answerOf`. */
export function answerDatagram<O extends DhcpOutcome>(
  datagram: Datagram,
  handler: DhcpHandler<O>,
  link: DhcpLink,
  into?: Uint8Array,
): DhcpAnswer<O> {
  const message = readMessage(datagram.bytes)
  if (message instanceof DecodeError) return malformedAnswer(message)
  return answerOf(message, handler(message, { link, from: datagram.from }, datagram.at), into)
}

/** The last step of every answer: the outcome as octets that this client takes, written into `into` if there is one and it has room. */
export function answerOf<O extends DhcpOutcome>(message: DhcpMessage, outcome: O, into?: Uint8Array): DhcpAnswer<O> {
  const received = receivedType(message)
  if ('silent' in outcome) return { received, fate: outcome.silent as SilenceOf<O>, message, outcome }
  const { message: reply, dropped, maxLength } = fitReply(outcome.reply, message)
  const bytes = encodeMessage(reply, into === undefined ? { maxLength } : { maxLength, into })
  return { received, fate: messageType(reply)!, send: { bytes, to: outcome.to }, message, outcome, dropped }
}

export function malformedAnswer(error: DecodeError): DhcpAnswer<never> {
  return { received: 'malformed', fate: 'malformed', malformed: error.reason }
}

/** For a message that was not looked at. */
export function droppedAnswer(message: DhcpMessage, why: Dropped): DhcpAnswer<never> {
  return { received: receivedType(message), fate: why, message }
}

function receivedType(message: DhcpMessage): DhcpAnswer<never>['received'] {
  return message.op === 'bootreply' ? 'bootreply' : (messageType(message) ?? 'bootp')
}

/** The message, or why it is none. */
export function readMessage(bytes: Uint8Array): DhcpMessage | DecodeError {
  try {
    return decodeMessage(bytes)
  } catch (error) {
    if (error instanceof DecodeError) return error
    throw error
  }
}
