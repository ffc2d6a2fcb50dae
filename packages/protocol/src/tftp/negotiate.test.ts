import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Seconds } from '../net/index.ts'
import { negotiate } from './index.ts'

const LIMITS = { blksize: 1468, windowsize: 16, timeout: 1 as Seconds }
const SIZE = 74213

/** `blksize=1468 tsize=0` as the options of a request. */
const asked = (text: string): ReadonlyMap<string, string> =>
  new Map(text.split(' ').flatMap((pair): [string, string][] => (pair ? [pair.split('=') as [string, string]] : [])))

const written = (oack: ReadonlyMap<string, string>): string => [...oack].map((pair) => pair.join('=')).join(' ')

/** What is asked, what the OACK says, and blksize, windowsize and timeout in use. */
const ROWS: readonly [string, string, [number, number, number]][] = [
  ['', '', [512, 1, 1]],
  ['foo=bar', '', [512, 1, 1]], // T7
  ['foo=bar blksize=600', 'blksize=600', [600, 1, 1]], // T8
  ['multicast=', '', [512, 1, 1]],
  ['blksize=7', '', [512, 1, 1]], // T9, RFC 2348: 8 to 65464
  ['blksize=8', 'blksize=8', [8, 1, 1]],
  ['blksize=512', 'blksize=512', [512, 1, 1]],
  ['blksize=1468', 'blksize=1468', [1468, 1, 1]],
  ['blksize=1469', 'blksize=1468', [1468, 1, 1]], // T25
  ['blksize=65464', 'blksize=1468', [1468, 1, 1]],
  ['blksize=65465', '', [512, 1, 1]],
  ['blksize=abc', '', [512, 1, 1]],
  ['blksize=', '', [512, 1, 1]],
  ['blksize=-8', '', [512, 1, 1]],
  ['blksize=1e3', '', [512, 1, 1]],
  ['blksize=0x10', '', [512, 1, 1]],
  ['blksize=99999999999999999999', '', [512, 1, 1]],
  ['timeout=0', '', [512, 1, 1]], // T10, RFC 2349: 1 to 255
  ['timeout=1', 'timeout=1', [512, 1, 1]],
  ['timeout=255', 'timeout=255', [512, 1, 255]],
  ['timeout=256', '', [512, 1, 1]],
  ['tsize=0', 'tsize=74213', [512, 1, 1]], // T11
  ['tsize=7', 'tsize=74213', [512, 1, 1]],
  ['tsize=x', '', [512, 1, 1]],
  ['windowsize=0', '', [512, 1, 1]], // T12, RFC 7440: 1 to 65535
  ['windowsize=1', 'windowsize=1', [512, 1, 1]],
  ['windowsize=4', 'windowsize=4', [512, 4, 1]],
  ['windowsize=65535', 'windowsize=16', [512, 16, 1]],
  ['windowsize=65536', '', [512, 1, 1]],
  ['tsize=0 blksize=1468 windowsize=4', 'tsize=74213 blksize=1468 windowsize=4', [1468, 4, 1]], // T21, EDK2
  ['timeout=5 blksize=1468', 'timeout=5 blksize=1468', [1468, 1, 5]], // T22, U-Boot
  ['blksize=1228 windowsize=4', 'blksize=1228 windowsize=4', [1228, 4, 1]], // T23, EDK2 over IPv6
  ['__proto__=1 toString=1 constructor=1', '', [512, 1, 1]],
]

for (const [text, oack, [blksize, windowsize, timeout]] of ROWS) {
  test(`asked for ${text || 'nothing'}: ${oack || 'no OACK'}`, () => {
    const result = negotiate(asked(text), SIZE, LIMITS)
    assert.equal(written(result.oack), oack)
    assert.deepEqual(result.use, { blksize, windowsize, timeout })
  })
}

test('tsize is not answered when the size is not known beforehand (netascii)', () => {
  assert.equal(written(negotiate(asked('tsize=0 blksize=600'), undefined, LIMITS).oack), 'blksize=600')
})

test('an empty file has a size too', () => {
  assert.equal(written(negotiate(asked('tsize=0'), 0, LIMITS).oack), 'tsize=0')
})

test('whatever is asked, the OACK names only what was asked, and raises nothing', () => {
  const name = fc.constantFrom('blksize', 'timeout', 'tsize', 'windowsize', 'multicast', '__proto__')
  const value = fc.oneof(fc.nat(70000).map(String), fc.string({ maxLength: 6 }))
  fc.assert(
    fc.property(fc.dictionary(name, value), (record) => {
      const { use, oack } = negotiate(new Map(Object.entries(record)), SIZE, LIMITS)
      for (const key of oack.keys()) assert.ok(Object.hasOwn(record, key))
      for (const key of ['blksize', 'windowsize'] as const) {
        const echoed = oack.get(key) ?? String(use[key])
        assert.equal(String(use[key]), echoed)
        assert.ok(use[key] <= Math.max(LIMITS[key], 512))
        assert.ok(!oack.has(key) || Number(record[key]) >= use[key])
      }
    }),
  )
})
