import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { INFINITE, type Instant, type Ipv4Address, type Seconds } from '@reboots/protocol/net'
import { LeaseTable, NEVER, runStep, type Claim, type Lease, type LeaseStep, type Pool } from './index.ts'

const range = (first: number, last: number) => ({ first: first as Ipv4Address, last: last as Ipv4Address })
const times = { leaseTime: 20 as Seconds, offerTime: 3 as Seconds, quarantineTime: 30 as Seconds }
/** One for everybody, one that a class gets first, one that never ends, and one without addresses of its own. */
const POOLS: readonly Pool[] = [
  { ...times, ranges: [range(1, 3), range(4, 5)] },
  { ...times, ranges: [range(6, 7), range(1, 3), range(4, 5)], leaseTime: 7 as Seconds },
  { ...times, ranges: [range(4, 5)], leaseTime: INFINITE, quarantineTime: 0 as Seconds },
  { ...times, ranges: [] },
]

interface Row {
  client: string
  state: Lease['state'] | 'free'
  /** When it ends; of a free address when it ended. */
  end: number
  /** Counts the changes of hands: which address a client got last. */
  turn: number
}

/** The rules of RFC 2131 §4.3.1 in their plainest words: everything is looked up by looking at everything. */
class Reference {
  readonly #rows = new Map<number, Row>()
  readonly #marks = new Map<string, number>()
  readonly #reserved = new Set<number>()
  readonly #holds = new Map<number, { readonly client: string; readonly end: number }>()
  #turn = 0
  #now = 0

  reserve(address: number): void {
    this.#reserved.add(address)
  }

  unreserve(address: number): void {
    this.#reserved.delete(address)
  }

  run(step: LeaseStep, now: number): Lease | 'refused' {
    this.pass(now)
    if (step.kind === 'release') return this.#release(step.client, step.address)
    if (step.kind === 'hold') return this.#keep(step)
    if (step.kind === 'free') return this.#end(step)
    return this[step.kind](step.pool, step.claim)
  }

  pass(now: number): void {
    this.#now = now
    for (const row of this.#rows.values()) {
      if (row.state === 'free' || row.end > now) continue
      if (row.state === 'declined') row.client = ''
      row.state = 'free'
    }
    for (const [address, { end }] of this.#holds) if (end <= now) this.#holds.delete(address)
  }

  #keep({ client, address, time }: Extract<LeaseStep, { kind: 'hold' }>): Lease | 'refused' {
    const row = this.#rows.get(address)
    const others = row !== undefined && row.state !== 'free' && (row.client !== client || row.state === 'declined')
    if (others || this.#reserved.has(address) || this.#isKeptFrom(client, address)) return 'refused'
    this.#holds.set(address, { client, end: this.#after(time) })
    return { client, address, state: 'offered', expiresAt: this.#after(time) as Instant }
  }

  #end({ client, address, what }: Extract<LeaseStep, { kind: 'free' }>): Lease | 'refused' {
    const hold = this.#holds.get(address)
    const keeps = what !== 'lease' && hold?.client === client
    if (keeps) this.#holds.delete(address)
    const row = this.#rows.get(address)
    if (what !== 'hold' && row?.client === client && row.state !== 'free') {
      const lease = { client, address, state: row.state, expiresAt: row.end as Instant }
      if (row.state === 'declined') row.client = ''
      this.#free(row)
      return lease
    }
    return keeps ? { client, address, state: 'offered', expiresAt: hold.end as Instant } : 'refused'
  }

  #isKept(address: number): boolean {
    return this.#reserved.has(address) || this.#holds.has(address)
  }

  #isKeptFrom(client: string, address: number): boolean {
    return (this.#holds.get(address)?.client ?? client) !== client
  }

  offer(pool: Pool, claim: Claim): Lease | 'refused' {
    const address = this.#choice(pool, claim)
    if (address === undefined) return 'refused'
    const row = this.#rows.get(address)
    const until = this.#after(pool.offerTime)
    const known = row?.client === claim.client && row.state !== 'offered'
    const bound = row?.state === 'bound'
    const lease = bound
      ? this.#hold(address, claim.client, 'bound', Math.max(row.end, until))
      : this.#hold(address, claim.client, 'offered', until)
    return known ? { ...lease, known } : lease
  }

  bind(pool: Pool, claim: Claim): Lease | 'refused' {
    const address = claim.requested
    if (address === undefined || !this.#mayHave(pool, claim, address)) return 'refused'
    for (const [other, row] of this.#rows) {
      const given = row.client === claim.client && (row.state === 'bound' || row.state === 'offered')
      if (given && other !== address && inPool(pool, other)) this.#free(row)
    }
    return this.#hold(address, claim.client, 'bound', this.#after(pool.leaseTime))
  }

  decline(pool: Pool, claim: Claim): Lease | 'refused' {
    const { client, requested, reserved } = claim
    if (requested === undefined) return 'refused'
    const row = this.#rows.get(requested)
    const free = row === undefined || row.state === 'free'
    const may = free ? requested === reserved : row.client === client && row.state !== 'declined'
    return may ? this.#hold(requested, client, 'declined', this.#after(pool.quarantineTime)) : 'refused'
  }

  #release(client: string, address: number): Lease | 'refused' {
    const row = this.#rows.get(address)
    if (row?.client !== client || (row.state !== 'bound' && row.state !== 'offered')) return 'refused'
    const lease = { client, address: address as Ipv4Address, state: row.state, expiresAt: row.end as Instant }
    this.#free(row)
    return lease
  }

  /** Everything that is not free. */
  leases(): Lease[] {
    return [...this.#rows].flatMap(([address, { client, state, end }]) =>
      state === 'free' ? [] : [{ client, address: address as Ipv4Address, state, expiresAt: end as Instant }],
    )
  }

  #choice(pool: Pool, claim: Claim): number | undefined {
    const own = [...this.#rows.keys()]
      .filter((address) => this.#rows.get(address)!.client === claim.client)
      .toSorted((one, other) => this.#rows.get(one)!.turn - this.#rows.get(other)!.turn)
    const held = own.filter((address) => this.#rows.get(address)!.state !== 'free')
    const kept = [...this.#holds.keys()].filter((address) => this.#holds.get(address)!.client === claim.client)
    const wishes = [
      claim.reserved,
      ...kept.toSorted((one, other) => one - other),
      ...held,
      ...own.toReversed(),
      claim.requested,
    ]
    const granted = wishes.find((address) => address !== undefined && this.#mayHave(pool, claim, address))
    return granted ?? this.#unused(pool) ?? this.#longestFree(pool)
  }

  #mayHave(pool: Pool, claim: Claim, address: number): boolean {
    if (address !== claim.reserved && (this.#reserved.has(address) || !inPool(pool, address))) return false
    if (address !== claim.reserved && this.#isKeptFrom(claim.client, address)) return false
    const row = this.#rows.get(address)
    if (row === undefined || row.state === 'free') return true
    return row.client === claim.client && row.state !== 'declined'
  }

  /** The next that nobody ever had, in ascending order; no address is looked at twice. */
  #unused(pool: Pool): number | undefined {
    for (const { first, last } of pool.ranges) {
      let address = this.#marks.get(`${first}-${last}`) ?? first
      while (address <= last && (this.#rows.has(address) || this.#isKept(address))) address++
      this.#marks.set(`${first}-${last}`, Math.min(address, last) + 1)
      if (address <= last) return address
    }
    return undefined
  }

  #longestFree(pool: Pool): number | undefined {
    for (const { first, last } of pool.ranges) {
      const free: (readonly [since: number, address: number])[] = []
      for (let address: number = first; address <= last; address++) {
        const row = this.#rows.get(address)
        if (this.#isKept(address) || (row !== undefined && row.state !== 'free')) continue
        free.push([row?.end ?? 0, address])
      }
      const [longest] = free.toSorted(([one, low], [other, high]) => one - other || low - high)
      if (longest) return longest[1]
    }
    return undefined
  }

  #hold(address: number, client: string, state: Lease['state'], end: number): Lease {
    const before = this.#rows.get(address)
    const turn = before?.client === client ? before.turn : ++this.#turn
    this.#rows.set(address, { client, state, end, turn })
    return { client, address: address as Ipv4Address, state, expiresAt: end as Instant }
  }

  #free(row: Row): void {
    row.state = 'free'
    row.end = this.#now
  }

  #after(time: Seconds): number {
    return time === INFINITE ? NEVER : this.#now + time * 1000
  }
}

function inPool(pool: Pool, address: number): boolean {
  return pool.ranges.some(({ first, last }) => first <= address && address <= last)
}

const client = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g')
const address = fc.integer({ min: 0, max: 9 }).map((address) => address as Ipv4Address)
const perhaps = fc.option(address, { nil: undefined })
const step: fc.Arbitrary<LeaseStep> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('offer', 'bind', 'bind', 'decline'),
      pool: fc.constantFrom(...POOLS, POOLS[0]!, POOLS[0]!),
      claim: fc.record({
        client,
        requested: perhaps,
        reserved: fc.option(address, { nil: undefined, freq: 6 }),
      }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('release'), client, address }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('hold'),
      client,
      address,
      time: fc.constantFrom(5 as Seconds, 15 as Seconds, INFINITE),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('free'),
      client,
      address,
      what: fc.constantFrom('all', 'lease', 'hold'),
    }),
  },
)
const reserving: fc.Arbitrary<Reserving> = fc.record({ kind: fc.constantFrom('reserve', 'unreserve'), address })
const move = fc.record({
  wait: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 12_000 })),
  what: fc.oneof({ weight: 9, arbitrary: step }, { weight: 1, arbitrary: reserving }),
})

test('every step answers as the rules in their plainest words, and leaves the same books', () => {
  fc.assert(
    fc.property(fc.array(move, { maxLength: 120, size: 'max' }), (moves) => {
      const [table, reference] = [new LeaseTable(), new Reference()]
      let now = 1
      for (const { wait, what } of moves) {
        now += wait
        act(table, reference, what, now)
        const byAddress = [...table.leases(now as Instant)].toSorted((one, other) => one.address - other.address)
        reference.pass(now)
        assert.deepEqual(
          byAddress,
          reference.leases().toSorted((one, other) => one.address - other.address),
        )
      }
    }),
    { numRuns: 1000 },
  )
})

interface Reserving {
  readonly kind: 'reserve' | 'unreserve'
  readonly address: Ipv4Address
}
type Move = LeaseStep | Reserving
const isReserving = (what: Move): what is Reserving => what.kind === 'reserve' || what.kind === 'unreserve'

function act(table: LeaseTable, reference: Reference, what: Move, now: number): void {
  if (isReserving(what)) {
    table[what.kind](what.address)
    reference[what.kind](what.address)
  } else {
    assert.deepEqual(runStep(table, what, now as Instant), reference.run(what, now))
  }
}
