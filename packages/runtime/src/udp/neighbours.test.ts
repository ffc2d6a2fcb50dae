import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Instant, Ipv4Address } from '@reboots/protocol/net'
import { Neighbours } from './neighbours.ts'

const A = Uint8Array.of(2, 0, 0, 0, 0, 0xa)
const B = Uint8Array.of(2, 0, 0, 0, 0, 0xb)
const address = (last: number) => (0x0a000000 + last) as Ipv4Address
const at = (ms: number) => ms as Instant

/** What is asked for one after the other, and whether that costs a call. */
const ROWS = [
  { name: 'first time', asks: [[1, A, 0]], calls: [true] },
  {
    name: 'again at once',
    asks: [
      [1, A, 0],
      [1, A, 2999],
    ],
    calls: [true, false],
  },
  {
    name: 'again, when the kernel may have forgotten',
    asks: [
      [1, A, 0],
      [1, A, 3000],
    ],
    calls: [true, true],
  },
  {
    name: 'a call starts the time anew',
    asks: [
      [1, A, 0],
      [1, A, 3000],
      [1, A, 5999],
    ],
    calls: [true, true, false],
  },
  {
    name: 'another MAC',
    asks: [
      [1, A, 0],
      [1, B, 1],
      [1, B, 2],
      [1, A, 3],
    ],
    calls: [true, true, false, true],
  },
  {
    name: 'another address',
    asks: [
      [1, A, 0],
      [2, A, 0],
      [1, A, 1],
      [2, A, 1],
    ],
    calls: [true, true, false, false],
  },
] as const

for (const { name, asks, calls } of ROWS) {
  test(`a system call or none: ${name}`, () => {
    let count = 0
    const neighbours = new Neighbours(() => count++)
    const called = asks.map(([last, mac, ms]) => {
      const before = count
      neighbours.reach(address(last), mac, at(ms))
      return count > before
    })
    assert.deepEqual(called, calls)
  })
}

test('whatever came before, the table has the MAC that was asked for last, unless the kernel refused', () => {
  const ask = fc.record({
    last: fc.integer({ min: 0, max: 3 }),
    mac: fc.constantFrom(A, B),
    wait: fc.integer({ min: 0, max: 2000 }),
    refused: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(ask), (asks) => {
      const table = new Map<Ipv4Address, Uint8Array>()
      let refusing = false
      let now = 0
      const neighbours = new Neighbours((address, mac) => {
        table.delete(address)
        if (refusing) throw new Error('ENOBUFS')
        table.set(address, mac)
      })
      for (const { last, mac, wait, refused } of asks) {
        refusing = refused
        now += wait
        const had = table.get(address(last))
        assert.equal(neighbours.wouldMove(address(last), mac), had !== undefined && had !== mac)
        const reached = attempt(() => neighbours.reach(address(last), mac, at(now)))
        assert.equal(table.get(address(last)), reached ? mac : undefined)
      }
    }),
  )
})

test('ten thousand clients are served, and few of them remembered', () => {
  let calls = 0
  const neighbours = new Neighbours(() => calls++)
  const last = 10_000
  for (let client = 1; client <= last; client++) neighbours.reach(address(client), A, at(0))
  neighbours.reach(address(last), A, at(1))
  assert.equal(calls, last)
  neighbours.reach(address(1), A, at(1))
  assert.equal(calls, last + 1)
})

test('a full table is left alone for a while; what is in it is still known', () => {
  let calls = 0
  let full = false
  const neighbours = new Neighbours(() => {
    calls++
    if (full) throw Object.assign(new Error('set neighbour: ENOBUFS'), { code: 'ENOBUFS' })
  })
  neighbours.reach(address(1), A, at(0))
  full = true
  for (let ms = 0; ms < 500; ms++) {
    assert.throws(() => neighbours.reach(address(2), A, at(ms)), { code: 'ENOBUFS' })
    neighbours.reach(address(1), A, at(ms))
  }
  assert.equal(calls, 2)
  full = false
  neighbours.reach(address(2), A, at(500))
  neighbours.reach(address(3), A, at(500))
  assert.equal(calls, 4)
})

function attempt(act: () => void): boolean {
  try {
    act()
    return true
  } catch {
    return false
  }
}
