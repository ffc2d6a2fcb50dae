import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { lengthOnWire, OptionSet } from './option-set.ts'

const code = fc.integer({ min: 0, max: 255 })
const value = fc.uint8Array({ maxLength: 600 })
const change = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), code, value }),
  fc.record({ kind: fc.constant('delete' as const), code }),
)
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never

/** Relay agent information is written last. */
const byWireOrder = (a: number, b: number): number => (a === 82 ? 256 : a) - (b === 82 ? 256 : b)

const APPLY = {
  set: (options: OptionSet | Map<number, Uint8Array>, { code, value }: Change & { kind: 'set' }) =>
    void options.set(code, value),
  delete: (options: OptionSet | Map<number, Uint8Array>, { code }: Change & { kind: 'delete' }) =>
    void options.delete(code),
}

function apply(options: OptionSet | Map<number, Uint8Array>, changes: readonly Change[]): void {
  for (const change of changes) APPLY[change.kind](options, change as never)
}

test('whatever is set and deleted, it has what a Map has, in the order of writing', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const map = new Map<number, Uint8Array>()
      const set = OptionSet.empty()
      apply(map, changes)
      apply(set, changes)
      const expected = [...map].toSorted(([a], [b]) => byWireOrder(a, b))
      assert.deepEqual([...set], expected)
      assert.deepEqual([...set.keys()], expected.map(([code]) => code)) // prettier-ignore
      assert.equal(set.size, map.size)
      assert.equal(
        set.wireLength,
        expected.reduce((sum, [, value]) => sum + lengthOnWire(value), 0),
      )
      for (let code = 0; code < 256; code++) {
        assert.equal(set.has(code), map.has(code))
        assert.equal(set.get(code), map.get(code))
      }
    }),
  )
})

test('a copy is another one', () => {
  const set = OptionSet.of([[12, Uint8Array.of(1)]])
  const copy = OptionSet.of(set).set(15, Uint8Array.of(2))
  copy.delete(12)
  assert.deepEqual([...set.keys()], [12])
  assert.deepEqual([...copy.keys()], [15])
  assert.equal(set.wireLength, 3)
})

for (const wrong of [-1, 256, 1.5, NaN]) {
  test(`${wrong} is no option code`, () => {
    assert.throws(() => OptionSet.empty().set(wrong, new Uint8Array(0)), RangeError)
  })
}
