import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Instant, Ipv4Address, Seconds } from '@reboots/protocol/net'
import { LeaseTable, runStep, type LeaseRecord, type LeaseStep, type Pool } from './index.ts'

const POOL: Pool = {
  ranges: [{ first: 1 as Ipv4Address, last: 5 as Ipv4Address }],
  leaseTime: 20 as Seconds,
  offerTime: 3 as Seconds,
  quarantineTime: 30 as Seconds,
}
const ADDRESSES = [1, 2, 3, 4, 5, 6] as Ipv4Address[]

const client = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g')
const address = fc.constantFrom(...ADDRESSES)
const asked = fc.record({
  kind: fc.constantFrom('offer', 'bind', 'decline'),
  pool: fc.constant(POOL),
  claim: fc.record({ client, requested: fc.option(address, { nil: undefined }), reserved: fc.constant(undefined) }),
})
const time = fc.constantFrom(5, 15, 1000) as fc.Arbitrary<Seconds>
const what = fc.constantFrom('all', 'lease', 'hold')
const ofClient: fc.Arbitrary<LeaseStep> = fc.oneof(
  { weight: 3, arbitrary: asked },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('release'), client, address }) },
)
const step: fc.Arbitrary<LeaseStep> = fc.oneof(
  { weight: 4, arbitrary: ofClient },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('hold'), client, address, time }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('free'), client, address, what }) },
)
/** Steps, each with the seconds that pass before it. */
const journeyOf = (step: fc.Arbitrary<LeaseStep>) =>
  fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), step), { maxLength: 40 })
const journey = journeyOf(step)
/** Every address has been somebody's. */
const HAD: readonly [number, LeaseStep][] = ADDRESSES.map((address, i) => [
  i,
  { kind: 'bind', pool: POOL, claim: { client: `had ${address}`, requested: address, reserved: undefined } },
])

function walk(table: LeaseTable, steps: readonly [number, LeaseStep][], start: number) {
  let now = start
  const results = steps.map(([seconds, step]) => runStep(table, step, (now += seconds * 1000) as Instant))
  return { results, now }
}

const books = (table: LeaseTable) =>
  ADDRESSES.map((address) => table.record(address)).filter((one) => one !== undefined)

for (const [what, steps, had] of [
  ['new addresses', ofClient, []],
  ['addresses that are kept for clients', step, HAD],
] as const) {
  test(`a table made of the records of another answers as that one does: ${what}`, () => {
    fc.assert(
      fc.property(journeyOf(steps), journeyOf(steps), (before, after) => {
        const [table, copy] = [new LeaseTable(), new LeaseTable()]
        const { now } = walk(table, [...had, ...before], 0)
        for (const record of books(table)) copy.put(record)
        for (const address of ADDRESSES) copy.putHold(address, table.holdOn(address))
        const chosen = after.map(([seconds, step]) => [seconds, withoutMemory(step)] as [number, LeaseStep])
        assert.deepEqual(walk(copy, chosen, now), walk(table, chosen, now))
      }),
      { numRuns: 500 },
    )
  })
}

/** Which of several addresses a client had last is not in the records, so those who ask are newcomers. */
function withoutMemory(step: LeaseStep): LeaseStep {
  return !('claim' in step) ? step : { ...step, claim: { ...step.claim, client: `new ${step.claim.client}` } }
}

test('steps are taken back with what was heard before each change', () => {
  fc.assert(
    fc.property(journey, journey, (before, undone) => {
      const heard = new Map<Ipv4Address, LeaseRecord>()
      const table = new LeaseTable((record) => heard.has(record.address) || heard.set(record.address, record))
      const { now } = walk(table, before, 0)
      const held = [...table.leases(now as Instant)]
      const kept = ADDRESSES.map((address) => [address, table.holdOn(address)] as const)
      heard.clear()
      for (const [, step] of undone) runStep(table, step, now as Instant)
      for (const record of heard.values()) table.put(record)
      for (const [address, hold] of kept) table.putHold(address, hold)
      const byAddress = (leases: typeof held) => leases.toSorted((one, other) => one.address - other.address)
      assert.deepEqual(byAddress([...table.leases(now as Instant)]), byAddress(held))
      assert.deepEqual(
        ADDRESSES.map((address) => [address, table.holdOn(address)]),
        kept,
      )
    }),
    { numRuns: 500 },
  )
})

test('an address free for longest is given first, whatever pool saw it first', () => {
  const table = new LeaseTable()
  const bind = (client: string, requested: number) =>
    table.bind(POOL, { client, requested: requested as Ipv4Address, reserved: undefined }, 0 as Instant)
  for (let i = 1; i <= 5; i++) bind(`had ${i}`, i)
  for (const [address, at] of [
    [4, 10],
    [2, 20],
    [5, 20],
  ] as const) {
    table.release(`had ${address}`, address as Ipv4Address, at as Instant)
  }
  const next = (client: string) =>
    table.offer(POOL, { client, requested: undefined, reserved: undefined }, 30 as Instant)
  assert.deepEqual(
    ['x', 'y', 'z', 'late'].map((client) => next(client)?.address),
    [4, 2, 5, undefined],
  )
})

test('a range that is drawn anew takes over the addresses that are in the books', () => {
  const table = new LeaseTable()
  const newcomer = (client: string, last: number) => {
    const ranges = [{ first: 1 as Ipv4Address, last: last as Ipv4Address }]
    return table.offer({ ...POOL, ranges }, { client, requested: undefined, reserved: undefined }, 1 as Instant)
      ?.address
  }
  assert.deepEqual([newcomer('a', 2), newcomer('b', 2)], [1, 2])
  table.release('a', 1 as Ipv4Address, 1 as Instant)
  assert.deepEqual([newcomer('c', 3), newcomer('d', 3), newcomer('e', 3)], [3, 1, undefined])
})
