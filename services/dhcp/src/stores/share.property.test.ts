import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { LeaseTable, runStep, type Lease, type LeaseStep, type Pool, type StepResult } from '@reboots/leases'
import type { Instant, Ipv4Address, Seconds } from '@reboots/protocol/net'
import type { Lending } from './lendings.ts'
import { Share } from './share.ts'

/** Seconds that an address is lent, and the leases that clients get: shorter and longer ones. */
const LENT_FOR = 40
const RANGE = { first: 1 as Ipv4Address, last: 12 as Ipv4Address }
const times = { offerTime: 3 as Seconds, quarantineTime: 15 as Seconds }
const POOLS: readonly Pool[] = [
  { ...times, ranges: [RANGE], leaseTime: 10 as Seconds },
  { ...times, ranges: [RANGE], leaseTime: 300 as Seconds },
]
const REPLICAS = 3
const poolOf = (client: string): Pool => POOLS[client.charCodeAt(0) % 2]!

/**
 * Redis as a replica sees it: the lease table, and addresses that are lent. To the table a replica is a client, so what is true of its leases is
 * true of loans.
 */
class Redis {
  readonly #table = new LeaseTable()
  readonly #lent = new Map<Ipv4Address, Lending>()

  run(step: LeaseStep, now: Instant): StepResult {
    this.#lapse(now)
    const lent = step.kind === 'bind' && this.#lent.has(step.claim.requested ?? (0 as Ipv4Address))
    return lent ? 'unavailable' : runStep(this.#table, step, now)
  }

  lend(replica: string, number: number, now: Instant): Lending[] {
    this.#lapse(now)
    const lendings: Lending[] = []
    for (let i = 0; i < number; i++) {
      const claim = { client: `loan ${i} to ${replica}`, requested: undefined, reserved: undefined }
      const offer = this.#table.offer(POOLS[0]!, claim, now)
      if (offer === undefined) break
      lendings.push(this.#setLending(offer.address, replica, now))
    }
    return lendings
  }

  extend(replica: string, addresses: readonly Ipv4Address[], now: Instant): Lending[] {
    this.#lapse(now)
    const still = addresses.filter((address) => this.#lent.get(address)?.replica === replica)
    return still.map((address) => this.#setLending(address, replica, now))
  }

  takeBack(replica: string, addresses: readonly Ipv4Address[], now: Instant): void {
    this.#lapse(now)
    for (const address of addresses) if (this.#lent.get(address)?.replica === replica) this.#free(address, now)
  }

  restore(replica: string, { client, address, state, expiresAt }: Lease, now: Instant): boolean {
    this.#lapse(now)
    if (expiresAt <= now || this.#lent.get(address)?.replica !== replica) return false
    this.#lent.delete(address)
    this.#table.put({ client, address, state, expiresAt })
    return true
  }

  lentTo(replica: string, now: Instant): Ipv4Address[] {
    this.#lapse(now)
    return [...this.#lent.values()].filter((one) => one.replica === replica).map(({ address }) => address)
  }

  #setLending(address: Ipv4Address, replica: string, now: Instant): Lending {
    const lending = { address, replica, expiresAt: (now + LENT_FOR * 1000) as Instant }
    this.#lent.set(address, lending)
    this.#table.put({ client: 'lent', address, state: 'declined', expiresAt: lending.expiresAt })
    return lending
  }

  #free(address: Ipv4Address, now: Instant): void {
    this.#lent.delete(address)
    this.#table.put({ client: '', address, state: 'free', expiresAt: now })
  }

  #lapse(now: Instant): void {
    for (const { address, expiresAt } of this.#lent.values()) if (expiresAt <= now) this.#lent.delete(address)
  }
}

/** What becomes of a message to Redis: all is well, it is lost, or its answer is. After the last two the replica is cut off. */
type Fate = 'well' | 'lost' | 'unanswered'
class CutOff extends Error {}

/** A replica as RedisStore is one, without the waiting. */
class Replica {
  readonly #redis: Redis
  #name = ''
  #starts = 0
  #share = new Share()
  #written: Lease[] = []
  isCutOff = false
  /** How wrong it is about the time that Redis has: never before `atLeast`, never after `atMost`. */
  wrong = 0

  constructor(redis: Redis, name: number) {
    this.#redis = redis
    this.start(name)
  }

  /** Anew, after kill -9: nothing is remembered. */
  start(name: number): void {
    this.#name = `${name}.${++this.#starts}`
    this.#share = new Share()
    this.#written = []
    this.isCutOff = false
  }

  #send<T>(fate: Fate, work: () => T): T {
    if (this.isCutOff || fate === 'lost') {
      this.isCutOff = true
      throw new CutOff()
    }
    const answer = work()
    if (fate !== 'unanswered') return answer
    this.isCutOff = true
    throw new CutOff()
  }

  ask(step: LeaseStep, fate: Fate, now: Instant): StepResult {
    try {
      return this.#send(fate, () => this.#redis.run(step, now))
    } catch (error) {
      assert.ok(error instanceof CutOff)
      const bounds = { atLeast: (now - this.wrong) as Instant, atMost: (now + this.wrong) as Instant }
      const result = this.#share.run(step, bounds) ?? 'unavailable'
      return typeof result === 'string' ? result : { ...result, expiresAt: (result.expiresAt - this.wrong) as Instant }
    }
  }

  /** Once in a while: gives back, renews, borrows. Each message has a fate of its own. */
  visit(fates: readonly Fate[], less: boolean, now: Instant): void {
    const share = this.#share
    const due = share.endingBefore((now + 30_000) as Instant)
    this.#attempt([
      () => {
        const { returning } = share
        this.#send(fates[0]!, () => this.#redis.takeBack(this.#name, returning, now))
        share.returned(returning)
      },
      () =>
        share.extend(
          due,
          this.#send(fates[1]!, () => this.#redis.extend(this.#name, due, now)),
        ),
      () =>
        less
          ? share.giveBackFrom(RANGE, 2)
          : share.add(this.#send(fates[2]!, () => this.#redis.lend(this.#name, 2, now))),
    ])
  }

  /** Redis is back: what was given meanwhile is written before anything else. */
  reconcile(fates: readonly Fate[], now: Instant): void {
    this.isCutOff = false
    const strays = this.#redis.lentTo(this.#name, now)
    this.#share.stray(strays)
    this.#written.push(...this.#share.surrender({ atLeast: (now - this.wrong) as Instant, atMost: now }))
    this.#attempt(
      this.#written.map((lease, i) => () => {
        this.#send(fates[i % fates.length]!, () => this.#redis.restore(this.#name, lease, now))
        this.#written = this.#written.filter((other) => other !== lease)
      }),
    )
  }

  #attempt(deeds: readonly (() => void)[]): void {
    try {
      for (const deed of deeds) deed()
    } catch (error) {
      assert.ok(error instanceof CutOff)
    }
  }
}

/** What clients were told, as they see it. */
class Clients {
  readonly #held = new Map<number, Lease>()

  see(step: LeaseStep, result: StepResult, now: number): void {
    const client = 'claim' in step ? step.claim.client : step.client
    const isUsing = step.kind === 'offer' || (step.kind === 'bind' && typeof result === 'string')
    if (!isUsing) this.#leave(client)
    if (typeof result === 'string' || step.kind === 'release' || step.kind === 'decline') return
    const holder = this.#held.get(result.address)
    const free = holder === undefined || holder.client === client || holder.expiresAt <= now
    assert.ok(free, `${result.address} is ${holder?.client}’s, and ${step.kind} gives it to ${client}`)
    if (step.kind === 'bind' && result.expiresAt > now) this.#held.set(result.address, result)
  }

  /** A client has one address at a time, and stops using it before it says so. */
  #leave(client: string): void {
    for (const [address, lease] of this.#held) if (lease.client === client) this.#held.delete(address)
  }
}

const replica = fc.nat({ max: REPLICAS - 1 })
const client = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h')
const fate = fc.oneof({ weight: 12, arbitrary: fc.constant<Fate>('well') }, fc.constantFrom<Fate>('lost', 'unanswered'))
/** The address that a client asks for; often the one it had. */
const wish = fc.option(fc.integer({ min: RANGE.first, max: RANGE.last }), { nil: undefined, freq: 2 })
const fates = fc.tuple(fate, fate, fate)
const deed = fc.oneof(
  { weight: 8, arbitrary: fc.record({ what: fc.constant('get'), replica, client, fate, wish }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constantFrom('renew', 'release', 'decline'), replica, client, fate }) },
  { weight: 6, arbitrary: fc.record({ what: fc.constant('visit'), replica, fates, less: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('cut'), replica, wrong: fc.constantFrom(0, 2000, 12_000) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('reconcile'), replica, fates }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('kill'), replica }) },
)
type Deed = typeof deed extends fc.Arbitrary<infer T> ? T : never
const journey = fc.array(fc.tuple(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 6000 })), deed), {
  maxLength: 150,
  size: 'max',
})

/** The world: three replicas, Redis, clients that know which address they had last. */
class World {
  readonly #redis = new Redis()
  readonly #replicas = Array.from({ length: REPLICAS }, (_, i) => new Replica(this.#redis, i))
  readonly #clients = new Clients()
  readonly #last = new Map<string, Ipv4Address>()
  now = 1_000_000 as Instant

  /** Answers given by a replica that was cut off. */
  alone = 0

  take(deed: Deed): void {
    const one = this.#replicas[deed.replica]!
    switch (deed.what) {
      case 'visit':
        return one.isCutOff ? undefined : one.visit(deed.fates, deed.less, this.now)
      case 'cut':
        one.isCutOff = true
        one.wrong = deed.wrong
        return
      case 'reconcile':
        return one.reconcile(deed.fates, this.now)
      case 'kill':
        return one.start(deed.replica)
      case 'get':
        return this.#get(one, deed.client, deed.fate, deed.wish)
      case 'renew':
      case 'release':
      case 'decline':
        return this.#speak(one, deed.client, deed.fate, deed.what)
    }
  }

  #get(one: Replica, client: string, fate: Fate, wish: number | undefined): void {
    const pool = poolOf(client)
    const claim = {
      client,
      requested: (wish as Ipv4Address | undefined) ?? this.#last.get(client),
      reserved: undefined,
    }
    const offered = this.#ask(one, { kind: 'offer', pool, claim }, fate)
    if (typeof offered === 'string') return
    const bound = this.#ask(one, { kind: 'bind', pool, claim: { ...claim, requested: offered.address } }, fate)
    if (typeof bound !== 'string') this.#last.set(client, bound.address)
  }

  #speak(one: Replica, client: string, fate: Fate, what: 'renew' | 'release' | 'decline'): void {
    const address = this.#last.get(client)
    if (address === undefined) return
    const claim = { client, requested: address, reserved: undefined }
    if (what === 'release') this.#ask(one, { kind: 'release', client, address }, fate)
    else this.#ask(one, { kind: what === 'renew' ? 'bind' : 'decline', pool: poolOf(client), claim }, fate)
  }

  #ask(one: Replica, step: LeaseStep, fate: Fate): StepResult {
    const result = one.ask(step, fate, this.now)
    if (one.isCutOff && typeof result !== 'string') this.alone++
    this.#clients.see(step, result, this.now)
    return result
  }
}

test('no address is ever held by two clients, whoever is cut off, killed, or not answered, whenever', (t) => {
  let alone = 0
  fc.assert(
    fc.property(journey, (deeds) => {
      const world = new World()
      for (const [wait, deed] of deeds) {
        world.now = (world.now + wait) as Instant
        world.take(deed)
      }
      alone += world.alone
    }),
    { numRuns: 2000 },
  )
  t.diagnostic(`${alone} answers without Redis`)
  assert.ok(alone > 1000, 'hardly any answer was given without Redis')
})
