import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as fc from 'fast-check'
import {
  LeaseTable,
  runStep,
  type AddressEntry,
  type Lease,
  type LeaseEvent,
  type LeaseLedger,
  type LeaseStep,
  type Subject,
} from '@reboots/leases'
import { Place, STORIES, type Brief } from './contract-stories.fixture.ts'
import { INFINITE, type Instant, type Ipv4Address, type Seconds } from '@reboots/protocol/net'

export { at } from './contract-stories.fixture.ts'

interface Ask {
  readonly kind: LeaseStep['kind']
  readonly client: string
  readonly requested: number | undefined
  readonly what: 'all' | 'lease' | 'hold'
}

/** Six dynamic addresses in two ranges, of which 2 is reserved for `c0`; 9 is reserved for `c1` outside of them. */
const RESERVED: Readonly<Record<string, number>> = { c0: 2, c1: 9 }

const reservationOf = (client: string) => (client in RESERVED ? { reserved: RESERVED[client]! } : {})

function stepOf(place: Place, { kind, client, requested, what }: Ask): LeaseStep {
  const ranges = [
    { first: place.ip(1), last: place.ip(4) },
    { first: place.ip(5), last: place.ip(6) },
  ]
  const times = { leaseTime: 20 as Seconds, offerTime: 3 as Seconds, quarantineTime: 30 as Seconds }
  const pool = { ranges, ...times }
  return place.step(kind, client, requested, { pool, time: 9, what, ...reservationOf(client) })
}

const ask: fc.Arbitrary<Ask> = fc.record({
  kind: fc.constantFrom('offer', 'bind', 'release', 'decline', 'hold', 'free'),
  client: fc.constantFrom('c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7'),
  requested: fc.option(fc.integer({ min: 0, max: 10 }), { nil: undefined }),
  what: fc.constantFrom('all', 'lease', 'hold'),
})
/** Batches of steps, each with the seconds that pass before it. */
const journey = fc.array(
  fc.record({ wait: fc.integer({ min: 0, max: 12 }), asks: fc.array(ask, { maxLength: 8, size: 'max' }) }),
  { maxLength: 12, size: 'max' },
)

/** The events of one address, up to its being kept for somebody. */
function watchUntilReserved(store: LeaseLedger, address: Ipv4Address): Promise<readonly LeaseEvent[]> {
  return new Promise((resolve) => {
    const events: LeaseEvent[] = []
    const stop = store.watch((event) => {
      if (event === 'lost' || event.address !== address) return
      events.push(event)
      if (event.kind !== 'reserved') return
      stop()
      resolve(events)
    })
  })
}

/** What every store of leases must do. `open` opens an empty one; it is closed here. */
export function leaseStoreContract(name: string, open: () => Promise<LeaseLedger>): void {
  void describe(`${name}: a store of leases`, () => {
    let store: LeaseLedger
    before(async () => void (store = await open()))
    after(() => store.close())

    const run = async (step: LeaseStep, now: Instant) => (await store.run([step], now))[0]
    const ways = {
      'by run': run,
      'by attempt as far as that goes': async (step: LeaseStep, now: Instant) =>
        store.attempt(step, now) ?? (await run(step, now)),
    }
    for (const [way, carryOut] of Object.entries(ways)) {
      for (const [story, rows] of Object.entries(STORIES)) {
        void test(`${story}, ${way}`, async () => {
          const place = new Place()
          const results: Brief[] = []
          for (const [seconds, step] of rows) {
            results.push(place.brief(await carryOut(step(place), place.now(seconds)), seconds))
          }
          assert.deepEqual(
            results,
            rows.map(([, , expected]) => expected),
          )
          assert.equal(store.problem, undefined)
        })
      }
    }

    void test('an infinite lease never ends', async () => {
      const place = new Place()
      const pool = place.pool(3, { leaseTime: INFINITE })
      const [lease] = await store.run([place.step('bind', 'a', 1, { pool })], place.now(0))
      assert.deepEqual(place.brief(lease, 0), ['a', 1, 'bound', 'for ever'])
      assert.equal((await store.run([place.step('bind', 'b', 1)], place.now(900_000)))[0], 'refused')
    })

    void test('steps of one call follow one another, and those of calls that were not waited for', async () => {
      const place = new Place()
      const binds = ['a', 'b'].map((client) => place.step('bind', client, 1))
      const [first, second] = await Promise.all([
        store.run([...binds, place.step('release', 'a', 1)], place.now(0)),
        store.run(binds.toReversed(), place.now(1)),
      ])
      assert.deepEqual(
        [...first.map((result) => place.brief(result, 0)), ...second.map((result) => place.brief(result, 1))],
        [['a', 1, 'bound', 3600], 'refused', ['a', 1, 'bound', 3600], ['b', 1, 'bound', 3600], 'refused'],
      )
    })

    void test('a reserved address is for who names it, until it is reserved no more', async () => {
      const place = new Place()
      store.reserve(place.ip(1))
      store.reserve(place.ip(2))
      const other = [place.step('offer', 'b', 1), place.step('bind', 'b', 2), place.step('offer', 'c')]
      const reserved = await store.run([...other, place.step('bind', 'a', 1, { reserved: 1 })], place.now(0))
      store.unreserve(place.ip(2))
      const after = await store.run([place.step('offer', 'c'), place.step('offer', 'd')], place.now(1))
      assert.deepEqual(
        [...reserved, ...after].map((result) => place.brief(result, 0)),
        [['b', 3, 'offered', 60], 'refused', 'refused', ['a', 1, 'bound', 3600], ['c', 2, 'offered', 61], 'refused'],
      )
    })

    void test('at and list show what is held', async () => {
      const place = new Place()
      const binds = [3, 1].map((address) => place.step('bind', `c${address}`, address))
      await store.run([...binds, place.step('offer', 'd'), place.step('release', 'c1', 1)], place.now(0))
      const here: Lease[] = []
      for await (const lease of store.list(place.now(1))) here.push(lease)
      assert.deepEqual(
        here.slice(-2).map((lease) => place.brief(lease, 0)),
        [
          ['d', 2, 'offered', 60],
          ['c3', 3, 'bound', 3600],
        ],
      )
      const seen = [1, 2, 3].map((address) => place.brief(store.at(place.ip(address), place.now(61)), 0))
      assert.deepEqual(seen, [undefined, undefined, ['c3', 3, 'bound', 3600]])
    })

    void test('what happened to an address is told when it happens and remembered', async () => {
      const place = new Place()
      const watched = watchUntilReserved(store, place.ip(1))
      const steps = [
        [0, place.step('offer', 'a', 1)],
        [1, place.step('bind', 'a', 1)],
        [2, place.step('bind', 'a', 1)],
        [3, place.step('release', 'a', 1)],
        [4, place.step('bind', 'b', 1)],
        [3604, place.step('bind', 'b', 1)],
        [3605, place.step('decline', 'b', 1)],
        [3606, place.step('free', 'b', 1)],
        [3607, place.step('hold', 'c', 1, { time: 10 })],
        [3608, place.step('bind', 'c', 1)],
        [3617, place.step('free', 'c', 1)],
        [3618, place.step('hold', 'd', 1)],
        [3618, place.step('hold', 'd', 1)],
        [3619, place.step('free', 'd', 1)],
      ] as const
      for (const [seconds, step] of steps) await store.run([step], place.now(seconds))
      const brief = (event: LeaseEvent) =>
        [event.client.split(' ')[0], event.kind, (event.at - place.now(0)) / 1000] as const
      const told = [
        ['a', 'bound', 1],
        ['a', 'renewed', 2],
        ['a', 'released', 3],
        ['b', 'bound', 4],
        ['b', 'expired', 3604],
        ['b', 'bound', 3604],
        ['b', 'declined', 3605],
        ['b', 'released', 3606],
        ['c', 'reserved', 3607],
      ] as const
      assert.deepEqual((await watched).map(brief), told)
      const remembered = [
        ...told.filter(([, kind]) => kind !== 'renewed' && kind !== 'expired'),
        ['c', 'bound', 3608],
        ['c', 'unreserved', 3617],
        ['c', 'released', 3617],
        ['d', 'reserved', 3618],
        ['d', 'unreserved', 3619],
      ]
      assert.deepEqual((await store.history(place.ip(1))).map(brief), remembered.toReversed())
      const ofB = remembered.filter(([client]) => client === 'b').toReversed()
      assert.deepEqual((await store.history(place.name('b'))).map(brief), ofB)
    })

    void test('entries and look tell all there is of an address', async () => {
      const place = new Place()
      const steps = [
        place.step('bind', 'a', 3),
        place.step('hold', 'a', 7),
        place.step('hold', 'b', 1),
        place.step('bind', 'b', 1),
        place.step('bind', 'c', 2),
        place.step('release', 'c', 2),
      ]
      await store.run(steps, place.now(0))
      const brief = ({ record, hold }: AddressEntry) => [
        record.address - place.base,
        record.state === 'free'
          ? [record.client.split(' ')[0], 'free']
          : place.brief({ ...record, state: record.state }, 1),
        place.brief(hold && { ...hold, state: 'offered' }, 1)?.slice(0, 1),
      ]
      const [one, two, three, seven] = [
        [1, ['b', 1, 'bound', 3599], ['b']],
        [2, ['c', 'free'], undefined],
        [3, ['a', 3, 'bound', 3599], undefined],
        [7, ['', 'free'], ['a']],
      ]
      const entries: AddressEntry[] = []
      const within = { first: place.ip(0), last: place.ip(200) }
      for await (const piece of store.entries(place.now(1), within)) entries.push(...piece)
      assert.deepEqual(entries.map(brief), [one, three, seven])
      const look = async (subject: Subject) => (await store.look(subject, place.now(1))).map(brief)
      assert.deepEqual(await look(place.name('a')), [three, seven])
      assert.deepEqual(await look(place.name('c')), [two])
      assert.deepEqual(await look(place.ip(1)), [one])
      assert.deepEqual(await look(place.ip(99)), [])
      const later = await store.look(place.ip(1), place.now(3600))
      assert.deepEqual(later.map(brief), [[1, ['b', 'free'], undefined]])
    })

    void test('answers as the lease table does, whatever the steps and the time between them', async () => {
      await fc.assert(
        fc.asyncProperty(journey, async (batches) => {
          const place = new Place()
          const table = new LeaseTable()
          for (const address of [place.ip(2), place.ip(9)]) {
            table.reserve(address)
            store.reserve(address)
          }
          let now = place.now(0)
          for (const { wait, asks } of batches) {
            now = (now + wait * 1000) as Instant
            const steps = asks.map((ask) => stepOf(place, ask))
            const expected = steps.map((step) => runStep(table, step, now))
            assert.deepEqual(await store.run(steps, now), expected)
            for (let i = 0; i < 11; i++) {
              assert.deepEqual(store.at(place.ip(i), now), table.at(place.ip(i), now))
            }
          }
        }),
        { numRuns: 150 },
      )
    })
  })
}
