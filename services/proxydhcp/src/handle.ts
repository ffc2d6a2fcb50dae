import { messageType, type DhcpMessage } from '@reboots/protocol/dhcp'
import type { Instant } from '@reboots/protocol/net'
import { identifyClient } from '@reboots/protocol/pxe'
import { looksForBootServer, onBootServer } from './on-boot-server.ts'
import { onDiscover } from './on-discover.ts'
import type { Outcome, Silence } from './outcome.ts'
import type { Arrival, Ports } from './ports.ts'

/** RFC 1542 §4.1.1: a message that has passed more relay agents than this is going in circles. */
const MAX_HOPS = 16

/**
 * What becomes of one message on port 67, where the site's own DHCP server is the one to answer: a proxy has a word only in DISCOVER, where
 * boot servers are looked for, and only to network-boot clients (PXE 2.1 §2.2). Pure; never throws for anything a peer can send, never waits.
 */
export function handle(message: DhcpMessage, arrival: Arrival, ports: Ports, now: Instant): Outcome {
  if (message.op !== 'bootrequest') return { silent: 'not-a-client-message' }
  const client = identifyClient(message)
  if (client === undefined) return { silent: 'not-a-network-boot-client' }
  if (looksForBootServer(message, ports)) return onBootServer(message, arrival, ports, now)
  const silent = whyNot(message, ports)
  if (silent !== undefined) return { silent, client }
  return { ...onDiscover(message, client, arrival, ports, now), client }
}

function whyNot(message: DhcpMessage, { settings }: Ports): Silence | undefined {
  const type = messageType(message)
  if (type === undefined) return 'not-a-dhcp-message'
  if (type !== 'discover') return 'not-a-discover'
  if (message.hops > MAX_HOPS) return 'too-many-hops'
  return settings.admission(message) ?? (message.secs < settings.minimumSecs ? 'too-early' : undefined)
}
