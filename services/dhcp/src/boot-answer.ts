import {
  bootFileName,
  parameterRequestList,
  tftpServerName,
  vendorClass,
  withOption,
  type DhcpMessage,
} from '@reboots/protocol/dhcp'
import { parseIpv4, UNSPECIFIED } from '@reboots/protocol/net'
import { withBoot, type BootClient } from '@reboots/protocol/pxe'
import { targetFor, type BootServers, type Decision, type Verdict } from '@reboots/rules'
import type { Terms } from './addressing/terms.ts'
import type { Silence } from './outcome.ts'
import { verdictOn } from './policy-class.ts'
import type { Asked, Ports } from './ports.ts'
import type { Reservation } from './reservation.ts'

export type BootAnswer =
  | { readonly reply: DhcpMessage; readonly verdict?: Verdict; readonly dhcpClass?: string; readonly note?: string }
  | { readonly silent: Silence }

/**
 * Adds to a reply how this client boots. A record that names a boot file has the last word; other clients that ask to boot get what
 * the policy decides. Without a policy they get nothing at all: an address without a boot file would end their attempt, silence makes
 * them try again. `decided`: what the policy says, if it had to be asked already.
 */
export function withBootAnswer(
  reply: DhcpMessage,
  asked: Asked,
  machine: Reservation,
  terms: Terms,
  ports: Ports,
  decided: Verdict | undefined,
): BootAnswer {
  const answer = bootAnswer(reply, asked, machine, terms, ports, decided)
  return decided?.dhcpClass === undefined || 'silent' in answer ? answer : { ...answer, dhcpClass: decided.dhcpClass }
}

function bootAnswer(
  reply: DhcpMessage,
  asked: Asked,
  machine: Reservation,
  terms: Terms,
  ports: Ports,
  decided: Verdict | undefined,
): BootAnswer {
  if (machine.tftpServerName !== '' || machine.bootFileName !== '') return { reply: asRecorded(reply, asked, machine) }
  if (asked.client === undefined) return { reply }
  const policy = ports.policy.current()
  if (policy === undefined) return { silent: 'policy-not-synced' }

  const verdict = decided ?? verdictOn(policy, asked, machine, terms, reply.yiaddr, ports)
  const servers = serversFor(terms, ports.settings.bootServers(asked.link))
  const asks = parameterRequestList(asked.message)
  const client = ports.chainLoads.settled(asked.client, asked.message.xid, asked.now)
  const target = targetFor(verdict.decision, client, machine.machine, servers)
  if (!('silent' in target)) {
    const file = isIpxeBoot(verdict.decision) ? bootFileOf(terms, client, machine) : undefined
    return { reply: withBoot(reply, client, file === undefined ? target : { ...target, file }, asks), verdict }
  }
  if (target.silent === 'ignored-by-policy') return { reply, verdict, note: target.silent }
  // An offer without a boot file makes firmware try for a minute; a refusal lets it go on to its next boot device at once.
  const refusal = targetFor({ kind: 'deny', reason: target.silent }, client, machine.machine, servers)
  return { reply: 'silent' in refusal ? reply : withBoot(reply, client, refusal, asks), verdict, note: target.silent }
}

/** Options 66 and 67 and the header fields as the record has them, and no other boot information. */
function asRecorded(reply: DhcpMessage, asked: Asked, { tftpServerName: server, bootFileName: file }: Reservation) {
  const asks = parameterRequestList(asked.message)
  const wants = (code: number) => asked.client !== undefined || asks.length === 0 || asks.includes(code)
  // A name goes into option 66 only: siaddr would win over it in firmware.
  const siaddr = server === '' ? asked.link.address : (parseIpv4(server) ?? UNSPECIFIED)
  let answer: DhcpMessage = { ...reply, siaddr, file: file.length < 128 ? file : '' }
  if (server !== '' && wants(tftpServerName.code)) answer = withOption(answer, tftpServerName, server)
  if (file !== '' && wants(bootFileName.code)) answer = withOption(answer, bootFileName, file)
  // UEFI HTTP boot throws away an offer with a URI that does not say HTTPClient.
  return asked.client?.transport === 'http' ? withOption(answer, vendorClass, 'HTTPClient') : answer
}

function serversFor({ nextServer }: Terms, servers: BootServers): BootServers {
  return nextServer === undefined ? servers : { ...servers, tftp: { ...servers.tftp, address: nextServer } }
}

/** Profiles that name what firmware loads have their own word for it. */
function isIpxeBoot(decision: Decision): boolean {
  return decision.kind === 'ask' || (decision.kind === 'boot' && decision.firmware === undefined)
}

/** The subnet's boot file is for firmware that loads it the way it is named, and gives way to that of the machine. */
function bootFileOf({ bootFile }: Terms, client: BootClient, { machine }: Reservation): string | undefined {
  if (bootFile === undefined || client.loader === 'ipxe' || machine.netboot.ipxe.binary !== '') return undefined
  return client.transport === (/^https?:/.test(bootFile) ? 'http' : 'tftp') ? bootFile : undefined
}
