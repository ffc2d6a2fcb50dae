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
import type { Datagram, Instant } from '@reboots/protocol/net'
import type { Outcome, Silence } from './outcome.ts'
import type { Arrival, Link, Ports } from './ports.ts'

/** What came in, as a metric label. */
export type Received = MessageType | 'bootp' | 'bootreply' | 'malformed'

/** What became of it, as a metric label: the type of the reply, or the reason for silence. */
export type Fate = MessageType | Silence | 'malformed'

/** `handle` for port 67, `onBootServer` for 4011. */
export type Handler = (message: DhcpMessage, arrival: Arrival, ports: Ports, now: Instant) => Outcome

/** Everything the shell needs to send, count and log one datagram. */
export interface Answer {
  readonly received: Received
  readonly fate: Fate
  readonly send?: { readonly bytes: Uint8Array; readonly to: Destination }
  readonly message?: DhcpMessage
  readonly outcome?: Outcome
  /** Options that did not fit into the reply. */
  readonly dropped?: readonly number[]
  readonly malformed?: DecodeReason
}

/** From octets to octets. Total: whatever the datagram holds, the result says what became of it. */
export function answer(datagram: Datagram, handler: Handler, link: Link, ports: Ports): Answer {
  const message = decoded(datagram.bytes)
  if (message instanceof DecodeError) return { received: 'malformed', fate: 'malformed', malformed: message.reason }
  const received = receivedLabel(message)
  const outcome = handler(message, { link, from: datagram.from }, ports, datagram.at)
  if ('silent' in outcome) return { received, fate: outcome.silent, message, outcome }
  const { message: reply, dropped, maxLength } = fitReply(outcome.reply, message)
  const send = { bytes: encodeMessage(reply, { maxLength }), to: outcome.to }
  return { received, fate: messageType(reply)!, send, message, outcome, dropped }
}

function decoded(bytes: Uint8Array): DhcpMessage | DecodeError {
  try {
    return decodeMessage(bytes)
  } catch (error) {
    if (error instanceof DecodeError) return error
    throw error
  }
}

function receivedLabel(message: DhcpMessage): Received {
  return message.op === 'bootreply' ? 'bootreply' : (messageType(message) ?? 'bootp')
}
