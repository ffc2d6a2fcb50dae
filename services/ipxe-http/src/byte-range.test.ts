import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byteRange } from './byte-range.ts'

const ROWS: readonly [string | undefined, number, ReturnType<typeof byteRange>][] = [
  [undefined, 100, undefined],
  ['bytes=0-9', 100, { start: 0, end: 9 }],
  ['bytes=90-', 100, { start: 90, end: 99 }],
  ['bytes=90-500', 100, { start: 90, end: 99 }],
  ['bytes=-5', 100, { start: 95, end: 99 }],
  ['bytes=-500', 100, { start: 0, end: 99 }],
  ['Bytes = 1-1', 100, { start: 1, end: 1 }],
  ['bytes=100-', 100, 'unsatisfiable'],
  ['bytes=0-', 0, 'unsatisfiable'],
  ['bytes=-0', 100, 'unsatisfiable'],
  ['bytes=9-1', 100, undefined],
  ['bytes=-', 100, undefined],
  ['bytes=0-1,4-5', 100, undefined],
  ['lines=0-9', 100, undefined],
  ['bytes=a-b', 100, undefined],
]

for (const [header, size, expected] of ROWS) {
  test(`Range ${header} of ${size} octets`, () => assert.deepEqual(byteRange(header, size), expected))
}
