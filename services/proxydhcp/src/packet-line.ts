import { macOf } from '@reboots/protocol/dhcp'
import { formatIpv4, UNSPECIFIED, type Datagram } from '@reboots/protocol/net'
import { formatArchitecture } from '@reboots/protocol/pxe'
import type { Answer } from './answer.ts'
import type { Remarks } from './outcome.ts'

/** How loud the line of a packet is: everything about a network-boot client is for people, the rest of the network is not. */
export function levelOf({ outcome }: Answer): 'debug' | 'info' {
  return outcome?.client === undefined ? 'debug' : 'info'
}

/** The fields of the one log line that a packet gets. `door` is the port it came to. */
export function fieldsOf(answer: Answer, datagram: Datagram, door: number): Record<string, unknown> {
  const { message, outcome } = answer
  const { from, link } = datagram
  const came = { received: answer.received, from: `${formatIpv4(from.address)}:${from.port}`, link, port: door }
  if (message === undefined || outcome === undefined) {
    return { ...came, silent: answer.fate, reason: answer.malformed, octets: datagram.bytes.length }
  }
  const xid = message.xid.toString(16).padStart(8, '0')
  return { xid, mac: macOf(message), ...came, ...went(answer), ...remarks(outcome) }
}

function went({ fate, send, outcome, dropped }: Answer): Record<string, unknown> {
  if (send === undefined || outcome === undefined || 'silent' in outcome) return { silent: fate }
  const { address, port } = send.to.to
  const { siaddr, file } = outcome.reply
  return {
    sent: fate,
    to: `${formatIpv4(address)}:${port}`,
    by: send.to.kind,
    ...(siaddr !== UNSPECIFIED && { siaddr: formatIpv4(siaddr) }),
    ...(file !== '' && { file }),
    ...(dropped !== undefined && dropped.length > 0 && { dropped }),
  }
}

function remarks({ client, verdict }: Remarks): Record<string, unknown> {
  return {
    ...(client && { arch: formatArchitecture(client.arch), firmware: client.firmware, loader: client.loader }),
    ...(verdict && { rule: verdict.rule, version: verdict.version, decision: verdict.decision.kind }),
    ...(verdict && 'reason' in verdict.decision && { why: verdict.decision.reason }),
  }
}
