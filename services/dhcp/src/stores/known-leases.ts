import { NEVER, type Lease, type LeaseRecord, type LeaseStep, type StepResult } from '@reboots/leases'
import { INFINITE, type Instant, type Ipv4Address } from '@reboots/protocol/net'
import type { Change } from './redis-wire.ts'

interface Known extends LeaseRecord {
  /** The number of changes the books had seen when they said so. */
  readonly seq: number
}

/**
 * What a replica knows of the books in Redis: from its own steps, and from what the others change. It is never newer than they are,
 * except for leases that were answered from memory. All times are those of Redis.
 */
export class KnownLeases {
  #known = new Map<Ipv4Address, Known>()
  /** Answered from memory, not in Redis yet. */
  readonly unwritten = new Set<Ipv4Address>()

  constructor(records: Iterable<LeaseRecord> = []) {
    this.learn(records, 0)
  }

  learn(records: Iterable<LeaseRecord>, seq: number): void {
    for (const record of records) {
      const before = this.#known.get(record.address)?.seq ?? 0
      if (before > seq || (before === seq && this.unwritten.has(record.address))) continue
      this.unwritten.delete(record.address)
      this.#known.set(record.address, { ...record, seq })
    }
  }

  /** What an answer with the same number said is newer: the run went on after this change. */
  follow({ record, seq }: Change): void {
    if ((this.#known.get(record.address)?.seq ?? 0) < seq) this.learn([record], seq)
  }

  /** The leases and quarantines that Redis should have, and has not or has as ending earlier. `books`: all that is in Redis. */
  missingIn(books: ReadonlyMap<Ipv4Address, LeaseRecord>, now: Instant): Lease[] {
    const missing: Lease[] = []
    for (const { address, client, state, expiresAt } of this.#known.values()) {
      if ((state !== 'bound' && state !== 'declined') || expiresAt <= now) continue
      const there = books.get(address)
      const has =
        there !== undefined && there.state === state && there.client === client && there.expiresAt >= expiresAt
      if (!has) missing.push({ address, client, state, expiresAt })
    }
    return missing
  }

  unwrittenLeases(): Lease[] {
    return [...this.unwritten].map((address) => this.#known.get(address) as Lease)
  }

  /** A lease that was made without Redis, as Redis will have it. `seq`: the changes seen until then. */
  enter(lease: Lease, seq: number): void {
    this.#known.set(lease.address, { ...lease, seq })
    this.unwritten.add(lease.address)
  }

  /** From now on this is what Redis says, and nothing else is known. */
  replace(books: ReadonlyMap<Ipv4Address, LeaseRecord>, seq: number): void {
    const later = [...this.#known.values()].filter((known) => this.unwritten.has(known.address))
    this.#known = new Map()
    for (const record of books.values()) this.#known.set(record.address, { ...record, seq })
    for (const known of later) this.#known.set(known.address, known)
  }

  /** Redis has these; those of which another end was told meanwhile must be written again. */
  written(leases: readonly Lease[]): void {
    for (const { address, expiresAt } of leases) {
      if (this.#known.get(address)?.expiresAt === expiresAt) this.unwritten.delete(address)
    }
  }

  forget(address: Ipv4Address): void {
    this.#known.delete(address)
    this.unwritten.delete(address)
  }

  at(address: Ipv4Address, now: Instant): Lease | undefined {
    const known = this.#known.get(address)
    if (known === undefined || known.state === 'free' || known.expiresAt <= now) return undefined
    return { client: known.client, address, state: known.state, expiresAt: known.expiresAt }
  }

  count(now: Instant): Record<Lease['state'], number> {
    const count = { offered: 0, bound: 0, declined: 0 }
    for (const { state, expiresAt } of this.#known.values()) if (state !== 'free' && expiresAt > now) count[state]++
    return count
  }

  leases(now: Instant): Lease[] {
    const leases = [...this.#known.keys()].map((address) => this.at(address, now))
    return leases.filter((lease) => lease !== undefined)
  }

  /**
   * What can be said without Redis and without harm. A lease that is known to run goes on, but not longer than Redis knows: were it
   * only this replica that is cut off, the others would give the address away when it ends there. A reservation nobody else can get.
   */
  fromMemory(step: LeaseStep, now: Instant): StepResult {
    if (step.kind !== 'offer' && step.kind !== 'bind') return 'unavailable'
    const { client, requested, reserved } = step.claim
    if (reserved !== undefined && (step.kind === 'offer' || requested === reserved)) {
      return this.#reservation(step, reserved, now)
    }
    const held = step.kind === 'offer' || requested === undefined ? undefined : this.at(requested, now)
    return held?.state === 'bound' && held.client === client ? held : 'unavailable'
  }

  #reservation(step: Extract<LeaseStep, { claim: unknown }>, address: Ipv4Address, now: Instant): StepResult {
    const { client } = step.claim
    const held = this.at(address, now)
    if (held !== undefined && (held.client !== client || held.state === 'declined')) return 'unavailable'
    const time = step.kind === 'offer' ? step.pool.offerTime : step.pool.leaseTime
    const until = (time === INFINITE ? NEVER : now + time * 1000) as Instant
    const expiresAt = held !== undefined && held.expiresAt > until ? held.expiresAt : until
    if (step.kind === 'offer') return { client, address, state: held?.state ?? 'offered', expiresAt }
    const lease = { client, address, state: 'bound', expiresAt } as const
    this.#known.set(address, { ...lease, seq: this.#known.get(address)?.seq ?? 0 })
    this.unwritten.add(address)
    return lease
  }

  /** The numbers of changes mean nothing any more: the books were lost, or are older than they were. */
  startOver(): void {
    for (const known of this.#known.values()) this.#known.set(known.address, { ...known, seq: 0 })
  }
}
