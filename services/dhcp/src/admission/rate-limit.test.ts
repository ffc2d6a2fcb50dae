import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Instant } from '@reboots/protocol/net'
import * as fc from 'fast-check'
import { RateLimit } from './rate-limit.ts'

const at = (milliseconds: number) => (1_700_000_000_000 + milliseconds) as Instant

/** How many of `count` messages that come at one instant are allowed. */
const allowed = (limit: RateLimit<string>, key: string, count: number, now: number) =>
  Array.from({ length: count }, () => limit.allows(key, at(now))).filter(Boolean).length

test('a second’s worth at once, then one for each part of a second that passes; each key for itself', () => {
  const limit = new RateLimit<string>(5)
  assert.deepEqual(
    [allowed(limit, 'a', 9, 0), allowed(limit, 'a', 9, 199), allowed(limit, 'a', 9, 200), allowed(limit, 'a', 9, 5000)],
    [5, 0, 1, 5],
  )
  assert.equal(allowed(limit, 'b', 9, 0), 5)
})

test('a clock that is set back locks nobody out', () => {
  const limit = new RateLimit<string>(5)
  allowed(limit, 'a', 9, 3_600_000)
  assert.equal(allowed(limit, 'a', 9, 0), 5)
})

test('of more keys than are remembered the one not seen for longest is forgotten', () => {
  const limit = new RateLimit<string>(1, 2)
  for (const key of ['a', 'b', 'c', 'd', 'e']) limit.allows(key, at(0))
  assert.deepEqual(
    ['e', 'd', 'a'].map((key) => limit.allows(key, at(0))),
    [false, false, true],
  )
})

test('in no second more than twice the rate gets through, whatever comes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.array(fc.nat(300), { maxLength: 200 }), (rate, pauses) => {
      const limit = new RateLimit<string>(rate)
      let now = 0
      const passed = pauses.flatMap((pause) => (limit.allows('a', at((now += pause))) ? [now] : []))
      for (const start of passed) {
        assert.ok(passed.filter((time) => time >= start && time < start + 1000).length <= 2 * rate)
      }
    }),
  )
})
