import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LeaseStep, Pool } from '@reboots/leases'
import type { Instant, Ipv4Address, Seconds } from '@reboots/protocol/net'
import { Share, type Bounds } from './share.ts'

const POOL: Pool = {
  ranges: [{ first: 1 as Ipv4Address, last: 9 as Ipv4Address }],
  leaseTime: 100 as Seconds,
  offerTime: 10 as Seconds,
  quarantineTime: 50 as Seconds,
}
const ask = (kind: 'offer' | 'bind' | 'decline', client: string, requested?: number, pool = POOL): LeaseStep => ({
  kind,
  pool,
  claim: { client, requested: requested as Ipv4Address | undefined, reserved: undefined },
})
const release = (client: string, address: number): LeaseStep => ({
  kind: 'release',
  client,
  address: address as Ipv4Address,
})
const at = (least: number, most = least): Bounds => ({
  atLeast: (least * 1000) as Instant,
  atMost: (most * 1000) as Instant,
})
const ELSEWHERE: Pool = { ...POOL, ranges: [{ first: 20 as Ipv4Address, last: 29 as Ipv4Address }] }

type Row = readonly [now: Bounds, step: LeaseStep, result: string | undefined]

/** Addresses 1 and 2 are lent until second 300. */
const STORIES: Readonly<Record<string, readonly Row[]>> = {
  'what is offered is bound, renewed, given back and given to another': [
    [at(0), ask('offer', 'a'), 'a 1 offered 10'],
    [at(1), ask('bind', 'a', 1), 'a 1 bound 101'],
    [at(2), ask('offer', 'b', 1), 'b 2 offered 12'],
    [at(3), ask('offer', 'c'), undefined],
    [at(50), ask('bind', 'a', 1), 'a 1 bound 150'],
    [at(51), release('b', 1), undefined],
    [at(52), release('a', 1), 'a 1 bound 150'],
    [at(53), ask('bind', 'c', 1), 'c 1 bound 153'],
  ],
  'no lease is longer than the address is lent': [
    [at(250), ask('bind', 'a', 1), 'a 1 bound 300'],
    [at(299), ask('bind', 'a', 1), 'a 1 bound 300'],
    [at(300), ask('bind', 'a', 1), undefined],
    [at(291), ask('offer', 'b'), undefined],
  ],
  'a clock that may be late gives nobody’s address away, one that may be early does not use up more than is lent': [
    [at(0), ask('bind', 'a', 1), 'a 1 bound 100'],
    [at(0), ask('bind', 'b', 2), 'b 2 bound 100'],
    [at(99, 200), ask('bind', 'c', 1), undefined],
    [at(99, 200), ask('offer', 'c'), undefined],
    [at(99, 200), ask('bind', 'a', 1), 'a 1 bound 300'],
    [at(100, 200), ask('offer', 'c'), 'c 2 offered 210'],
    [at(150, 300), ask('bind', 'c', 2), undefined],
  ],
  'a declined address is nobody’s until its quarantine ends': [
    [at(0), ask('bind', 'a', 1), 'a 1 bound 100'],
    [at(1), ask('decline', 'b', 1), undefined],
    [at(2), ask('decline', 'a', 1), 'a 1 declined 52'],
    [at(3), ask('offer', 'a', 1), 'a 2 offered 13'],
    [at(51), ask('bind', 'c', 1), undefined],
    [at(52), ask('bind', 'c', 1), 'c 1 bound 152'],
  ],
  'only what is of the pool, and not for reservations': [
    [at(0), ask('offer', 'a', 1, ELSEWHERE), undefined],
    [at(0), ask('bind', 'a', 1, ELSEWHERE), undefined],
    [
      at(0),
      { ...ask('offer', 'a'), claim: { client: 'a', requested: undefined, reserved: 1 as Ipv4Address } } as LeaseStep,
      undefined,
    ],
  ],
}

for (const [story, rows] of Object.entries(STORIES)) {
  test(story, () => {
    const share = new Share()
    const lent = { replica: 'this', expiresAt: 300_000 as Instant }
    share.add([
      { address: 1 as Ipv4Address, ...lent },
      { address: 2 as Ipv4Address, ...lent },
    ])
    const results = rows.map(([now, step]) => {
      const result = share.run(step, now)
      if (result === undefined || typeof result === 'string') return result
      return `${result.client} ${result.address} ${result.state} ${result.expiresAt / 1000}`
    })
    assert.deepEqual(
      results,
      rows.map(([, , expected]) => expected),
    )
  })
}
