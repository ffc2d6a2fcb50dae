import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { Latest } from './latest.ts'

const LEAST = 3
const key = fc.integer({ min: 1, max: 12 })
const said = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('set'), key, value: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete'), key, value: fc.constant(0) }) },
)

test('the latest are remembered, with what was set last; what is deleted is gone; twice as many at most', () => {
  fc.assert(
    fc.property(fc.array(said, { maxLength: 60 }), (steps) => {
      const latest = new Latest<number, number>(LEAST)
      let all: (readonly [key: number, value: number])[] = []
      for (const { kind, key, value } of steps) {
        all = all.filter(([other]) => other !== key)
        if (kind === 'set') {
          latest.set(key, value)
          all.push([key, value])
        } else {
          latest.delete(key)
        }
      }
      const held = [...new Map(all)].filter(([key]) => latest.get(key) !== undefined)
      assert.deepEqual(
        held.map(([key]) => latest.get(key)),
        held.map(([, value]) => value),
      )
      assert.ok(held.length <= 2 * LEAST)
      for (const [key, value] of all.slice(-LEAST)) assert.equal(latest.get(key), value)
      const absent = Array.from({ length: 13 }, (_, key) => key).filter((key) => !all.some(([there]) => there === key))
      for (const key of absent) assert.equal(latest.get(key), undefined)
    }),
  )
})
