import { option, userClasses, vendorClass, type DhcpMessage } from '@reboots/protocol/dhcp'
import { UNSPECIFIED, type Instant, type MacAddress } from '@reboots/protocol/net'
import type { BootClient } from '@reboots/protocol/pxe'
import { clientFacts, networkFacts, plainClientFacts, type Sighting } from '@reboots/rules'
import { MessageTraits } from '@reboots/runtime'
import type { Silence } from './outcome.ts'
import { namedNetwork } from './place.ts'
import type { Arrival, Ports } from './ports.ts'
import type { RelayFacts } from './relay-memory.ts'
import { UNKNOWN, type Reservation } from './reservation.ts'

interface Sender {
  readonly message: DhcpMessage
  readonly mac: MacAddress
  readonly client: BootClient | undefined
}

/** The record of whoever sent a message: by its MAC, and only if none has that and there are such records, by what else they name. */
export function findMachine(
  message: DhcpMessage,
  mac: MacAddress,
  client: BootClient | undefined,
  arrival: Arrival,
  ports: Ports,
  now: Instant,
): Reservation | { readonly silent: Silence; readonly note?: string } {
  const { machines, settings } = ports
  const machine =
    machines.byMac(mac) ??
    (machines.matching
      ? (matched({ message, mac, client }, arrival, ports) ?? leased(message, arrival, ports, now))
      : undefined)
  if (machine === undefined) {
    if (!machines.synced) return { silent: 'not-synced' }
    return settings.servesUnknown ? UNKNOWN : { silent: 'unknown-machine' }
  }
  return machine.disabled ? { silent: 'dhcp-disabled' } : machine
}

/** What a relay agent said before counts for a renewal, which comes past none; of strangers nothing is kept. */
function matched(sender: Sender, arrival: Arrival, ports: Ports): Reservation | undefined {
  const { message, mac } = sender
  const relay = ports.relays.recall(message, mac)
  const facts = (): Sighting => sightingOf(sender, arrival, relay, ports)
  const found = ports.machines.byTraits(new MessageTraits(message, facts, relay))
  if (found === undefined) return undefined
  if (message.giaddr !== UNSPECIFIED) ports.relays.factsOf(message, mac)
  return { ...found.value, foundBy: found.by }
}

/**
 * A renewal comes past no relay agent, and what one said before is forgotten at a restart, and unknown to another replica: that the books
 * have the address leased to its record is enough for a client that uses it.
 */
function leased(
  { giaddr, ciaddr }: DhcpMessage,
  { from }: Arrival,
  { machines, leases }: Ports,
  now: Instant,
): Reservation | undefined {
  if (giaddr !== UNSPECIFIED || ciaddr === UNSPECIFIED || from.address !== ciaddr) return undefined
  const machine = machines.byIp(ciaddr)
  const lease = machine?.holder === undefined ? undefined : leases.at(ciaddr, now)
  return lease?.state === 'bound' && lease.client === machine?.holder ? { ...machine, foundBy: 'lease' } : undefined
}

function sightingOf({ message, mac, client }: Sender, { link }: Arrival, relay: RelayFacts, ports: Ports): Sighting {
  const { settings } = ports
  const named = namedNetwork(message, settings)
  const there = named === undefined ? undefined : settings.networks.subnetOf(named)
  const subnet = named === undefined ? link : there && { address: there.network, mask: there.mask }
  return {
    client: client === undefined ? plainFacts(message, mac) : clientFacts(client),
    network: networkFacts({ link: link.name, ...relay, subnet }),
  }
}

/** Facts of a client that does not ask to boot. */
export function plainFacts(message: DhcpMessage, mac: MacAddress): Sighting['client'] {
  const { uuid } = new MessageTraits(message, () => undefined)
  return plainClientFacts({ mac, uuid, vendorClass: option(message, vendorClass), userClass: userClasses(message) })
}
