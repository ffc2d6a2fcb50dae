import { macOf, type DhcpMessage } from '@reboots/protocol/dhcp'
import { formatIpv4, UNSPECIFIED, type Datagram } from '@reboots/protocol/net'
import { formatDecision } from '@reboots/rules'
import type { Answer } from './answer.ts'
import type { Remarks, Silence } from './outcome.ts'

export type Level = 'debug' | 'info' | 'warn'

/** Silences somebody should look at; the others are everyday. */
const LEVELS: Readonly<Partial<Record<Silence, Level>>> = {
  declined: 'warn',
  'address-quarantined': 'warn',
  'wrong-network': 'warn',
  'too-many-hops': 'warn',
  'not-synced': 'info',
  'no-address': 'info',
  released: 'info',
  'not-the-owner': 'info',
  'not-authoritative': 'info',
}

/** How loud the line of a packet is: replies and everything about a network-boot client are info at least. */
export function levelOf(answer: Answer): Level {
  if (answer.fate === 'malformed') return 'debug'
  const { outcome } = answer
  if (outcome === undefined || !('silent' in outcome)) return 'info'
  return LEVELS[outcome.silent] ?? (outcome.client ? 'info' : 'debug')
}

/** The fields of the one log line that a packet gets. */
export function fieldsOf(answer: Answer, datagram: Datagram): Record<string, unknown> {
  const { message, outcome } = answer
  const { from, link } = datagram
  const came = { received: answer.received, from: `${formatIpv4(from.address)}:${from.port}`, link }
  if (message === undefined || outcome === undefined) {
    return { ...came, silent: answer.fate, reason: answer.malformed, octets: datagram.bytes.length }
  }
  return {
    xid: message.xid.toString(16).padStart(8, '0'),
    mac: macOf(message),
    ...came,
    ...went(answer),
    ...remarks(outcome),
  }
}

function went({ fate, send, outcome, dropped }: Answer): Record<string, unknown> {
  if (send === undefined || outcome === undefined || 'silent' in outcome) return { silent: fate }
  const { address, port } = send.to.to
  return {
    sent: fate,
    to: `${formatIpv4(address)}:${port}`,
    by: send.to.kind,
    ...replyFields(outcome.reply),
    ...(dropped !== undefined && dropped.length > 0 && { dropped }),
  }
}

function replyFields(reply: DhcpMessage): Record<string, unknown> {
  return {
    ...(reply.yiaddr !== UNSPECIFIED && { yiaddr: formatIpv4(reply.yiaddr) }),
    ...(reply.giaddr !== UNSPECIFIED && { giaddr: formatIpv4(reply.giaddr) }),
    ...(reply.file !== '' && { file: reply.file }),
  }
}

function remarks({ client, verdict, note }: Remarks): Record<string, unknown> {
  return {
    ...(client && { arch: client.arch, firmware: client.firmware, loader: client.loader }),
    ...(verdict && { rule: verdict.rule, version: verdict.version, decision: formatDecision(verdict.decision) }),
    ...(note !== undefined && { note }),
  }
}
