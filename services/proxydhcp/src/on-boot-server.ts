import { messageType, option, serverIdentifier, type DhcpMessage } from '@reboots/protocol/dhcp'
import { UNSPECIFIED, type Instant } from '@reboots/protocol/net'
import { bootServerAck, decodeVendorOptions, identifyClient, type BootClient } from '@reboots/protocol/pxe'
import { DecodeError } from '@reboots/protocol/bytes'
import { findTarget } from './find-target.ts'
import type { Outcome, Silence } from './outcome.ts'
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

  const found = findTarget(message, client, link, ports, now)
  if ('silent' in found) return { ...found, client }
  const server = option(message, serverIdentifier) ?? link.address
  const reply = bootServerAck(message, client, found.target, server)
  return { reply, to: { kind: 'unicast', to: from }, client, verdict: found.verdict }
}

function whyNot(message: DhcpMessage, client: BootClient, { from }: Arrival, ports: Ports): Silence | undefined {
  const type = messageType(message)
  if (type === undefined) return 'not-a-dhcp-message'
  if (!SERVED.has(type)) return 'message-type-not-served'
  // The URI was in the offer: there is no second question in UEFI HTTP boot.
  if (client.transport === 'http') return 'http-client-at-boot-server'
  const selected = option(message, serverIdentifier)
  if (selected !== undefined && !ports.settings.addresses.has(selected)) return 'other-server-selected'
  if (choseFromMenu(message)) return 'unknown-boot-item'
  return from.address === UNSPECIFIED || from.port === 0 ? 'no-return-address' : undefined
}

/** Sub-option 71: the client chose an item from a menu, and none was offered. An option 43 that cannot be read says nothing. */
function choseFromMenu(message: DhcpMessage): boolean {
  const vendor = message.options.get(43)
  if (vendor === undefined) return false
  try {
    return decodeVendorOptions(vendor).bootItem !== undefined
  } catch (error) {
    if (error instanceof DecodeError) return false
    throw error
  }
}
