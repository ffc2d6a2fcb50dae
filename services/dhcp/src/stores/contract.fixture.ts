import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as fc from 'fast-check'
import {
  LeaseTable,
  NEVER,
  runStep,
  type Lease,
  type LeaseEvent,
  type LeaseLedger,
  type LeaseStep,
  type Pool,
  type StepResult,
} from '@reboots/leases'
import { INFINITE, type Instant, type Ipv4Address, type Seconds } from '@reboots/protocol/net'

const ip = (address: number) => address as Ipv4Address
export const at = (seconds: number) => (1_700_000_000_000 + seconds * 1000) as Instant

/** Each case has addresses and times of its own, so that all of them can meet in one store. */
class Place {
  static #next = 0
  readonly base: number
  readonly start: number
  constructor() {
    this.base = 0x0a000000 + 256 * ++Place.#next
    this.start = 1_000_000 * Place.#next
  }
  now = (seconds: number) => at(this.start + seconds)
  ip = (address: number) => ip(this.base + address)
  name = (client: string) => `${client} of ${this.base}`

  pool(last: number, terms: Partial<Pool> = {}): Pool {
    const ranges = last < 1 ? [] : [{ first: this.ip(1), last: this.ip(last) }]
    const times = { leaseTime: 3600 as Seconds, offerTime: 60 as Seconds, quarantineTime: 86_400 as Seconds }
    return { ranges, ...times, ...terms }
  }

  step(kind: LeaseStep['kind'], client: string, requested?: number, more: { reserved?: number; pool?: Pool } = {}) {
    const named = this.name(client)
    if (kind === 'release') return { kind, client: named, address: this.ip(requested!) } satisfies LeaseStep
    const claim = {
      client: named,
      requested: requested === undefined ? undefined : this.ip(requested),
      reserved: more.reserved === undefined ? undefined : this.ip(more.reserved),
    }
    return { kind, pool: more.pool ?? this.pool(3), claim } satisfies LeaseStep
  }

  /** A result in few words: who, the address, the state, the seconds left. */
  brief = (result: StepResult | Lease | undefined, seconds: number) => {
    if (result === undefined || typeof result === 'string') return result
    const left = result.expiresAt === NEVER ? 'for ever' : (result.expiresAt - this.now(seconds)) / 1000
    return [result.client.split(' ')[0], result.address - this.base, result.state, left] as const
  }
}

type Brief = ReturnType<Place['brief']>
type Row = readonly [seconds: number, step: (place: Place) => LeaseStep, result: Brief]
const does =
  (...step: Parameters<Place['step']>) =>
  (place: Place) =>
    place.step(...step)

/** With a pool of so many addresses. */
const doesIn =
  (last: number, ...step: Parameters<Place['step']>) =>
  (place: Place) =>
    place.step(step[0], step[1], step[2], { ...step[3], pool: place.pool(last) })

/** Steps one after the other, with what each leads to. */
const STORIES: Readonly<Record<string, readonly Row[]>> = {
  'an offer is bound, renewed and given back': [
    [0, does('offer', 'a'), ['a', 1, 'offered', 60]],
    [1, does('bind', 'a', 1), ['a', 1, 'bound', 3600]],
    [1800, does('bind', 'a', 1), ['a', 1, 'bound', 3600]],
    [1900, does('release', 'a', 1), ['a', 1, 'bound', 3500]],
    [1901, does('release', 'a', 1), 'refused'],
    [1902, does('offer', 'b'), ['b', 2, 'offered', 60]],
    [1903, does('offer', 'a'), ['a', 1, 'offered', 60]],
  ],
  'what another holds is refused until it expires': [
    [0, does('bind', 'a', 2), ['a', 2, 'bound', 3600]],
    [1, does('bind', 'b', 2), 'refused'],
    [3599, does('bind', 'b', 2), 'refused'],
    [3600, does('bind', 'b', 2), ['b', 2, 'bound', 3600]],
    [3601, does('bind', 'a', 2), 'refused'],
  ],
  'binding frees what the client held before': [
    [0, does('bind', 'a', 1), ['a', 1, 'bound', 3600]],
    [1, does('bind', 'a', 2), ['a', 2, 'bound', 3600]],
    [2, does('bind', 'b', 1), ['b', 1, 'bound', 3600]],
  ],
  'newcomers get what nobody had, then what is free for longest, then nothing': [
    [0, does('bind', 'a', 2), ['a', 2, 'bound', 3600]],
    [0, does('bind', 'b', 3), ['b', 3, 'bound', 3600]],
    [1, does('release', 'b', 3), ['b', 3, 'bound', 3599]],
    [2, does('release', 'a', 2), ['a', 2, 'bound', 3598]],
    [3, does('offer', 'c'), ['c', 1, 'offered', 60]],
    [4, does('offer', 'd'), ['d', 3, 'offered', 60]],
    [5, does('offer', 'e'), ['e', 2, 'offered', 60]],
    [6, does('offer', 'f'), 'refused'],
    [64, does('offer', 'f'), ['f', 1, 'offered', 60]],
  ],
  'a declined address is nobody’s until the quarantine ends': [
    [0, does('bind', 'a', 1), ['a', 1, 'bound', 3600]],
    [1, does('decline', 'b', 1), 'refused'],
    [2, does('decline', 'a', 1), ['a', 1, 'declined', 86_400]],
    [3, does('bind', 'a', 1), 'refused'],
    [4, does('offer', 'a', 1), ['a', 2, 'offered', 60]],
    [86_402, does('bind', 'c', 1), ['c', 1, 'bound', 3600]],
  ],
  'a reservation outside of the pool wins over what the client holds': [
    [0, does('bind', 'a', 1), ['a', 1, 'bound', 3600]],
    [1, does('offer', 'a', 1, { reserved: 77 }), ['a', 77, 'offered', 60]],
    [2, does('bind', 'a', 77, { reserved: 77 }), ['a', 77, 'bound', 3600]],
    [3, does('bind', 'b', 77), 'refused'],
    [4, does('offer', 'b'), ['b', 2, 'offered', 60]],
  ],
  'a pool that is made smaller and larger again loses no address': [
    [0, does('bind', 'a', 1), ['a', 1, 'bound', 3600]],
    [0, does('offer', 'b'), ['b', 2, 'offered', 60]],
    [0, does('offer', 'c'), ['c', 3, 'offered', 60]],
    [1, does('release', 'a', 1), ['a', 1, 'bound', 3599]],
    [100, doesIn(2, 'offer', 'd'), ['d', 1, 'offered', 60]],
    [101, does('offer', 'e'), ['e', 3, 'offered', 60]],
    [102, does('offer', 'f'), ['f', 2, 'offered', 60]],
    [103, does('offer', 'g'), 'refused'],
  ],
  'who has an address that is in no pool any more keeps it to the end, and does not get it again': [
    [0, does('bind', 'a', 3), ['a', 3, 'bound', 3600]],
    [1, doesIn(2, 'bind', 'a', 3), 'refused'],
    [2, does('bind', 'b', 3), 'refused'],
    [3, doesIn(2, 'bind', 'a', 1), ['a', 1, 'bound', 3600]],
    [4, does('bind', 'b', 3), 'refused'],
    [3600, does('bind', 'b', 3), ['b', 3, 'bound', 3600]],
  ],
  'names that need care come back as they are': [
    [0, does('bind', '1,2|3:ü"\\%', 1), ['1,2|3:ü"\\%', 1, 'bound', 3600]],
    [1, does('bind', '1,2|3:ü"\\%', 1), ['1,2|3:ü"\\%', 1, 'bound', 3600]],
    [2, does('bind', '1', 2), ['1', 2, 'bound', 3600]],
  ],
}

interface Ask {
  readonly kind: LeaseStep['kind']
  readonly client: string
  readonly requested: number | undefined
}

/** Six dynamic addresses in two ranges, of which 2 is reserved for `c0`; 9 is reserved for `c1` outside of them. */
const RESERVED: Readonly<Record<string, number>> = { c0: 2, c1: 9 }

function stepOf(place: Place, { kind, client, requested }: Ask): LeaseStep {
  const ranges = [
    { first: place.ip(1), last: place.ip(4) },
    { first: place.ip(5), last: place.ip(6) },
  ]
  const times = { leaseTime: 20 as Seconds, offerTime: 3 as Seconds, quarantineTime: 30 as Seconds }
  const more = { pool: { ranges, ...times }, ...(client in RESERVED && { reserved: RESERVED[client]! }) }
  return place.step(kind, client, kind === 'release' ? (requested ?? 0) : requested, more)
}

const ask: fc.Arbitrary<Ask> = fc.record({
  kind: fc.constantFrom('offer', 'bind', 'release', 'decline'),
  client: fc.constantFrom('c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7'),
  requested: fc.option(fc.integer({ min: 0, max: 10 }), { nil: undefined }),
})
/** Batches of steps, each with the seconds that pass before it. */
const journey = fc.array(
  fc.record({ wait: fc.integer({ min: 0, max: 12 }), asks: fc.array(ask, { maxLength: 8, size: 'max' }) }),
  { maxLength: 12, size: 'max' },
)

/** The events of one address, up to its being declined. */
function watchUntilDeclined(store: LeaseLedger, address: Ipv4Address): Promise<readonly LeaseEvent[]> {
  return new Promise((resolve) => {
    const events: LeaseEvent[] = []
    const stop = store.watch((event) => {
      if (event.address !== address) return
      events.push(event)
      if (event.kind !== 'declined') return
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

    for (const [story, rows] of Object.entries(STORIES)) {
      void test(story, async () => {
        const place = new Place()
        const results: Brief[] = []
        for (const [seconds, step] of rows) {
          const [result] = await store.run([step(place)], place.now(seconds))
          results.push(place.brief(result, seconds))
        }
        assert.deepEqual(
          results,
          rows.map(([, , expected]) => expected),
        )
        assert.equal(store.problem, undefined)
      })
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
      const watched = watchUntilDeclined(store, place.ip(1))
      const steps = [
        [0, place.step('offer', 'a', 1)],
        [1, place.step('bind', 'a', 1)],
        [2, place.step('bind', 'a', 1)],
        [3, place.step('release', 'a', 1)],
        [4, place.step('bind', 'b', 1)],
        [3604, place.step('bind', 'b', 1)],
        [3605, place.step('decline', 'b', 1)],
      ] as const
      for (const [seconds, step] of steps) await store.run([step], place.now(seconds))
      const brief = (event: LeaseEvent) => [event.client.split(' ')[0], event.kind, (event.at - place.now(0)) / 1000]
      const expected = [
        ['a', 'bound', 1],
        ['a', 'released', 3],
        ['b', 'bound', 4],
        ['b', 'bound', 3604],
        ['b', 'declined', 3605],
      ]
      assert.deepEqual((await store.history(place.ip(1))).map(brief), expected.toReversed())
      assert.deepEqual((await watched).map(brief), expected)
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
