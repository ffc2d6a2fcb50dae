import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { murmur3, rollout, utf8 } from './rollout.ts'

/** The published values of MurmurHash3_x86_32; what they are must never change, or machines would change sides. */
test('the hash is MurmurHash3', () => {
  const rows: readonly (readonly [text: string, seed: number, hash: number])[] = [
    ['', 0, 0],
    ['', 1, 0x514e28b7],
    ['', 0xffffffff, 0x81f16f39],
    ['test', 0, 0xba6bd213],
    ['test', 0x9747b28c, 0x704b81dc],
    ['Hello, world!', 0, 0xc0363e43],
    ['Hello, world!', 0x9747b28c, 0x24884cba],
    ['The quick brown fox jumps over the lazy dog', 0, 0x2e4ff723],
    ['The quick brown fox jumps over the lazy dog', 0x9747b28c, 0x2fa826cd],
    ['aaaa', 0x9747b28c, 0x5a97808a],
    ['aaa', 0x9747b28c, 0x283e0130],
    ['aa', 0x9747b28c, 0x5d211726],
    ['a', 0x9747b28c, 0x7fa09ea6],
  ]
  for (const [text, seed, hash] of rows) assert.equal(murmur3(utf8(text), seed), hash, `${text} ${seed}`)
})

test('any text in UTF-8, as the platform writes it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.deepEqual(utf8(text), [...new TextEncoder().encode(text)])
    }),
  )
})

/** Names as sites give them, which differ in few characters. */
const KEYS: readonly (readonly [what: string, keyOf: (index: number) => string])[] = [
  ['numbers', (index) => String(index)],
  ['host names', (index) => `node-${String(index).padStart(5, '0')}.example.org`],
  [
    'MAC addresses',
    (index) =>
      `52:54:00:${index
        .toString(16)
        .padStart(6, '0')
        .replaceAll(/..(?=.)/g, '$&:')}`,
  ],
  ['UUIDs', (index) => `4c4c4544-0035-5a10-8034-${index.toString(16).padStart(12, '0')}`],
]

for (const [what, keyOf] of KEYS) {
  test(`of 20 000 ${what}, a percentage is in as often as it says, whichever it is`, () => {
    const keys = Array.from({ length: 20_000 }, (_, index) => keyOf(index))
    for (const percent of [0.5, 1, 10, 25, 50, 90, 99]) {
      const share = percent / 100
      const inside = keys.filter((key) => rollout(key, percent)).length
      // Five times the standard deviation of as many coins.
      const allowed = 5 * Math.sqrt(keys.length * share * (1 - share))
      assert.ok(Math.abs(inside - keys.length * share) <= allowed, `${percent} %: ${inside}`)
    }
  })
}

test('who is in at some percentage is in at every higher one, at 100 everybody and at 0 nobody', () => {
  const percentage = fc.double({ min: 0, max: 100, noNaN: true })
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), percentage, percentage, (key, one, other) => {
      assert.ok(!rollout(key, Math.min(one, other)) || rollout(key, Math.max(one, other)))
      assert.deepEqual([rollout(key, 0), rollout(key, 100)], [false, true])
    }),
  )
})

test('an empty text is nobody', () => {
  assert.throws(() => rollout('', 50), { message: 'rollout() of an empty text' })
})
