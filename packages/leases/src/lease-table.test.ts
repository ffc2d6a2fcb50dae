import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { INFINITE, parseIpv4, type Instant, type Ipv4Address, type Seconds } from '@reboots/protocol/net'
import { LeaseTable, NEVER, type Pool } from './index.ts'

const ip = (host: number) => (parseIpv4('10.0.0.0')! + host) as Ipv4Address
const at = (seconds: number) => (seconds * 1000) as Instant
const pool = (first: number, last: number): Pool => ({
  ranges: [{ first: ip(first), last: ip(last) }],
  leaseTime: 3600 as Seconds,
  offerTime: 60 as Seconds,
  quarantineTime: 86400 as Seconds,
})
const TEN = pool(1, 10)
const ONE = pool(1, 1)
const RESERVATIONS_ONLY: Pool = { ...TEN, ranges: [] }

const claim = (client: string, requested?: number, reserved?: number) => ({
  client,
  requested: requested === undefined ? undefined : ip(requested),
  reserved: reserved === undefined ? undefined : ip(reserved),
})

describe('offer', () => {
  test('holds the address for the offer time and says until when', () => {
    const table = new LeaseTable()
    assert.deepEqual(table.offer(TEN, claim('a'), at(0)), {
      client: 'a',
      address: ip(1),
      state: 'offered',
      expiresAt: at(60),
    })
    assert.equal(table.offer(TEN, claim('b'), at(0))?.address, ip(2))
  })

  test('asking again gives the same address and holds it anew (S4)', () => {
    const table = new LeaseTable()
    table.offer(TEN, claim('a'), at(0))
    table.offer(TEN, claim('b'), at(1))
    const again = table.offer(TEN, claim('a'), at(30))
    assert.deepEqual([again?.address, again?.expiresAt], [ip(1), at(90)])
  })

  test('a full pool has nothing until an offer lapses (S3, S18)', () => {
    const table = new LeaseTable()
    table.offer(ONE, claim('a'), at(0))
    assert.equal(table.offer(ONE, claim('b'), at(59.999)), undefined)
    assert.equal(table.offer(ONE, claim('b'), at(60))?.address, ip(1))
    assert.equal(table.offer(ONE, claim('a'), at(61)), undefined)
  })

  test('prefers the requested address when it is free (S2)', () => {
    const table = new LeaseTable()
    assert.equal(table.offer(TEN, claim('a', 7), at(0))?.address, ip(7))
    assert.equal(table.offer(TEN, claim('b', 7), at(0))?.address, ip(1))
    assert.equal(table.offer(TEN, claim('c', 200), at(0))?.address, ip(2))
  })

  test('a reserved address goes to nobody else, not even on request (S17)', () => {
    const table = new LeaseTable()
    table.reserve(ip(1))
    assert.equal(table.offer(ONE, claim('b', 1), at(0)), undefined)
    assert.equal(table.bind(ONE, claim('b', 1), at(0)), undefined)
    assert.equal(table.offer(ONE, claim('a', undefined, 1), at(0))?.address, ip(1))
    table.release('a', ip(1), at(1))
    table.unreserve(ip(1))
    assert.equal(table.offer(ONE, claim('b', 1), at(2))?.address, ip(1))
  })

  test('a reservation wins over a dynamic address the client holds', () => {
    const table = new LeaseTable()
    table.bind(TEN, claim('a', 3), at(0))
    assert.equal(table.offer(TEN, claim('a', 3, 50), at(1))?.address, ip(50))
    table.bind(TEN, claim('a', 50, 50), at(2))
    assert.equal(table.at(ip(3), at(2)), undefined)
  })

  test('without ranges only reservations are given', () => {
    const table = new LeaseTable()
    assert.equal(table.offer(RESERVATIONS_ONLY, claim('a', 1), at(0)), undefined)
    assert.equal(table.offer(RESERVATIONS_ONLY, claim('a', 1, 1), at(0))?.address, ip(1))
  })

  test('to a bound client repeats its address and does not shorten its lease', () => {
    const table = new LeaseTable()
    table.bind(TEN, claim('a', 4), at(0))
    assert.deepEqual(table.offer(TEN, claim('a'), at(10)), {
      client: 'a',
      address: ip(4),
      state: 'bound',
      expiresAt: at(3600),
      known: true,
    })
    assert.equal(table.offer(TEN, claim('a'), at(3599))?.expiresAt, at(3659))
  })

  test('says whether the client has the address, or had it last', () => {
    const table = new LeaseTable()
    const told = (client: string, seconds: number) => {
      const lease = table.offer(pool(1, 1), claim(client), at(seconds))
      return [lease?.state, lease?.known]
    }
    const seen = [told('a', 0), told('a', 1)]
    table.bind(pool(1, 1), claim('a', 1), at(2))
    seen.push(told('a', 3))
    table.release('a', ip(1), at(4))
    seen.push(told('a', 5), told('a', 6), told('b', 66), told('a', 200))
    assert.deepEqual(seen, [
      ['offered', undefined],
      ['offered', undefined],
      ['bound', true],
      ['offered', true],
      ['offered', undefined],
      ['offered', undefined],
      ['offered', undefined],
    ])
  })

  test('newcomers get addresses nobody had, then the one free for longest', () => {
    const table = new LeaseTable()
    const three = pool(1, 3)
    for (const client of ['a', 'b']) table.offer(three, claim(client), at(0))
    table.release('b', ip(2), at(1))
    table.release('a', ip(1), at(2))
    const offered = ['c', 'd', 'e'].map((client) => table.offer(three, claim(client), at(3))?.address)
    assert.deepEqual(offered, [ip(3), ip(2), ip(1)])
  })
})

describe('bind', () => {
  test('needs no offer before it, and extends a lease', () => {
    const table = new LeaseTable()
    assert.equal(table.bind(TEN, claim('a', 5), at(0))?.expiresAt, at(3600))
    assert.equal(table.bind(TEN, claim('a', 5), at(1800))?.expiresAt, at(5400))
  })

  test('an infinite lease never ends', () => {
    const table = new LeaseTable()
    table.bind({ ...TEN, leaseTime: INFINITE }, claim('a', 5), at(0))
    assert.equal(table.at(ip(5), at(1e9))?.expiresAt, NEVER)
  })

  const refused: readonly [why: string, ...Parameters<typeof claim>][] = [
    ['held by another', 'b', 5],
    ['outside of the pool', 'b', 99],
    ['no address named', 'b'],
    ['not its reservation', 'b', 99, 98],
  ]
  for (const [why, ...asked] of refused) {
    test(`refuses: ${why}`, () => {
      const table = new LeaseTable()
      table.bind(TEN, claim('a', 5), at(0))
      assert.equal(table.bind(TEN, claim(...asked), at(1)), undefined)
      assert.equal(table.at(ip(5), at(1))?.client, 'a')
    })
  }

  test('binding another address frees the one held before', () => {
    const table = new LeaseTable()
    table.offer(TEN, claim('a'), at(0))
    table.bind(TEN, claim('a', 9), at(1))
    assert.equal(table.at(ip(1), at(1)), undefined)
    assert.deepEqual(table.count(at(1)), { offered: 0, bound: 1, declined: 0 })
  })
})

describe('release and decline', () => {
  test('a released address is remembered for its client (S11)', () => {
    const table = new LeaseTable()
    table.bind(TEN, claim('a', 1), at(0))
    assert.equal(table.release('a', ip(1), at(1))?.state, 'bound')
    assert.equal(table.offer(TEN, claim('b'), at(2))?.address, ip(2))
    assert.equal(table.offer(TEN, claim('a'), at(3))?.address, ip(1))
  })

  test('an expired lease is remembered likewise', () => {
    const table = new LeaseTable()
    table.bind(TEN, claim('a', 6), at(0))
    assert.equal(table.offer(TEN, claim('a'), at(9999))?.address, ip(6))
  })

  test('who does not own an address can neither release nor decline it (S12)', () => {
    const table = new LeaseTable()
    table.bind(TEN, claim('a', 1), at(0))
    assert.equal(table.release('b', ip(1), at(1)), undefined)
    assert.equal(table.decline(TEN, claim('b', 1), at(1)), undefined)
    assert.equal(table.decline(TEN, claim('b'), at(1)), undefined)
    assert.equal(table.release('a', ip(2), at(1)), undefined)
    assert.equal(table.at(ip(1), at(1))?.state, 'bound')
  })

  test('a declined address is given to nobody until the quarantine ends (S10)', () => {
    const table = new LeaseTable()
    table.bind(ONE, claim('a', 1), at(0))
    assert.equal(table.decline(ONE, claim('a', 1), at(1))?.expiresAt, at(86401))
    assert.deepEqual(
      ['a', 'b'].map((client) => table.offer(ONE, claim(client, 1), at(2))),
      [undefined, undefined],
    )
    assert.equal(table.bind(ONE, claim('a', 1), at(2)), undefined)
    assert.equal(table.offer(ONE, claim('b'), at(86401))?.address, ip(1))
  })

  test('a reservation can be declined without a lease in the books, and is then withheld from its owner', () => {
    const table = new LeaseTable()
    assert.equal(table.decline(RESERVATIONS_ONLY, claim('a', 50, 50), at(0))?.state, 'declined')
    assert.equal(table.offer(RESERVATIONS_ONLY, claim('a', undefined, 50), at(1)), undefined)
    assert.equal(table.offer(RESERVATIONS_ONLY, claim('a', undefined, 50), at(86400))?.address, ip(50))
  })
})

test('a pool of 100 000 addresses is given out, given back and given out again', () => {
  const table = new LeaseTable()
  const large = pool(1, 100_000)
  const round = (name: string, now: Instant) => {
    const given = new Set<Ipv4Address>()
    for (let i = 0; i < 100_000; i++) given.add(table.offer(large, claim(`${name}${i}`), now)!.address)
    return given.size
  }
  assert.equal(round('a', at(0)), 100_000)
  assert.equal(table.offer(large, claim('late'), at(1)), undefined)
  assert.equal(round('b', at(60)), 100_000)
})
