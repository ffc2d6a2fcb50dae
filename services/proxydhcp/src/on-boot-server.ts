import { messageType, option, replyDestination, serverIdentifier, type DhcpMessage } from '@reboots/protocol/dhcp'
import { UNSPECIFIED, type Instant, type Ipv4Address } from '@reboots/protocol/net'
import {
  bootServerAck,
  bootServerMenuAck,
  decodeVendorOptions,
  identifyClient,
  type BootClient,
  type BootItem,
} from '@reboots/protocol/pxe'
import { firmwareSent } from '@reboots/rules'
import { DecodeError } from '@reboots/protocol/bytes'
import { decideFor, targetOf, type Decided } from './find-target.ts'
import { chosenBefore, itemAnswer, menuFor, vendorMenu } from './menu-answer.ts'
import type { Outcome, Silence, Silent } from './outcome.ts'
import type { Arrival, Ports } from './ports.ts'

/** What clients come to a boot server with: REQUEST as a rule (PXE 2.1 §2.2.5), INFORM and DISCOVER from some ROMs. */
const SERVED: ReadonlySet<string | undefined> = new Set(['request', 'inform', 'discover'])

/**
 * What becomes of one message on port 4011: a client that has its address by now and asks for its boot file. It is answered where it
 * sent from: UEFI does not hear a reply at port 68, iPXE none from another port than 4011. Pure; never throws, never waits.
 */
export function onBootServer(message: DhcpMessage, { link, from }: Arrival, ports: Ports, now: Instant): Outcome {
  if (message.op !== 'bootrequest') return { silent: 'not-a-client-message' }
  const client = identifyClient(message)
  if (client === undefined) return { silent: 'not-a-network-boot-client' }
  const silent = whyNot(message, client, { link, from }, ports)
  if (silent !== undefined) return { silent, client }

  const asked = ports.relayWays.recall(message, client.mac, now)
  const decided = decideFor(asked, client, { link, from }, ports, now)
  if ('silent' in decided) return { ...decided, client }
  const answer = answerTo(
    message,
    decided,
    option(message, serverIdentifier) ?? link.address,
    { link, from },
    ports,
    now,
  )
  if ('silent' in answer) return { ...answer, client }
  noteBoot(decided, ports, now)
  const isRelayed = message.giaddr !== UNSPECIFIED
  const to = isRelayed ? replyDestination(message, answer.reply, from) : ({ kind: 'unicast', to: from } as const)
  return { ...answer, to, client, verdict: decided.verdict }
}

/** What firmware starts to load now without another word is seen nowhere else. */
function noteBoot({ verdict, client, machine }: Decided, ports: Ports, now: Instant): void {
  const policy = ports.policy.current()
  const sent = policy && firmwareSent(policy, verdict, client, machine, now)
  if (sent !== undefined) ports.history.addOnce(sent)
}

/**
 * Whether somebody who chose from a menu looks for the boot server by asking everybody: on port 67, where iPXE and UEFI send that to, and
 * where option 43 said that they may (bit 0 of 6 clear). It is a question for port 4011 then, and relay agents hand it on.
 */
export function looksForBootServer(message: DhcpMessage, { settings }: Ports): boolean {
  if (!settings.discovery.broadcast) return false
  const type = messageType(message)
  return (type === 'request' || type === 'inform') && chosenItem(message) !== undefined
}

/** The file of the entry to those that have chosen from a menu, the menu to ROMs that have not yet, and to all others their file. */
function answerTo(
  message: DhcpMessage,
  decided: Decided,
  server: Ipv4Address,
  { link }: Arrival,
  ports: Ports,
  now: Instant,
): { readonly reply: DhcpMessage; readonly chosen?: string } | Silent {
  const { client, verdict } = decided
  const item = chosenItem(message)
  const menu = menuFor(decided, client, link.address)
  if (item !== undefined) {
    if (menu === undefined) return { silent: 'unknown-boot-item', verdict }
    return itemAnswer(message, decided, menu, item, server, ports, now)
  }
  if (menu !== undefined && client.firmware === 'bios') {
    const vendor = vendorMenu(decided, menu, link.address, ports)
    return 'silent' in vendor ? vendor : { reply: bootServerMenuAck(message, vendor, server) }
  }
  // UEFI that was given a menu and asks without an item shows none: it gets what a menu is when nobody chooses.
  const target = targetOf(decided, menu === undefined ? chosenBefore(decided, ports, now) : 1)
  return 'silent' in target ? target : { reply: bootServerAck(message, client, target, server) }
}

function whyNot(message: DhcpMessage, client: BootClient, { from }: Arrival, ports: Ports): Silence | undefined {
  const type = messageType(message)
  if (type === undefined) return 'not-a-dhcp-message'
  if (!SERVED.has(type)) return 'message-type-not-served'
  // The URI was in the offer: there is no second question in UEFI HTTP boot.
  if (client.transport === 'http') return 'http-client-at-boot-server'
  const selected = option(message, serverIdentifier)
  if (selected !== undefined && !ports.settings.addresses.has(selected)) return 'other-server-selected'
  if (from.address === UNSPECIFIED || from.port === 0) return 'no-return-address'
  return ports.settings.admission(message)
}

/** Sub-option 71: what the client chose from a menu. An option 43 that cannot be read says nothing. */
function chosenItem(message: DhcpMessage): BootItem | undefined {
  const vendor = message.options.get(43)
  if (vendor === undefined) return undefined
  try {
    return decodeVendorOptions(vendor).bootItem
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}
