import { replyDestination, type DhcpMessage } from '@reboots/protocol/dhcp'
import { UNSPECIFIED, type Instant } from '@reboots/protocol/net'
import { proxyMenuOffer, proxyOffer, type BootClient } from '@reboots/protocol/pxe'
import { decideFor, targetOf, type Decided } from './find-target.ts'
import { chosenBefore, isLeftToReplica, menuFor, vendorMenu } from './menu-answer.ts'
import type { Outcome, Silent } from './outcome.ts'
import type { Arrival, Link, Ports } from './ports.ts'

/** An OFFER with boot information and without an address, or nothing at all: never one that promises what 4011 cannot keep. */
export function onDiscover(
  message: DhcpMessage,
  client: BootClient,
  arrival: Arrival,
  ports: Ports,
  now: Instant,
): Outcome {
  ports.relayWays.note(message, client.mac, now)
  const decided = decideFor(message, client, arrival, ports, now)
  if ('silent' in decided) return decided
  const reply = offerOf(message, decided, arrival.link, ports, now)
  if ('silent' in reply) return reply
  // A client in DISCOVER has no address it could be reached at, whatever it says: the relay agent or everybody.
  const to = replyDestination({ ...message, ciaddr: UNSPECIFIED }, reply, arrival.from)
  return { reply, to, verdict: decided.verdict }
}

function offerOf(message: DhcpMessage, decided: Decided, link: Link, ports: Ports, now: Instant): DhcpMessage | Silent {
  const { client } = decided
  const menu = menuFor(decided, client, link.address)
  if (menu === undefined) {
    if (isLeftToReplica(decided, message.xid, ports, now))
      return { silent: 'left-to-replica', verdict: decided.verdict }
    const target = targetOf(decided, chosenBefore(decided, ports, now))
    return 'silent' in target ? target : proxyOffer(message, client, target, link.address)
  }
  const vendor = vendorMenu(decided, menu, link.address, ports)
  if ('silent' in vendor) return vendor
  ports.choices.show(client.mac, menu.name, now)
  return proxyMenuOffer(message, vendor, link.address)
}
