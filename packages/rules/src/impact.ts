import type { Instant } from '@reboots/protocol/net'
import { decide } from './decide.ts'
import { factsReadBy } from './facts-read.ts'
import type { BootHistory } from './boot-history.ts'
import { describedClientFacts } from './client-facts.ts'
import type { Facts, MachineFacts, NetworkFacts } from './facts.ts'
import { Outcomes } from './outcome.ts'
import type { Policy } from './policy.ts'
import { factAt } from './rule-index.ts'
import { sampleClients, type SampleClient } from './sample-clients.ts'

/** Machines that get something else, and the same instead of the same. */
export interface Difference {
  readonly before: string
  readonly after: string
  readonly machines: number
  /** The ways to ask in which it makes a difference for some of them. */
  readonly clients: readonly string[]
  /** Ids of the first of them. */
  readonly examples: readonly string[]
}

export interface ImpactReport {
  readonly machines: number
  /** Those for which there is a difference in some way to ask. */
  readonly changed: number
  /** Those with the most machines first. */
  readonly differences: readonly Difference[]
  /** The ways to ask that were tried. */
  readonly clients: readonly string[]
  /** Facts that rules look at and nobody knows before a machine asks: taken as empty. */
  readonly assumed: readonly string[]
}

interface Found {
  readonly before: string
  readonly after: string
  readonly machines: Set<string>
  readonly clients: Set<string>
}

/** Known from the record, or the same whatever machine it is. */
const KNOWN =
  /^(?:machine\.|client\.(?:mac|oui|arch|firmware|transport|loader|userClass)$|network\.subnet$|now$|history\b)/

const NO_CLIENT = describedClientFacts({ mac: '' })
const NO_NETWORK: NetworkFacts = { link: '', giaddr: '', circuitId: '', remoteId: '', relayFlags: [], subnet: '' }

/** What may tell one machine from another before it asks. */
const OWN = /^(?:machine\.|client\.(?:mac|oui)$|network\.subnet$)/

/**
 * What changes when one policy takes the place of another: machines go in one by one, the report comes out. Machines that no rule can
 * tell apart are decided on once.
 */
export class Impact {
  readonly #policies: readonly [Policy, Policy]
  readonly #outcomes: readonly [Outcomes, Outcomes]
  readonly #clients: readonly SampleClient[]
  readonly #read: ReadonlyMap<string, readonly string[]>
  readonly #own: readonly (readonly string[])[]
  readonly #now: Instant
  readonly #machines = new Set<string>()
  readonly #changed = new Set<string>()
  readonly #found = new Map<string, Found>()
  /** The differences for machines that are alike to all rules. */
  readonly #alike = new Map<string, ReadonlySet<Found>>()

  constructor(before: Policy, after: Policy, now: Instant) {
    this.#policies = [before, after]
    this.#outcomes = [new Outcomes(before), new Outcomes(after)]
    this.#clients = sampleClients(this.#policies)
    this.#read = factsReadBy(this.#policies)
    this.#own = [...this.#read].filter(([fact]) => OWN.test(fact)).map(([, names]) => names)
    this.#now = now
  }

  /** An interface of a machine, on a subnet if it is known, with its boots. `name` is what the report calls the machine. */
  add(name: string, machine: MachineFacts, subnet: string, history?: BootHistory): void {
    this.#machines.add(name)
    const { mac } = machine.interface
    const network = subnet === '' ? NO_NETWORK : { ...NO_NETWORK, subnet }
    const facts: Facts = {
      client: { ...NO_CLIENT, mac, oui: mac.slice(0, 8) },
      network,
      machine,
      now: this.#now,
      history,
    }
    const kind = JSON.stringify([history, ...this.#own.map((names) => factAt(facts, names) ?? null)])
    let differences = this.#alike.get(kind)
    if (differences === undefined) this.#alike.set(kind, (differences = this.#compare(facts)))
    if (differences.size > 0) this.#changed.add(name)
    for (const { machines } of differences) machines.add(name)
  }

  #compare(facts: Facts): Set<Found> {
    const { mac, oui } = facts.client
    const [before, after] = this.#policies
    const differences = new Set<Found>()
    for (const client of this.#clients) {
      const asking = { ...facts, client: { ...client.facts, mac, oui } }
      const was = this.#outcomes[0].of(decide(before, asking))
      const becomes = this.#outcomes[1].of(decide(after, asking))
      if (was.key === becomes.key) continue
      const found = this.#difference(was.text, becomes.text)
      found.clients.add(client.name)
      differences.add(found)
    }
    return differences
  }

  #difference(before: string, becomes: string): Found {
    const after = before === becomes ? `${becomes}, changed` : becomes
    const key = `${before}\n${after}`
    let found = this.#found.get(key)
    if (found === undefined) this.#found.set(key, (found = { before, after, machines: new Set(), clients: new Set() }))
    return found
  }

  /** With at most so many machines named of each difference. */
  report(examples: number): ImpactReport {
    const differences = [...this.#found.values()].map(({ before, after, machines, clients }) => ({
      before,
      after,
      machines: machines.size,
      clients: [...clients],
      examples: [...machines].slice(0, examples),
    }))
    return {
      machines: this.#machines.size,
      changed: this.#changed.size,
      differences: differences.toSorted((one, other) => other.machines - one.machines),
      clients: this.#clients.map(({ name }) => name),
      assumed: [...this.#read.keys()].filter((fact) => !KNOWN.test(fact)).toSorted(),
    }
  }
}
