import { macOf, type DhcpMessage } from '@reboots/protocol/dhcp'
import { formatIpv4, UNSPECIFIED, type Datagram, type Ipv4Address } from '@reboots/protocol/net'
import { formatArchitecture, type BootClient } from '@reboots/protocol/pxe'
import type { DhcpAnswer, DhcpOutcome } from './answer.ts'

/** The fields of the one log line that a packet gets: who, what came, what went or why nothing did. `port` is ours. */
export function packetFields<O extends DhcpOutcome>(
  answer: DhcpAnswer<O>,
  datagram: Datagram,
  port: number,
): Record<string, unknown> {
  const { message, outcome } = answer
  const { from, link } = datagram
  const came = { received: answer.received, from: `${formatIpv4(from.address)}:${from.port}`, link, port }
  if (message === undefined) {
    return { ...came, silent: answer.fate, reason: answer.malformed, octets: datagram.bytes.length }
  }
  const who = { xid: message.xid.toString(16).padStart(8, '0'), mac: macOf(message), ...came }
  if (outcome === undefined) return { ...who, silent: answer.fate }
  return { ...who, ...went(answer, outcome), ...clientFields(outcome.client) }
}

function went<O extends DhcpOutcome>({ fate, send, dropped }: DhcpAnswer<O>, outcome: O): Record<string, unknown> {
  if (send === undefined || !('reply' in outcome)) return { silent: fate }
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
    ...addressField('yiaddr', reply.yiaddr),
    ...addressField('siaddr', reply.siaddr),
    ...addressField('giaddr', reply.giaddr),
    ...(reply.file !== '' && { file: reply.file }),
  }
}

function addressField(name: string, address: Ipv4Address): Record<string, string> {
  return address === UNSPECIFIED ? {} : { [name]: formatIpv4(address) }
}

function clientFields(client: BootClient | undefined): Record<string, unknown> {
  if (client === undefined) return {}
  return { arch: formatArchitecture(client.arch), firmware: client.firmware, loader: client.loader }
}
