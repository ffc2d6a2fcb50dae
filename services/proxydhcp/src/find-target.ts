import { relayAgent, type DhcpMessage } from '@reboots/protocol/dhcp'
import { UNSPECIFIED, type Instant } from '@reboots/protocol/net'
import type { BootClient, BootTarget } from '@reboots/protocol/pxe'
import {
  clientFacts,
  decide,
  networkFacts,
  targetFor,
  UNKNOWN_MACHINE,
  type MachineFacts,
  type Sighting,
  type Verdict,
} from '@reboots/rules'
import { MessageTraits } from '@reboots/runtime'
import type { Silent } from './outcome.ts'
import type { Link, Machines, Ports } from './ports.ts'

export interface Found {
  readonly target: BootTarget
  readonly verdict: Verdict
}

/**
 * What the policy gives this client, as a boot file. The same question on both ports, and nothing is remembered between them: the second
 * one may reach another replica. A refusal names the TFTP server, whose "no such file" lets firmware go on at once.
 */
export function findTarget(
  message: DhcpMessage,
  client: BootClient,
  link: Link,
  ports: Ports,
  now: Instant,
): Found | Silent {
  const policy = ports.policy.current()
  if (policy === undefined) return { silent: 'policy-not-synced' }
  const { machines } = ports
  const sighting = { client: clientFacts(client), network: networkOf(message, link) }
  const known = machines.byMac(client.mac) ?? (machines.matching ? matched(message, sighting, machines) : undefined)
  if (known === undefined && !machines.synced) return { silent: 'not-synced' }

  const machine = known ?? UNKNOWN_MACHINE
  const verdict = decide(policy, { ...sighting, machine, now })
  const servers = ports.settings.bootServers(link)
  const target = targetFor(verdict.decision, client, machine, servers)
  if ('silent' in target) return { ...target, verdict }
  return { target: { ...target, nextServer: target.nextServer || servers.tftp.address }, verdict }
}

function matched(message: DhcpMessage, sighting: Sighting, machines: Machines): MachineFacts | undefined {
  return machines.byTraits(new MessageTraits(message, () => sighting))?.value
}

/** The network of a relayed client is not known here: the addresses are another server's. */
function networkOf(message: DhcpMessage, link: Link) {
  const relay = relayAgent(message)
  return networkFacts({
    link: link.name,
    giaddr: message.giaddr,
    circuitId: relay?.circuitId,
    remoteId: relay?.remoteId,
    flags: relay?.flags,
    subnet: message.giaddr === UNSPECIFIED ? link : undefined,
  })
}
