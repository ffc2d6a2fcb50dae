import { setTimeout as delay } from 'node:timers/promises'
import type { LeaseStep, Pool } from '@reboots/leases'
import type { Ipv4Address, Seconds } from '@reboots/protocol/net'
import type { Random } from './random.ts'
import type { Replica, Told } from './replica.ts'
import type { Held, Witness } from './witness.ts'

/** Few addresses and short leases, so that they change hands all the time. */
export const POOL: Pool = {
  ranges: [
    { first: 1 as Ipv4Address, last: 30 as Ipv4Address },
    { first: 40 as Ipv4Address, last: 60 as Ipv4Address },
  ],
  leaseTime: 4 as Seconds,
  offerTime: 1 as Seconds,
  quarantineTime: 2 as Seconds,
}

/** How fast clients live, in milliseconds. */
export interface Pace {
  readonly pool: Pool
  /** A client that got no answer waits longer than a replica waits for Redis (RFC 2131 §4.1: four seconds). */
  readonly backOff: number
  /** Clients do not begin all at once, but within this time. */
  readonly arrival: number
  /** Longest pause between two deeds. */
  readonly pause: number
  /** Some clients come back when their lease has nearly ended, or has. */
  readonly neglect: number
}

/** Longest that a replica may take until it carries out a step of which the client has heard nothing, in milliseconds. */
const DECLINE_TAKES = 1000

export const QUICK: Pace = { pool: POOL, backOff: 700, arrival: 1, pause: 150, neglect: 4500 }

export interface Network {
  readonly pace: Pace
  readonly replicas: readonly Replica[]
  readonly witness: Witness
  readonly random: Random
  /** What came of the messages, counted. */
  readonly count: Map<string, number>
}

/** Not by the signal itself, to which a hundred thousand would listen. */
async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  const end = performance.now() + milliseconds
  for (let left = milliseconds; left > 0 && !signal.aborted; left = end - performance.now())
    await delay(Math.min(left, 1000))
}

/** A client that gets an address, renews it, gives it back, finds it in use, and sometimes says everything twice. */
export class Client {
  readonly #name: string
  readonly #reserved: number | undefined
  readonly #network: Network
  #held: Held | undefined
  #unanswered = false
  /** Until then nobody has to give it the address that it found in use. */
  #declinedUntil = 0

  constructor(name: string, reserved: number | undefined, network: Network) {
    this.#name = name
    this.#reserved = reserved
    this.#network = network
  }

  async live(signal: AbortSignal): Promise<void> {
    const { random, pace } = this.#network
    await sleep(random.below(pace.arrival), signal)
    while (!signal.aborted) {
      this.#unanswered = false
      await this.#act()
      const neglect = random.below(20) === 0 ? random.below(pace.neglect) : 0
      const pause = this.#unanswered ? pace.backOff : random.below(pace.pause)
      await sleep(pause + neglect, signal)
    }
  }

  async #act(): Promise<void> {
    if (this.#held !== undefined && this.#held.until <= performance.now()) this.#giveUp()
    if (this.#held === undefined) return this.#discover()
    const what = this.#network.random.below(20)
    if (what === 0) return this.#release()
    if (what === 1) return this.#decline()
    if (what === 2) return this.#discover()
    if (what < 10) return this.renew()
  }

  /** The lease that a client in good order still has is confirmed; true when it was, or when there is none. */
  async confirm(): Promise<boolean> {
    const held = this.#held
    if (held === undefined || held.until <= performance.now()) return true
    await this.renew()
    return this.#held !== held
  }

  /** Who looks for an address does not use the one it had. */
  async #discover(): Promise<void> {
    const step = this.#step('offer', this.#held?.address)
    this.#giveUp()
    const offers = this.#some().map(async (replica) => ({ replica, told: await this.#tell(replica, step) }))
    const usable = (await Promise.all(offers)).find(({ told }) => typeof told === 'object')
    if (usable === undefined || typeof usable.told === 'string') return
    await this.#bind([usable.replica, ...this.#perhaps(usable.replica)], usable.told.address)
  }

  /** By one replica or, as when rebinding, by several. */
  async renew(): Promise<void> {
    await this.#bind(this.#some(), this.#held!.address)
  }

  /** The network doubles some messages. */
  #perhaps(replica: Replica): Replica[] {
    return this.#network.random.below(4) === 0 ? [replica] : []
  }

  async #bind(replicas: readonly Replica[], address: number): Promise<void> {
    const step = this.#step('bind', address)
    const asked = performance.now()
    const answers = await Promise.all(
      replicas.map(async (replica) => ({ told: await this.#tell(replica, step), at: performance.now() })),
    )
    for (const { told, at } of answers) this.#conclude(told, address, asked, at)
  }

  #conclude(told: Told, address: number, asked: number, at: number): void {
    if (told === 'refused' && this.#held?.address === address) {
      if (at > this.#declinedUntil) this.#network.witness.refused(this.#held, at)
      this.#giveUp()
    }
    if (typeof told === 'string' || told.state !== 'bound') return
    const held = { client: this.#name, address: told.address, until: asked + told.left, alone: told.alone === true }
    if (held.until <= at) return
    if (this.#held !== undefined && this.#held.address !== held.address) this.#giveUp()
    this.#network.witness.acknowledged(held, at)
    this.#held = held
  }

  #giveUp(): void {
    if (this.#held) this.#network.witness.gaveUp(this.#held)
    this.#held = undefined
  }

  /** It stops using the address before it says so. */
  async #release(): Promise<void> {
    const { address } = this.#held!
    this.#giveUp()
    await this.#tell(this.#some()[0]!, { kind: 'release', client: this.#name, address: address as Ipv4Address })
  }

  /**
   * A reserved address it may get again before the quarantine is over, from a replica that has not heard of it: when Redis is back the
   * quarantine counts.
   */
  async #decline(): Promise<void> {
    const step = this.#step('decline', this.#held!.address)
    this.#giveUp()
    await this.#tell(this.#some()[0]!, step)
    const { quarantineTime } = this.#network.pace.pool
    if (this.#reserved !== undefined) this.#declinedUntil = performance.now() + 1000 * quarantineTime + DECLINE_TAKES
  }

  #step(kind: 'offer' | 'bind' | 'decline', requested: number | undefined): LeaseStep {
    const claim = {
      client: this.#name,
      requested: requested as Ipv4Address | undefined,
      reserved: this.#reserved as Ipv4Address | undefined,
    }
    return { kind, pool: this.#network.pace.pool, claim }
  }

  async #tell(replica: Replica, step: LeaseStep): Promise<Told> {
    const told = await this.#carried(replica, step)
    const done = typeof told === 'object' && told.alone === true && this.#reserved === undefined ? 'done alone' : 'done'
    const what = `${step.kind}: ${typeof told === 'string' ? told : done}`
    if (told === 'lost' || told === 'unavailable') this.#unanswered = true
    this.#network.count.set(what, (this.#network.count.get(what) ?? 0) + 1)
    return told
  }

  /** The network loses one message in thirty, before it gets there or on the way back. */
  async #carried(replica: Replica, step: LeaseStep): Promise<Told> {
    const luck = this.#network.random.below(60)
    if (luck === 0) return 'lost'
    const told = await replica.ask(step)
    return luck === 1 ? 'lost' : told
  }

  /** One to all replicas, in any order. */
  #some(): Replica[] {
    const { replicas, random } = this.#network
    const start = random.below(replicas.length)
    const number = 1 + random.below(replicas.length)
    return Array.from({ length: number }, (_, i) => replicas[(start + i) % replicas.length]!)
  }
}
