import { setTimeout as delay } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { Lease, LeaseEvent, LeaseLedger, LeaseStep, StepResult } from '@reboots/leases'
import type { Instant, Ipv4Address } from '@reboots/protocol/net'
import { now as present, type Log } from '@reboots/runtime'
import { KnownLeases } from './known-leases.ts'
import { Listeners } from './lease-events.ts'
import { RedisBooks } from './redis-books.ts'
import { RedisClock } from './redis-clock.ts'
import { connectRedis, type RedisAccess } from './redis-connection.ts'
import { restoring, resultsOf, type Answer, type Change, type Upkeep } from './redis-wire.ts'
import { Reservations } from './reservations.ts'
import { shifted } from './steady-clock.ts'

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
}

const NAME = 'reboots:leases'
const COMMAND_TIMEOUT = 500
const RETRY_INTERVAL = 100
const REFRESH_INTERVAL = 600_000
const CHUNK = 500

/**
 * Leases that any number of replicas share. The truth is in Redis, each call is one run of a script there. When Redis is gone, what this
 * replica knows is answered from memory as far as that is safe, and put in order when it is back.
 */
export async function openRedisStore(options: RedisStoreOptions): Promise<LeaseLedger> {
  const store = new RedisStore(options)
  await store.begin()
  return store
}

/** Redis has forgotten changes that this replica has seen. */
class LostChanges extends Error {
  override readonly message = 'Redis has lost changes'
}

class RedisStore implements LeaseLedger {
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
  readonly #closing = new AbortController()
  readonly #refresh: NodeJS.Timeout
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
    this.#refresh = setInterval(() => this.#reservations.repeat(), REFRESH_INTERVAL).unref()
  }

  /** Resolves after the first attempt, whether or not Redis is there. */
  async begin(): Promise<void> {
    if (!(await this.#reconcile())) void this.#return()
    void this.#follow()
  }

  get problem(): string | undefined {
    return this.#problem
  }

  async run(steps: readonly LeaseStep[], now: Instant): Promise<readonly StepResult[]> {
    if (this.#problem !== undefined) return this.#fromMemory(steps, now)
    try {
      const reserving = this.#reservations.take(CHUNK).map((upkeep) => this.#ask([upkeep], now))
      const [answer] = await Promise.all([this.#ask(steps, now), ...reserving])
      return resultsOf(answer, now)
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
      ...(this.#options.clock === 'caller' ? { now } : least && { deadline: (least + this.#timeout) as Instant }),
    })
    if (this.#options.clock !== 'caller') this.#clock.set(answer.now, sent)
    if (answer.status === 'lost') throw new LostChanges()
    if (answer.status === 'late' && !again) throw new Error('Redis answers too late')
    if (answer.status === 'late') return this.#ask(steps, now, false)
    this.#seq = Math.max(this.#seq, answer.seq)
    this.#known.learn(answer.changes, answer.seq)
    return answer
  }

  #fromMemory(steps: readonly LeaseStep[], now: Instant): StepResult[] {
    const then = this.#clock.atMost(now)
    return steps.map((step) => {
      const result = this.#known.fromMemory(step, then)
      return typeof result === 'string' ? result : shifted(result, now, then)
    })
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
      for (const upkeep of this.#reservations.take(CHUNK)) await this.#ask([upkeep], this.#now())
      while (this.#known.unwritten.size > 0) await this.#restore(this.#known.unwrittenLeases())
    } catch (error) {
      this.#problem = `leases are not shared, Redis cannot be asked: ${this.#lastError ?? (error as Error).message}`
      return false
    }
    this.#problem = undefined
    this.#lastError = undefined
    this.#options.log.info('Redis can be asked, leases are shared')
    return true
  }

  async #compare(): Promise<void> {
    const before = this.#seq
    this.#seq = 0
    const { seq } = await this.#ask([], this.#now())
    const changes = before > 0 && seq >= before ? await this.#books.changesAfter(before) : undefined
    if (changes === undefined) this.#known.startOver()
    else for (const change of changes) this.#known.follow(change)
    if (seq < before) this.#options.log.error({ seq, before }, 'Redis has lost changes, known leases are put back')
    this.#read = Math.min(this.#read ?? seq, seq)
    const books = await this.#books.snapshot()
    await this.#restore(this.#known.missingIn(books, this.#clock.atMost(this.#now())))
    this.#known.replace(books, seq)
  }

  /** The present; where it is simulated it does not matter yet. */
  #now(): Instant {
    return this.#options.clock === 'caller' ? (0 as Instant) : present()
  }

  async #restore(leases: readonly Lease[]): Promise<void> {
    for (let i = 0; i < leases.length; i += CHUNK) {
      const chunk = leases.slice(i, i + CHUNK)
      const { results } = await this.#ask(chunk.map(restoring), this.#now())
      const refused = chunk.filter((_, index) => results[index] === undefined)
      for (const { address } of refused) this.#known.forget(address)
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
          this.#hear(await this.#news.nextChanges(this.#read))
          continue
        }
      } catch {
        // It is the other connection that says so.
      }
      await delay(RETRY_INTERVAL, undefined, { signal }).catch(() => {})
    }
  }

  #hear(changes: readonly Change[]): void {
    const [first] = changes
    if (first && first.seq > (this.#read ?? 0) + 1) this.#fail('more has happened than this replica has heard of')
    for (const change of changes) {
      this.#read = change.seq
      this.#known.follow(change)
      if (change.event) this.#listeners.tell([change.event])
    }
  }

  at(address: Ipv4Address, now: Instant): Lease | undefined {
    const then = this.#clock.now(now)
    const lease = this.#known.at(address, then)
    return lease && shifted(lease, now, then)
  }

  count(now: Instant): Readonly<Record<Lease['state'], number>> {
    return this.#known.count(this.#clock.now(now))
  }

  async *list(now: Instant): AsyncIterable<Lease> {
    const then = this.#clock.now(now)
    const books = this.#problem === undefined ? await this.#books.snapshot().catch(() => undefined) : undefined
    const known = books === undefined ? this.#known : new KnownLeases(books.values())
    for (const lease of known.leases(then)) yield shifted(lease, now, then)
  }

  reserve(address: Ipv4Address): void {
    this.#reservations.add(address)
  }

  unreserve(address: Ipv4Address): void {
    this.#reservations.remove(address)
  }

  history(address: Ipv4Address): Promise<readonly LeaseEvent[]> {
    return this.#books.history(address)
  }

  watch(listener: (event: LeaseEvent) => void): () => void {
    return this.#listeners.add(listener)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    clearInterval(this.#refresh)
    this.#redis.disconnect()
    this.#tail.disconnect()
  }
}
