/* Longer than 300 lines: what happens while Redis comes and goes is one state, and most of its parts are files of their own already. */

import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import {
  LeasesUnavailable,
  type AddressEntry,
  type AddressRange,
  type Hold,
  type Lease,
  type LeaseEvent,
  type LeaseLedger,
  type LeaseStep,
  type StepResult,
  type Subject,
} from '@reboots/leases'
import type { Instant, Ipv4Address } from '@reboots/protocol/net'
import { now as present, type Log } from '@reboots/runtime'
import { KnownLeases } from './known-leases.ts'
import { eventOnClockOf, Listeners, type Listener } from './lease-events.ts'
import { RedisBooks } from './redis-books.ts'
import { RedisClock } from './redis-clock.ts'
import { Lender, visitInterval, type Split } from './lending.ts'
import { Lendings } from './lendings.ts'
import { connectRedis, type RedisAccess } from './redis-connection.ts'
import { relending, restoring, resultsOf, type Answer, type Change, type Upkeep } from './redis-wire.ts'
import { Reservations } from './reservations.ts'
import { Share, type Bounds } from './share.ts'
import { entryOnClockOf, shifted } from './steady-clock.ts'
import { asOf, EVERYTHING, leasesIn, takenIn } from './taken.ts'

export interface RedisStoreOptions {
  readonly access: RedisAccess
  readonly log: Log
  /** Replicas that share leases have the same name here; it begins all keys. */
  readonly name?: string
  /** Milliseconds; what Redis has not answered by then it does not carry out any more. */
  readonly commandTimeout?: number
  /** How many other Redis must have a lease before it is acknowledged: with Sentinel at least 1, else a fail-over may forget leases. */
  readonly copies?: number
  /** `caller`: time is what `run` is told, for simulated time; one process only. */
  readonly clock?: 'redis' | 'caller'
  /** Whether new clients get addresses while Redis is gone, and how many there are for them. */
  readonly split?: Split
}

export interface SharedLeases extends LeaseLedger {
  /** How many addresses this replica keeps for new clients that come while Redis is gone. */
  readonly kept: number
}

const NAME = 'reboots:leases'
const COMMAND_TIMEOUT = 500
const RETRY_INTERVAL = 100
const REFRESH_INTERVAL = 600_000
const CHUNK = 500
const VISIT_AGAIN = 200

/**
 * Leases that any number of replicas share. The truth is in Redis, each call is one run of a script there. When Redis is gone, what this
 * replica knows is answered from memory as far as that is safe, and put in order when it is back.
 */
export async function openRedisStore(options: RedisStoreOptions): Promise<SharedLeases> {
  const store = new RedisStore(options)
  await store.begin()
  return store
}

/** Redis has forgotten changes that this replica has seen. */
class LostChanges extends Error {
  override readonly message = 'Redis has lost changes'
}

class RedisStore implements SharedLeases {
  readonly #options: RedisStoreOptions
  readonly #timeout: number
  readonly #redis: Redis
  readonly #tail: Redis
  readonly #books: RedisBooks
  readonly #news: RedisBooks
  readonly #known = new KnownLeases()
  readonly #clock = new RedisClock()
  readonly #reservations = new Reservations()
  readonly #listeners = new Listeners()
  /** Another one with each start: what was given by a process that is gone nobody knows. */
  readonly #replica: string = randomUUID()
  readonly #lendings = new Lendings()
  /** Who addresses are kept for, as far as this replica has heard. */
  #holds = new Map<Ipv4Address, Hold>()
  readonly #share = new Share()
  readonly #lender: Lender | undefined
  readonly #closing = new AbortController()
  readonly #timers: readonly NodeJS.Timeout[]
  #visiting = false
  #visited = 0
  #problem: string | undefined = 'Redis has not been reached yet'
  #lastError: string | undefined
  #seq = 0
  /** The last change heard of; undefined until Redis was reached for the first time. */
  #read: number | undefined

  constructor(options: RedisStoreOptions) {
    const { access, name = NAME, copies = 0, commandTimeout = COMMAND_TIMEOUT } = options
    this.#options = options
    this.#timeout = commandTimeout
    this.#redis = connectRedis(access, commandTimeout)
    this.#tail = connectRedis(access, commandTimeout + 2000)
    this.#books = new RedisBooks(this.#redis, name, copies, commandTimeout)
    this.#news = new RedisBooks(this.#tail, name, 0, commandTimeout)
    this.#redis.on('error', (error: Error) => (this.#lastError = error.message))
    this.#redis.on('ready', () => (this.#lastError = undefined))
    this.#tail.on('error', () => {})
    this.#redis.on('close', () => this.#fail('the connection is closed'))
    const timers = [setInterval(() => this.#reservations.repeat(), REFRESH_INTERVAL)]
    const { split } = options
    if (split !== undefined) {
      this.#lender = new Lender(this.#share, this.#replica, split, (work) => this.#ask(work, this.#now()))
      timers.push(setInterval(() => void this.#visit(), visitInterval(split)))
    }
    for (const timer of timers) timer.unref()
    this.#timers = timers
  }

  /** Resolves after the first attempt, whether or not Redis is there. */
  async begin(): Promise<void> {
    if (!(await this.#reconcile())) void this.#return()
    void this.#follow()
  }

  get problem(): string | undefined {
    return this.#problem
  }

  get kept(): number {
    return this.#share.size
  }

  /** The books are elsewhere. */
  attempt(): undefined {
    return undefined
  }

  async run(steps: readonly LeaseStep[], now: Instant): Promise<readonly StepResult[]> {
    if (this.#problem !== undefined) return this.#fromMemory(steps, now)
    try {
      const reserving = this.#reservations.take(CHUNK).map((upkeep) => this.#reserve(upkeep, now))
      const [answer] = await Promise.all([this.#ask(steps, now), ...reserving])
      const results = resultsOf(answer, now)
      if (this.#share.size > 0 && results.includes('refused')) this.#visitSoon()
      return results
    } catch (error) {
      this.#fail((error as Error).message)
      return this.#fromMemory(steps, now)
    }
  }

  async #ask(steps: readonly (LeaseStep | Upkeep)[], now: Instant, again = true): Promise<Answer> {
    const sent = { monotonic: performance.now(), wall: now }
    const least = this.#clock.atLeast()
    const answer = await this.#books.run(steps, {
      known: this.#seq,
      watched: this.#listeners.size > 0,
      ...(this.#options.clock === 'caller' ? { now } : least && { deadline: (least + this.#timeout) as Instant }),
    })
    if (this.#options.clock !== 'caller') this.#clock.set(answer.now, sent)
    if (answer.status === 'lost') throw new LostChanges()
    if (answer.status === 'late' && !again) throw new Error('Redis answers too late')
    if (answer.status === 'late') return this.#ask(steps, now, false)
    this.#seq = Math.max(this.#seq, answer.seq)
    this.#known.learn(answer.changes, answer.seq)
    for (const change of answer.lent) this.#lendings.learn(change)
    return answer
  }

  async #reserve(upkeep: Upkeep, now: Instant): Promise<void> {
    await this.#ask([upkeep], now)
    this.#reservations.heard(upkeep)
  }

  #fromMemory(steps: readonly LeaseStep[], now: Instant): StepResult[] {
    const bounds = this.#bounds(now)
    const { atMost } = bounds
    return steps.map((step) => {
      const given = this.#share.size > 0 ? this.#share.run(step, bounds) : undefined
      const result = given ?? this.#known.fromMemory(this.#unlessAnothers(step), atMost)
      return typeof result === 'string' ? result : shifted(result, now, atMost)
    })
  }

  #bounds(now: Instant): Bounds {
    return { atLeast: this.#clock.atLeast() ?? now, atMost: this.#clock.atMost(now) }
  }

  /**
   * A reserved address of a pool is its owner's without asking only if nobody else can have it: if Redis knows that it is reserved, and it is
   * lent to no replica.
   */
  #unlessAnothers(step: LeaseStep): LeaseStep {
    if (!('claim' in step) || step.claim.reserved === undefined) return step
    const { reserved } = step.claim
    const perhaps = this.#reservations.isUnheard(reserved) || this.#lendings.has(reserved)
    return perhaps ? { ...step, claim: { ...step.claim, reserved: undefined } } : step
  }

  /** Somebody found nothing free: what is kept is to become less. */
  #visitSoon(): void {
    if (performance.now() - this.#visited >= VISIT_AGAIN) void this.#visit()
  }

  /** Sees to the addresses that are kept for when Redis is gone. */
  async #visit(): Promise<void> {
    if (this.#problem !== undefined || this.#visiting) return
    this.#visiting = true
    this.#visited = performance.now()
    try {
      await this.#lender?.visit(this.#clock.atMost(this.#now()))
    } catch (error) {
      this.#fail((error as Error).message)
    }
    this.#visiting = false
  }

  #fail(why: string): void {
    if (this.#problem !== undefined || this.#closing.signal.aborted) return
    this.#problem = `leases are not shared, Redis cannot be asked: ${why}`
    this.#options.log.error({ why }, 'Redis cannot be asked, only known leases and reservations are answered')
    // A connection on which answers are missing may be dead without anyone being told.
    if (this.#redis.status === 'ready') this.#redis.disconnect(true)
    void this.#return()
  }

  /** Tries until Redis is back and all is in order. */
  async #return(): Promise<void> {
    const { signal } = this.#closing
    do await delay(RETRY_INTERVAL, undefined, { signal }).catch(() => {})
    while (!signal.aborted && !(await this.#reconcile()))
  }

  /** Brings what this replica knows and what Redis has together. False: Redis cannot be asked. */
  async #reconcile(): Promise<boolean> {
    try {
      if (this.#redis.status === 'wait' || this.#redis.status === 'end') await this.#redis.connect()
      await this.#compare()
      this.#reservations.repeat()
      for (const upkeep of this.#reservations.take(CHUNK)) await this.#reserve(upkeep, this.#now())
      await this.#writeAll()
      await this.#lender?.confirm()
      await this.#writeAll()
    } catch (error) {
      this.#problem = `leases are not shared, Redis cannot be asked: ${this.#lastError ?? (error as Error).message}`
      return false
    }
    this.#problem = undefined
    this.#lastError = undefined
    this.#options.log.info('Redis can be asked, leases are shared')
    void this.#visit()
    return true
  }

  async #compare(): Promise<void> {
    const before = this.#seq
    this.#seq = 0
    const { seq } = await this.#ask([], this.#now())
    const changes = before > 0 && seq >= before ? await this.#books.changesAfter(before) : undefined
    if (changes === undefined) this.#known.startOver()
    else for (const change of changes) this.#learn(change)
    const heard = Math.max(before, this.#read ?? 0)
    if (seq < heard) await this.#putBackHolds(seq, heard)
    this.#read = Math.min(this.#read ?? seq, seq)
    const books = await this.#books.snapshot()
    await this.#restore(this.#known.missingIn(books, this.#clock.atMost(this.#now())))
    this.#known.replace(books, seq)
    this.#holds = await this.#books.holds()
    await this.#compareLendings()
  }

  async #putBackHolds(seq: number, heard: number): Promise<void> {
    this.#options.log.error({ seq, heard }, 'Redis has lost changes, known leases are put back')
    this.#listeners.tell(['lost'])
    const steps = [...this.#holds.values()].map(
      ({ client, address, expiresAt }) => ({ kind: 'rehold', client, requested: address, expiresAt }) as const,
    )
    for (let i = 0; i < steps.length; i += CHUNK) await this.#ask(steps.slice(i, i + CHUNK), this.#now())
  }

  async #compareLendings(): Promise<void> {
    const lent = await this.#books.lent()
    const missing = this.#lendings.missingIn(lent, this.#clock.atMost(this.#now()))
    for (let i = 0; i < missing.length; i += CHUNK) {
      await this.#ask(missing.slice(i, i + CHUNK).map(relending), this.#now())
    }
    this.#lendings.replace(missing.length === 0 ? lent : await this.#books.lent())
    const own = [...lent.values()].filter(({ replica }) => replica === this.#replica)
    this.#share.stray(own.map(({ address }) => address))
  }

  /** Until Redis has everything that was answered without it. */
  async #writeAll(): Promise<void> {
    for (;;) {
      for (const lease of this.#share.surrender(this.#bounds(this.#now()))) this.#known.enter(lease, this.#seq)
      if (this.#known.unwritten.size === 0) return
      await this.#restore(this.#known.unwrittenLeases())
    }
  }

  /** The present; where it is simulated it does not matter yet. */
  #now(): Instant {
    return this.#options.clock === 'caller' ? (0 as Instant) : present()
  }

  async #restore(leases: readonly Lease[]): Promise<void> {
    for (let i = 0; i < leases.length; i += CHUNK) {
      const chunk = leases.slice(i, i + CHUNK)
      const { results } = await this.#ask(
        chunk.map((lease) => restoring(lease, this.#replica)),
        this.#now(),
      )
      const refused = chunk.filter((_, index) => results[index] === undefined)
      for (const { address } of refused) this.#known.forget(address)
      this.#share.stray(refused.map(({ address }) => address))
      this.#known.written(chunk)
      if (refused.length > 0) this.#options.log.warn({ leases: refused.length }, 'known leases are over in Redis')
    }
  }

  /** What the other replicas do. */
  async #follow(): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      try {
        if (this.#tail.status === 'wait' || this.#tail.status === 'end') await this.#tail.connect()
        if (this.#read !== undefined) {
          const from: number = this.#read
          const changes = await this.#news.nextChanges(from)
          // Unless they are to be read from further back meanwhile: then they come again.
          if (this.#read === from) this.#hear(changes)
          continue
        }
      } catch {
        // It is the other connection that says so.
      }
      await delay(RETRY_INTERVAL, undefined, { signal }).catch(() => {})
    }
  }

  #learn(change: Change): void {
    this.#known.follow(change)
    if (change.lent) this.#lendings.learn(change.lent)
    if (!('hold' in change)) return
    if (change.hold === undefined) this.#holds.delete(change.record.address)
    else this.#holds.set(change.record.address, change.hold)
  }

  #hear(changes: readonly Change[]): void {
    const [first] = changes
    if (first && first.seq > (this.#read ?? 0) + 1) {
      this.#fail('more has happened than this replica has heard of')
      this.#listeners.tell(['lost'])
    }
    for (const change of changes) {
      this.#read = change.seq
      this.#learn(change)
    }
    if (this.#listeners.size > 0) this.#tell(changes)
  }

  #tell(changes: readonly Change[]): void {
    const onClock = this.#eventsOn(present())
    const events = changes.map(({ event }) => event).filter((event) => event !== undefined)
    this.#listeners.tell(events.map(onClock))
  }

  #eventsOn(now: Instant): (event: LeaseEvent) => LeaseEvent {
    return this.#options.clock === 'caller' ? (event) => event : eventOnClockOf(now, this.#clock.now(now))
  }

  at(address: Ipv4Address, now: Instant): Lease | undefined {
    const then = this.#clock.now(now)
    const lease = this.#share.at(address, then) ?? this.#known.at(address, then)
    return lease && shifted(lease, now, then)
  }

  count(now: Instant): Readonly<Record<Lease['state'], number>> {
    return this.#known.count(this.#clock.now(now))
  }

  /** As Redis has it; as far as this replica knows when Redis cannot be asked. */
  async *list(now: Instant): AsyncIterable<Lease> {
    const then = this.#clock.now(now)
    const books = this.#problem === undefined ? await this.#books.snapshot().catch(() => undefined) : undefined
    if (books !== undefined) return yield* leasesIn(this.#taken(books, new Map(), now, EVERYTHING))
    const own = this.#share.leases().filter(({ expiresAt }) => expiresAt > then)
    const leases = [...this.#known.leases(then), ...own].toSorted((one, other) => one.address - other.address)
    for (const lease of leases) yield shifted(lease, now, then)
  }

  async *entries(now: Instant, within: AddressRange): AsyncIterable<AddressEntry[]> {
    const [books, holds] = await this.#orWhy(Promise.all([this.#books.snapshot(), this.#books.holds()]))
    yield* this.#taken(books, holds, now, within)
  }

  async *#taken(...[rows, holds, now, within]: Parameters<typeof takenIn>): AsyncGenerator<AddressEntry[]> {
    const then = this.#clock.now(now)
    const onClock = entryOnClockOf(now, then)
    for await (const piece of takenIn(rows, holds, then, within)) yield piece.map(onClock)
  }

  async look(subject: Subject, now: Instant): Promise<AddressEntry[]> {
    const entries = await this.#orWhy(this.#books.look(subject))
    const then = this.#clock.now(now)
    return entries.map((entry) => asOf(entry, then)).map(entryOnClockOf(now, then))
  }

  /** What the books answer; rejects with the reason why they cannot be asked. */
  async #orWhy<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer
    } catch (error) {
      throw new LeasesUnavailable(this.#problem ?? `Redis cannot be asked: ${(error as Error).message}`, {
        cause: error,
      })
    }
  }

  reserve(address: Ipv4Address): void {
    this.#reservations.add(address)
    this.#share.giveBack(address)
  }

  unreserve(address: Ipv4Address): void {
    this.#reservations.remove(address)
  }

  async history(subject: Subject, now?: Instant): Promise<readonly LeaseEvent[]> {
    const events = await this.#orWhy(this.#books.history(subject))
    return now === undefined ? events : events.map(this.#eventsOn(now))
  }

  watch(listener: Listener): () => void {
    return this.#listeners.add(listener)
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    if (this.#problem === undefined) await this.#lender?.leave().catch(() => {})
    this.#closing.abort()
    this.#redis.disconnect()
    this.#tail.disconnect()
  }
}
