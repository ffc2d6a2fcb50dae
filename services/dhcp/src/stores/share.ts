import {
  NEVER,
  type AddressRange,
  type Claim,
  type Lease,
  type LeaseStep,
  type Pool,
  type StepResult,
} from '@reboots/leases'
import { INFINITE, type Instant, type Ipv4Address, type Seconds } from '@reboots/protocol/net'
import type { Lending } from './lendings.ts'

/** What time it is for Redis, as far as it can be told without it. */
export interface Bounds {
  readonly atLeast: Instant
  readonly atMost: Instant
}

/** An address that is lent to this replica. */
interface Kept {
  until: Instant
  /** What this replica has made of it; undefined: it is idle. */
  lease: Lease | undefined
}

type Asking = Extract<LeaseStep, { claim: unknown }>

/**
 * The addresses that Redis has lent to this replica, and what it gives of them to new clients while Redis is gone. Two clients never have
 * one of them, whoever is cut off from whom and for how long, because
 *
 * 1. Redis lends an address only when it is free, and until the end of that time gives it to nobody else, whoever asks;
 * 2. it is given only from here, to one client at a time, and never for longer than it is lent. To see whether the loan is over, the
 *    latest time that it may be is taken; to see whether the lease of a client is over, the earliest;
 * 3. it leaves this place before Redis hears that it is given back. As long as Redis answers, nothing is given from here, so no
 *    step of which the answer was lost is about one of them; a process that starts anew begins with none, under another name;
 * 4. what was given leaves this place before it is written to Redis, where in one step it becomes a lease like any other. From then on
 *    its end is the one that was written, whether or not Redis has said so yet.
 *
 * Nothing of this depends on how much this replica has heard of the others.
 */
export class Share {
  readonly #kept = new Map<Ipv4Address, Kept>()
  /** Which of them a client has or had. */
  readonly #given = new Map<string, Set<Ipv4Address>>()
  /** Which of them nobody has, those that wait for longest first. */
  readonly #idle = new Set<Ipv4Address>()
  /** No lease ends before. */
  #nextEnd = NEVER
  /** Not lent any more as far as this replica is concerned; Redis has to hear so. */
  readonly #returning = new Set<Ipv4Address>()

  get size(): number {
    return this.#kept.size
  }

  /** How many addresses of a range are lent. */
  countIn({ first, last }: AddressRange): number {
    let count = 0
    for (const address of this.#kept.keys()) if (first <= address && address <= last) count++
    return count
  }

  /** Redis has lent these just now. */
  add(lendings: Iterable<Lending>): void {
    for (const { address, expiresAt } of lendings) {
      this.#kept.set(address, { until: expiresAt, lease: undefined })
      this.#idle.add(address)
    }
  }

  /** Of the addresses that were to be lent for longer these are. */
  extend(asked: readonly Ipv4Address[], lendings: readonly Lending[]): void {
    const ends = new Map(lendings.map(({ address, expiresAt }) => [address, expiresAt]))
    for (const address of asked) {
      const end = ends.get(address)
      const kept = this.#kept.get(address)
      if (end === undefined) this.#remove(address)
      else if (kept !== undefined) kept.until = end
    }
  }

  /** Those that will be over before `then`. */
  endingBefore(then: Instant): Ipv4Address[] {
    return [...this.#kept].filter(([, { until }]) => until < then).map(([address]) => address)
  }

  /** Gives back an address, if nobody has it. */
  giveBack(address: Ipv4Address): void {
    if (!this.#idle.has(address)) return
    this.#remove(address)
    this.#returning.add(address)
  }

  giveBackFrom({ first, last }: AddressRange, number: number): void {
    const idle = [...this.#idle].filter((address) => first <= address && address <= last)
    for (const address of idle.slice(0, number)) this.giveBack(address)
  }

  /** The pools are others now. */
  giveBackOutside(ranges: readonly AddressRange[]): void {
    for (const address of this.#kept.keys()) {
      if (!ranges.some(({ first, last }) => first <= address && address <= last)) this.giveBack(address)
    }
  }

  get returning(): readonly Ipv4Address[] {
    return [...this.#returning]
  }

  returned(addresses: readonly Ipv4Address[]): void {
    for (const address of addresses) this.#returning.delete(address)
  }

  /** Redis has these as lent to this replica, but the answer that said so was lost, or what became of them could not be written. */
  stray(addresses: Iterable<Ipv4Address>): void {
    for (const address of addresses) if (!this.#kept.has(address)) this.#returning.add(address)
  }

  /** What was given leaves: from now on it is as Redis will have it. */
  surrender(now: Bounds): Lease[] {
    this.#reclaim(now)
    const leases = this.leases()
    for (const { address } of leases) this.#remove(address)
    return leases
  }

  at(address: Ipv4Address, now: Instant): Lease | undefined {
    const lease = this.#kept.get(address)?.lease
    return lease !== undefined && lease.expiresAt > now ? lease : undefined
  }

  leases(): Lease[] {
    return [...this.#kept.values()].flatMap(({ lease }) => (lease && !this.#idle.has(lease.address) ? lease : []))
  }

  #remove(address: Ipv4Address): void {
    const client = this.#kept.get(address)?.lease?.client
    if (client !== undefined) this.#forget(client, address)
    this.#kept.delete(address)
    this.#idle.delete(address)
  }

  #forget(client: string, address: Ipv4Address): void {
    const given = this.#given.get(client)
    given?.delete(address)
    if (given?.size === 0) this.#given.delete(client)
  }

  /** One step without Redis; undefined when it is about none of these addresses. */
  run(step: LeaseStep, now: Bounds): StepResult | undefined {
    switch (step.kind) {
      case 'offer':
        return this.#offer(step, now)
      case 'bind':
        return this.#bind(step, now)
      case 'decline':
        return this.#decline(step, now)
      case 'release':
        return this.#release(step.client, step.address)
      case 'hold':
      case 'free':
        return undefined
    }
  }

  #offer({ pool, claim }: Asking, now: Bounds): StepResult | undefined {
    if (claim.reserved !== undefined) return undefined
    const kept = this.#choose(pool, claim, now)
    if (kept === undefined) return undefined
    const [address, { until, lease }] = kept
    const expiresAt = end(now, pool.offerTime, until)
    const state = lease?.state === 'bound' && lease.expiresAt > now.atLeast ? 'bound' : 'offered'
    const later = state === 'bound' && lease!.expiresAt > expiresAt ? lease!.expiresAt : expiresAt
    return this.#give({ client: claim.client, address, state, expiresAt: later })
  }

  #bind({ pool, claim }: Asking, now: Bounds): StepResult | undefined {
    const { client, requested, reserved } = claim
    const kept = requested === undefined || reserved !== undefined ? undefined : this.#kept.get(requested)
    if (kept === undefined || !this.#mayHave(pool, client, requested!, kept, now)) return undefined
    for (const other of this.#given.get(client) ?? []) {
      if (other !== requested && inPool(pool, other) && isHeldBy(client, this.#kept.get(other)?.lease))
        this.#free(other)
    }
    return this.#give({ client, address: requested!, state: 'bound', expiresAt: end(now, pool.leaseTime, kept.until) })
  }

  #decline({ pool, claim }: Asking, now: Bounds): StepResult | undefined {
    const { client, requested } = claim
    const kept = requested === undefined ? undefined : this.#kept.get(requested)
    if (kept === undefined || !isHeldBy(client, kept.lease)) return undefined
    return this.#give({
      client,
      address: requested!,
      state: 'declined',
      expiresAt: end(now, pool.quarantineTime, Number.MAX_SAFE_INTEGER as Instant),
    })
  }

  #release(client: string, address: Ipv4Address): StepResult | undefined {
    const lease = this.#kept.get(address)?.lease
    if (lease === undefined || !isHeldBy(client, lease)) return undefined
    this.#free(address)
    return lease
  }

  /** What the client has already, what it asks for, any other. */
  #choose(pool: Pool, { client, requested }: Claim, now: Bounds): readonly [Ipv4Address, Kept] | undefined {
    for (const address of [...(this.#given.get(client) ?? []), ...(requested === undefined ? [] : [requested])]) {
      const kept = this.#kept.get(address)
      if (kept !== undefined && this.#mayHave(pool, client, address, kept, now)) return [address, kept]
    }
    this.#reclaim(now)
    for (const address of this.#idle) {
      const kept = this.#kept.get(address)!
      if (inPool(pool, address) && isLong(pool, kept, now)) return [address, kept]
    }
    return undefined
  }

  /** What has ended is idle; it is remembered whose it was. */
  #reclaim(now: Bounds): void {
    if (now.atLeast < this.#nextEnd) return
    this.#nextEnd = NEVER
    for (const [address, { lease }] of this.#kept) {
      if (lease === undefined) continue
      if (lease.expiresAt <= now.atLeast) this.#idle.add(address)
      else if (lease.expiresAt < this.#nextEnd) this.#nextEnd = lease.expiresAt
    }
  }

  #mayHave(pool: Pool, client: string, address: Ipv4Address, kept: Kept, now: Bounds): boolean {
    if (!inPool(pool, address) || kept.until <= now.atMost) return false
    return isHeldBy(client, kept.lease) || (isFree(kept, now) && isLong(pool, kept, now))
  }

  #give(lease: Lease): Lease {
    const { client, address } = lease
    const kept = this.#kept.get(address)!
    if (kept.lease !== undefined && kept.lease.client !== client) this.#forget(kept.lease.client, address)
    kept.lease = lease
    this.#idle.delete(address)
    if (lease.expiresAt < this.#nextEnd) this.#nextEnd = lease.expiresAt
    const given = this.#given.get(client)
    if (given === undefined) this.#given.set(client, new Set([address]))
    else given.add(address)
    return lease
  }

  /** Free again, and behind all others. */
  #free(address: Ipv4Address): void {
    const kept = this.#kept.get(address)!
    this.#forget(kept.lease!.client, address)
    kept.lease = undefined
    this.#idle.add(address)
  }
}

function isHeldBy(client: string, lease: Lease | undefined): boolean {
  return lease !== undefined && lease.client === client && lease.state !== 'declined'
}

function isFree({ lease }: Kept, now: Bounds): boolean {
  return lease === undefined || lease.expiresAt <= now.atLeast
}

/** Long enough for an offer to be taken up and be of some use. */
function isLong(pool: Pool, { until }: Kept, now: Bounds): boolean {
  return until > now.atMost + 1000 * pool.offerTime
}

function end(now: Bounds, time: Seconds, until: Instant): Instant {
  return (time === INFINITE ? until : Math.min(until, now.atMost + time * 1000)) as Instant
}

function inPool(pool: Pool, address: Ipv4Address): boolean {
  return pool.ranges.some(({ first, last }) => first <= address && address <= last)
}
