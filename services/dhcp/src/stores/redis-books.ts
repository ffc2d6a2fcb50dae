import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Redis } from 'ioredis'
import type { AddressEntry, Hold, LeaseEvent, LeaseRecord, LeaseStep, Subject } from '@reboots/leases'
import type { Instant, Ipv4Address } from '@reboots/protocol/net'
import { HISTORY_TOLD, isRemembered } from './lease-events.ts'
import type { Lending } from './lendings.ts'
import {
  decodeAnswer,
  decodeChange,
  decodeHistory,
  decodeHold,
  decodeLending,
  decodeRow,
  encodeWork,
  type Answer,
  type Change,
  type Upkeep,
} from './redis-wire.ts'
import { neverHad } from './taken.ts'

const SCRIPT = readFileSync(new URL('./redis-steps.lua', import.meta.url), 'utf8')
const DIGEST = createHash('sha1').update(SCRIPT).digest('hex')

export interface Terms {
  /** By the caller's clock instead of that of Redis; only where time is simulated. */
  readonly now?: Instant
  /** The changes the caller knows of: a Redis that has seen fewer has lost some. */
  readonly known: number
  /** By the clock of Redis: nothing is done later than that. */
  readonly deadline?: Instant
  /** Somebody wants to hear of leases that end by themselves. */
  readonly watched?: boolean
}

/** The books in Redis. All keys have one hash tag, so that they are together also in a Cluster. Rejects with what ioredis says. */
export class RedisBooks {
  readonly #redis: Redis
  readonly #prefix: string
  readonly #keys: readonly string[]
  readonly #copies: number
  readonly #timeout: number

  constructor(redis: Redis, name: string, copies: number, timeout: number) {
    this.#redis = redis
    this.#prefix = `{${name}}:`
    const keys = ['rows', 'clients', 'expiry', 'marks', 'reserved', 'meta', 'events', '']
    this.#keys = keys.map((key) => this.#prefix + key)
    this.#copies = copies
    this.#timeout = timeout
  }

  /** Carries out all of it or nothing. */
  async run(steps: readonly (LeaseStep | Upkeep)[], terms: Terms): Promise<Answer> {
    const args = [
      `${terms.now ?? ''}`,
      `${terms.known}`,
      `${terms.deadline ?? ''}`,
      encodeWork(steps, terms.watched ?? false),
    ]
    const [answer] = await Promise.all([this.#evaluate(args), this.#copied()])
    return answer
  }

  async #evaluate(args: readonly string[]): Promise<Answer> {
    try {
      return decodeAnswer(await this.#redis.evalsha(DIGEST, this.#keys.length, ...this.#keys, ...args))
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
      const answer = await this.#redis.eval(SCRIPT, this.#keys.length, ...this.#keys, ...args)
      await this.#copied()
      return decodeAnswer(answer)
    }
  }

  /** Until so many other Redis have it that a fail-over does not lose it. */
  async #copied(): Promise<void> {
    if (this.#copies === 0) return
    const copies = await this.#redis.wait(this.#copies, this.#timeout)
    if (copies < this.#copies) throw new Error(`only ${copies} of ${this.#copies} copies have the change`)
  }

  /** The changes after one, or undefined when they are not all there any more. */
  async changesAfter(seq: number): Promise<Change[] | undefined> {
    const entries = await this.#redis.xrange(this.#prefix + 'events', `${seq}-1`, '+')
    const changes = entries.map(decodeChange)
    return changes[0]?.seq === seq ? changes.slice(1) : undefined
  }

  /** Waits for changes; what comes may be none. Needs a connection of its own. */
  async nextChanges(seq: number): Promise<Change[]> {
    const key = this.#prefix + 'events'
    const reply = await this.#redis.xread('COUNT', 1000, 'BLOCK', 1000, 'STREAMS', key, `${seq}-1`)
    return (reply ?? []).flatMap(([, entries]) => entries.map(decodeChange))
  }

  /** All rows, as they are while they are read. */
  async snapshot(): Promise<Map<Ipv4Address, LeaseRecord>> {
    const rows = new Map<Ipv4Address, LeaseRecord>()
    let cursor = '0'
    do {
      const [next, fields] = await this.#redis.hscan(this.#prefix + 'rows', cursor, 'COUNT', 2000)
      for (let i = 0; i < fields.length; i += 2) {
        const record = decodeRow(fields[i]!, fields[i + 1]!)
        rows.set(record.address, record)
      }
      cursor = next
    } while (cursor !== '0')
    return rows
  }

  /** To which replicas addresses are lent. */
  async lent(): Promise<Map<Ipv4Address, Lending>> {
    const fields = Object.entries(await this.#redis.hgetall(this.#prefix + 'lent'))
    const lendings = fields.flatMap(([address, packed]) => decodeLending(address, packed).lending ?? [])
    return new Map(lendings.map((lending) => [lending.address, lending]))
  }

  /** Who addresses are kept for. */
  async holds(): Promise<Map<Ipv4Address, Hold>> {
    const fields = Object.entries(await this.#redis.hgetall(this.#prefix + 'holds'))
    const holds = fields.map(([address, packed]) => decodeHold(address, packed))
    return new Map(holds.map((hold) => [hold.address, hold]))
  }

  /** What is in the books of one address, or of all that a client has, had last, or that are kept for it. Leases may be over. */
  async look(subject: Subject): Promise<AddressEntry[]> {
    const addresses = typeof subject === 'number' ? [String(subject)] : await this.#addressesOf(subject)
    const entries = addresses.map(async (address) => {
      const [row, hold] = await Promise.all([
        this.#redis.hget(this.#prefix + 'rows', address),
        this.#redis.hget(this.#prefix + 'holds', address),
      ])
      if (row === null && hold === null) return undefined
      const record = row === null ? neverHad(Number(address) as Ipv4Address) : decodeRow(address, row)
      return { record, hold: hold === null ? undefined : decodeHold(address, hold) }
    })
    return (await Promise.all(entries)).filter((entry) => entry !== undefined)
  }

  async #addressesOf(client: string): Promise<string[]> {
    const keys = ['clients', 'holding'].map((key) => this.#redis.hget(this.#prefix + key, client))
    const lists = (await Promise.all(keys)).flatMap((list) => (list ?? '').split(','))
    const addresses = new Set(lists.filter((address) => address !== ''))
    return [...addresses].toSorted((one, other) => Number(one) - Number(other))
  }

  async history(subject: Subject): Promise<LeaseEvent[]> {
    return typeof subject === 'number' ? this.#historyOf(subject) : this.#historyOfClient(subject)
  }

  async #historyOf(address: Ipv4Address): Promise<LeaseEvent[]> {
    const entries = await this.#redis.lrange(`${this.#prefix}history:${address}`, 0, -1)
    return entries.map((entry) => decodeHistory(address, entry))
  }

  /** What is remembered of its present addresses, and of the others as far as the changes go back. */
  async #historyOfClient(client: string): Promise<LeaseEvent[]> {
    const addresses = new Set((await this.#addressesOf(client)).map(Number))
    let before = '+'
    do {
      const entries = await this.#redis.xrevrange(this.#prefix + 'events', before, '-', 'COUNT', 1000)
      for (const { event } of entries.map(decodeChange)) {
        if (event?.client === client && isRemembered(event)) addresses.add(event.address)
      }
      before = entries.length < 1000 ? '' : `(${entries.at(-1)![0]}`
    } while (before !== '' && addresses.size < HISTORY_TOLD)
    const histories = await Promise.all([...addresses].map((address) => this.#historyOf(address as Ipv4Address)))
    const own = histories.flat().filter((event) => event.client === client)
    return own.toSorted((one, other) => other.at - one.at).slice(0, HISTORY_TOLD)
  }
}
