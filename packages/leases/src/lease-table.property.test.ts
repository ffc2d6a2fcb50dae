import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Instant, Ipv4Address, Seconds } from '@reboots/protocol/net'
import { LeaseTable, type Claim, type Lease, type Pool } from './index.ts'

/** Six dynamic addresses 1…6, of which 2 is reserved for client `c0`; 9 is reserved for `c1` outside of them. */
const POOL: Pool = {
  ranges: [
    { first: 1 as Ipv4Address, last: 4 as Ipv4Address },
    { first: 5 as Ipv4Address, last: 6 as Ipv4Address },
  ],
  leaseTime: 20 as Seconds,
  offerTime: 3 as Seconds,
  quarantineTime: 30 as Seconds,
}
const RESERVED: Readonly<Record<string, number>> = { c0: 2, c1: 9 }
const CLIENTS = ['c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7']
const IN_POOL = new Set([1, 2, 3, 4, 5, 6])
const DYNAMIC = [1, 3, 4, 5, 6]

/** What the clients have been told, as they see it: this is what must never contradict itself. */
interface Model {
  now: number
  readonly told: Map<number, Lease>
}
interface Real {
  readonly table: LeaseTable
  readonly twin: LeaseTable
}

function freshReal(): Real {
  const [table, twin] = [new LeaseTable(), new LeaseTable()]
  for (const address of Object.values(RESERVED)) {
    table.reserve(address as Ipv4Address)
    twin.reserve(address as Ipv4Address)
  }
  return { table, twin }
}

const claimOf = (client: string, requested: number | undefined): Claim => ({
  client,
  requested: requested as Ipv4Address | undefined,
  reserved: RESERVED[client] as Ipv4Address | undefined,
})

/** The lease on an address as the model knows it; undefined when it is over. */
const heldAt = (model: Model, address: number) => {
  const lease = model.told.get(address)
  return lease !== undefined && lease.expiresAt > model.now ? lease : undefined
}

/** Runs a step on the table and on its twin (equal input, equal output) and checks what came out against what was told before. */
function step(
  model: Model,
  real: Real,
  run: (table: LeaseTable, now: Instant) => Lease | undefined,
): Lease | undefined {
  const lease = run(real.table, model.now as Instant)
  assert.deepEqual(run(real.twin, model.now as Instant), lease)
  if (lease === undefined) return undefined
  const before = heldAt(model, lease.address)
  assert.ok(before === undefined || before.client === lease.client, `${lease.address} is held by two clients`)
  assert.ok(before?.state !== 'declined', `${lease.address} is in quarantine`)
  const owner = CLIENTS.find((client) => RESERVED[client] === lease.address)
  assert.ok(owner === undefined || owner === lease.client, `${lease.address} is reserved`)
  assert.ok(owner !== undefined || DYNAMIC.includes(lease.address), `${lease.address} is in no pool`)
  model.told.set(lease.address, lease)
  return lease
}

class Wait implements fc.Command<Model, Real> {
  readonly seconds: number
  constructor(seconds: number) {
    this.seconds = seconds
  }
  check = () => true
  run(model: Model) {
    model.now += this.seconds * 1000
  }
  toString = () => `wait(${this.seconds})`
}

class Ask implements fc.Command<Model, Real> {
  readonly what: 'offer' | 'bind' | 'release' | 'decline'
  readonly client: string
  readonly address: number | undefined
  constructor(what: 'offer' | 'bind' | 'release' | 'decline', client: string, address: number | undefined) {
    this.what = what
    this.client = client
    this.address = address
  }
  check = () => true
  run(model: Model, real: Real) {
    this[this.what](model, real)
  }
  toString = () => `${this.what}(${this.client}, ${this.address})`

  offer(model: Model, real: Real) {
    const claim = claimOf(this.client, this.address)
    const lease = step(model, real, (table, now) => table.offer(POOL, claim, now))
    const free = DYNAMIC.filter((address) => heldAt(model, address) === undefined)
    assert.ok(lease !== undefined || free.length === 0, `nothing offered although ${free.join(', ')} are free`)
    const again = step(model, real, (table, now) => table.offer(POOL, claim, now))
    assert.equal(again?.address, lease?.address)
  }

  bind(model: Model, real: Real) {
    const lease = step(model, real, (table, now) => table.bind(POOL, claimOf(this.client, this.address), now))
    if (lease === undefined) return
    for (const [address, other] of model.told) {
      const givenUp = address !== lease.address && other.client === this.client && other.state !== 'declined'
      if (givenUp && IN_POOL.has(address)) model.told.delete(address)
    }
  }

  release(model: Model, real: Real) {
    const address = (this.address ?? 0) as Ipv4Address
    const held = heldAt(model, address)
    const owns = held !== undefined && held.client === this.client && held.state !== 'declined'
    const lease = step(model, real, (table, now) => table.release(this.client, address, now))
    assert.equal(lease !== undefined, owns)
    if (owns) model.told.delete(address)
  }

  decline(model: Model, real: Real) {
    const held = heldAt(model, this.address ?? 0)
    const owns = held === undefined ? RESERVED[this.client] === this.address : held.client === this.client
    const expected = this.address !== undefined && owns && held?.state !== 'declined'
    const lease = step(model, real, (table, now) => table.decline(POOL, claimOf(this.client, this.address), now))
    assert.equal(lease?.state, expected ? 'declined' : undefined)
  }
}

const client = fc.constantFrom(...CLIENTS)
const address = fc.option(fc.integer({ min: 0, max: 10 }), { nil: undefined })
const ask = (what: Ask['what']) => fc.tuple(client, address).map(([client, address]) => new Ask(what, client, address))
const commands = fc.commands(
  [ask('offer'), ask('bind'), ask('release'), ask('decline'), fc.integer({ min: 0, max: 12 }).map((s) => new Wait(s))],
  { maxCommands: 80, size: 'max' },
)

test('no address is ever held by two clients, nothing free is withheld, equal steps give equal results', () => {
  fc.assert(
    fc.property(commands, (commands) => {
      fc.modelRun(() => ({ model: { now: 1, told: new Map() }, real: freshReal() }), commands)
    }),
    { numRuns: 1000 },
  )
})
