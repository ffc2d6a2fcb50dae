import { replyDestination, type DhcpMessage } from '@reboots/protocol/dhcp'
import { UNSPECIFIED, type Instant } from '@reboots/protocol/net'
import { proxyOffer, type BootClient } from '@reboots/protocol/pxe'
import { findTarget } from './find-target.ts'
import type { Outcome } from './outcome.ts'
import type { Arrival, Ports } from './ports.ts'

/** An OFFER with boot information and without an address, or nothing at all: never one that promises what 4011 cannot keep. */
export function onDiscover(
  message: DhcpMessage,
  client: BootClient,
  { link, from }: Arrival,
  ports: Ports,
  now: Instant,
): Outcome {
  const found = findTarget(message, client, link, ports, now)
  if ('silent' in found) return found
  const { target, verdict } = found
  const reply = proxyOffer(message, client, target, link.address)
  // A client in DISCOVER has no address it could be reached at, whatever it says: the relay agent or everybody.
  return { reply, to: replyDestination({ ...message, ciaddr: UNSPECIFIED }, reply, from), verdict }
}
