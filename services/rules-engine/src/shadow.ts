import type { rules } from '@reboots/api'
import type { Instant } from '@reboots/protocol/net'
import type { Difference } from '@reboots/rules'
import type { Accepted } from './accept.ts'
import type { Account, Policies } from './policies.ts'

/** What has been found of a candidate so far. */
export interface Trial extends Account {
  /** Versions of the policy in force, and of the candidate. */
  readonly before: string
  readonly after: string
  readonly since: Instant
  readonly decisions: number
  readonly leftOut: number
  readonly changed: number
  readonly differences: readonly Difference[]
}

interface Found {
  readonly before: string
  readonly after: string
  readonly machines: Set<string>
  readonly clients: Set<string>
}

interface Running extends Account {
  readonly accepted: Accepted
  since: Instant
  decisions: number
  leftOut: number
  readonly changed: Set<string>
  readonly found: Map<string, Found>
}

/** Kinds of differences that are told apart: with machine-made reasons there could be as many as decisions. */
const MOST_KINDS = 1000

/**
 * A candidate that is tried out: the services that face the machines decide by it besides, and tell what would be another decision.
 * Counting begins anew when another policy comes into force; the trial ends when that is the candidate.
 */
export class Shadow {
  readonly #policies: Pick<Policies, 'current' | 'subscribe'>
  readonly #now: () => Instant
  readonly #listeners = new Set<() => void>()
  #running: Running | undefined

  constructor(policies: Pick<Policies, 'current' | 'subscribe'>, now: () => Instant) {
    this.#policies = policies
    this.#now = now
    policies.subscribe(({ version }) => {
      if (this.#running === undefined) return
      const { accepted, by, why } = this.#running
      this.#running = accepted.version === version ? undefined : this.#fresh(accepted, { by, why })
    })
  }

  get candidate(): rules.Candidate | undefined {
    if (this.#running === undefined) return undefined
    const { version, document } = this.#running.accepted
    return { version, document }
  }

  /** Calls back when another candidate, or none, is tried out. Returns how to stop. */
  subscribe(changed: () => void): () => void {
    this.#listeners.add(changed)
    return () => void this.#listeners.delete(changed)
  }

  start(accepted: Accepted, account: Account): void {
    this.#running = this.#fresh(accepted, account)
    for (const changed of this.#listeners) changed()
  }

  stop(): void {
    if (this.#running === undefined) return
    this.#running = undefined
    for (const changed of this.#listeners) changed()
  }

  /** Adds what a service has found. What is about another candidate, or another policy, comes too late. */
  report({ candidate, version, decisions, leftOut, differences }: rules.ReportShadowRequest): void {
    const running = this.#running
    if (running?.accepted.version !== candidate || this.#policies.current.version !== version) return
    running.decisions += decisions
    running.leftOut += leftOut
    for (const difference of differences) add(running, difference)
  }

  /** Undefined: nothing is tried out. */
  trial(examples: number): Trial | undefined {
    if (this.#running === undefined) return undefined
    const { accepted, since, by, why, decisions, leftOut, changed, found } = this.#running
    const differences = [...found.values()].map(({ before, after, machines, clients }) => ({
      before,
      after,
      machines: machines.size,
      clients: [...clients],
      examples: [...machines].slice(0, examples),
    }))
    return {
      before: this.#policies.current.version,
      after: accepted.version,
      since,
      by,
      why,
      decisions,
      leftOut,
      changed: changed.size,
      differences: differences.toSorted((one, other) => other.machines - one.machines),
    }
  }

  #fresh(accepted: Accepted, { by, why }: Account): Running {
    const nothing = { decisions: 0, leftOut: 0, changed: new Set<string>(), found: new Map<string, Found>() }
    return { accepted, by, why, since: this.#now(), ...nothing }
  }
}

function add({ changed, found }: Running, { machine, client, before, after }: rules.ShadowDifference): void {
  changed.add(machine)
  const key = `${before}\n${after}`
  let kind = found.get(key)
  if (kind === undefined) {
    if (found.size >= MOST_KINDS) return
    found.set(key, (kind = { before, after, machines: new Set(), clients: new Set() }))
  }
  kind.machines.add(machine)
  kind.clients.add(client)
}
