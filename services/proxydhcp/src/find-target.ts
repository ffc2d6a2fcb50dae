import { relayAgent, type DhcpMessage } from '@reboots/protocol/dhcp'
import { UNSPECIFIED, type Instant, type Ipv4Address } from '@reboots/protocol/net'
import type { BootClient, BootTarget } from '@reboots/protocol/pxe'
import {
  clientFacts,
  decide,
  historyFor,
  networkFacts,
  OTHERWISE,
  targetFor,
  UNKNOWN_MACHINE,
  type BootServers,
  type MachineFacts,
  type NetworkFacts,
  type Sighting,
  type Verdict,
} from '@reboots/rules'
import { MessageTraits } from '@reboots/runtime'
import { behindRelay } from './networks.ts'
import type { Silent } from './outcome.ts'
import type { Arrival, Link, Machines, Ports } from './ports.ts'

/** What the policy says of a client, and what its boot file depends on besides. */
export interface Decided {
  readonly client: BootClient
  readonly machine: MachineFacts
  readonly network: NetworkFacts
  readonly servers: BootServers
  readonly verdict: Verdict
}

/** What the policy gives this client. The same question on both ports: the second one may reach another replica. */
export function decideFor(
  message: DhcpMessage,
  client: BootClient,
  { link, from }: Arrival,
  ports: Ports,
  now: Instant,
): Decided | Silent {
  const behind = behindRelay(message.giaddr, from, link)
  const mode = ports.settings.modeFor(link, behind)
  if (mode === 'off') return { silent: 'network-off' }
  const policy = ports.policy.current()
  if (policy === undefined) return { silent: 'policy-not-synced' }
  const { machines } = ports
  const sighting = { client: clientFacts(client), network: networkOf(message, link, behind) }
  const known = machines.byMac(client.mac) ?? (machines.matching ? matched(message, sighting, machines) : undefined)
  if (known === undefined && !machines.synced) return { silent: 'not-synced' }

  const machine = known ?? UNKNOWN_MACHINE
  const history = historyFor(policy, machine, client.mac, ports.history)
  const facts = { ...sighting, machine, now, history }
  const verdict = decide(policy, facts)
  ports.policy.decided?.(facts)
  const { decision, rule } = verdict
  if (decision.kind === 'ignore') return { silent: 'ignored-by-policy', verdict }
  if (mode === 'proxy' && known === undefined && rule === OTHERWISE) return { silent: 'unknown-machine', verdict }
  const settled = ports.chainLoads.settled(client, message.xid, now)
  return { client: settled, machine, network: sighting.network, verdict, servers: ports.settings.bootServers(link) }
}

/**
 * The boot file of what was decided, or of the entry `item` of a menu. A refusal names the TFTP server, whose "no such file" lets firmware
 * go on at once.
 */
export function targetOf({ client, machine, network, servers, verdict }: Decided, item?: number): BootTarget | Silent {
  const target = targetFor(verdict.decision, client, machine, servers, item, network)
  if ('silent' in target) return { ...target, verdict }
  return { ...target, nextServer: target.nextServer || servers.tftp.address }
}

function matched(message: DhcpMessage, sighting: Sighting, machines: Machines): MachineFacts | undefined {
  return machines.byTraits(new MessageTraits(message, () => sighting))?.value
}

/** The network of a client that is not on the link is not known here: the addresses are another server's. */
function networkOf(message: DhcpMessage, link: Link, behind: Ipv4Address): NetworkFacts {
  const relay = relayAgent(message)
  return networkFacts({
    link: link.name,
    giaddr: message.giaddr,
    circuitId: relay?.circuitId,
    remoteId: relay?.remoteId,
    flags: relay?.flags,
    subnet: behind === UNSPECIFIED ? link : undefined,
  })
}
