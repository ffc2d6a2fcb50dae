import type { Ipv4Address } from '@reboots/protocol/net'
import { clientFacts, decide, historyFor, networkFacts, type Facts, type Policy, type Verdict } from '@reboots/rules'
import type { Terms } from './addressing/terms.ts'
import { plainFacts } from './find-machine.ts'
import type { Asked, Ports } from './ports.ts'
import type { Reservation } from './reservation.ts'

/**
 * What the policy says of whoever is about to get this address, asked before the reply is made because a class changes what is in
 * it; undefined, and nothing is asked, where no rule gives a class. Clients that do not boot are asked for too: only their class counts.
 */
export function classVerdict(
  asked: Asked,
  machine: Reservation,
  terms: Terms,
  yiaddr: Ipv4Address,
  ports: Ports,
): Verdict | undefined {
  const policy = ports.policy.current()
  if (policy === undefined || policy.classes.size === 0) return undefined
  return verdictOn(policy, asked, machine, terms, yiaddr, ports)
}

/** The terms of the class that the verdict names, if there is one. */
export function withClass(terms: Terms, verdict: Verdict | undefined, { settings }: Ports): Terms {
  return verdict?.dhcpClass === undefined ? terms : settings.classes.termsOf(terms, verdict.dhcpClass)
}

export function verdictOn(
  policy: Policy,
  asked: Asked,
  machine: Reservation,
  terms: Terms,
  yiaddr: Ipv4Address,
  ports: Ports,
): Verdict {
  const facts = factsOf(policy, asked, machine, terms, yiaddr, ports)
  ports.policy.decided?.(facts)
  return decide(policy, facts)
}

function factsOf(
  policy: Policy,
  { message, client, link, mac, now }: Asked,
  { machine, address }: Reservation,
  { config }: Terms,
  yiaddr: Ipv4Address,
  { relays, history: histories }: Ports,
): Facts {
  const at = yiaddr || message.ciaddr || address?.ip
  const network = networkFacts({
    link: link.name,
    ...relays.factsOf(message, mac),
    subnet: at === undefined ? undefined : { address: at, mask: config.subnetMask },
  })
  const history = historyFor(policy, machine, mac, histories)
  const facts = client === undefined ? plainFacts(message, mac) : clientFacts(client)
  return { client: facts, network, machine, now, history }
}
