import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseDocument, stringify } from 'yaml'
import { readBlockYaml } from './block-yaml.ts'

/** What the library makes of a text: a value, or undefined when it sees an error. */
function byLibrary(text: string): { readonly value: unknown } | undefined {
  const document = parseDocument(text, { merge: true, logLevel: 'silent' })
  return document.errors.length > 0 ? undefined : { value: document.toJS() as unknown }
}

/** The fast reader reads it as the library does, or leaves it alone. */
function agrees(text: string): void {
  const fast = readBlockYaml(text)
  if (fast !== undefined) assert.deepEqual(fast, byLibrary(text), text)
}

const READ: readonly string[] = [
  '',
  '# nothing\n',
  '---\na: 1\n',
  "a: b # c\nd: \"e # f\"\ng: 'it''s'\n",
  'mac: 00:00:5e:00:53:01\nurl: http://a/b?c=d&e#f\n',
  '00:00:5e:00:53:01:\n  x: y\n',
  'a:\n- b: 1\n  c: 2\n- d\n-\n  e: f\n- \n',
  'a:\n    - b:\n        c: []\n      d: {}\n    - [x, y]\n',
  'a: true\nb: False\nc: ~\nd:\ne: null\nf: -12\ng: 0123\nh: 12x\ni: 1.2.3.4\nj: yes\n',
  'a: |\n  one\n   two\n\n  three\n\nb: |-\n  x\nc: 1\n',
  'a:\n  - b: |\n      #!ipxe\n      shell\n    c: 2\n',
  '"a b": 1\n\'c\': 2\n',
  '- 1\n- a: 2\n',
  'a:   b   \n\n\n  # deep comment\nc: d\n',
]

for (const text of READ) {
  test(`read, as the library reads it: ${JSON.stringify(text)}`, () => {
    assert.deepEqual(readBlockYaml(text), byLibrary(text))
    assert.notEqual(readBlockYaml(text), undefined)
  })
}

const LEFT: readonly string[] = [
  'a: &x 1\nb: *x\n',
  'a: !!str 1\n',
  'a: >\n  folded\n',
  'a: |+\n  kept\n\n',
  'a: |2\n   indented\n',
  'a: one\n  two\n',
  'a: "x\\n"\n',
  'a: "x\n  y"\n',
  'a: {b: c}\n',
  'a: [b: c]\n',
  'a: 1.5\nb: 0x1f\nc: .inf\nd: 1e3\n',
  'a: 1\na: 2\n',
  'a: 1\n b: 2\n',
  '  a: 1\n b: 2\n',
  'a:\n\tb: 1\n',
  'a\n',
  'a: b: c\n',
  '? a\n: b\n',
  '<<: {a: 1}\n',
  '1: a\n',
  '- - a\n',
  '--- a\n',
  '__proto__: a\n',
  'a: @b\n',
  'a: "b" c\n',
  'a: - b\n',
]

for (const text of LEFT) {
  test(`left to the library: ${JSON.stringify(text)}`, () => assert.equal(readBlockYaml(text), undefined))
}

const AWKWARD = [
  '1',
  '-1',
  '0x1',
  '1.5',
  '1e3',
  '- a',
  'a: b',
  'a #b',
  '#',
  '',
  ' ',
  'a\nb',
  'a\n\n b\n',
  '00:00:5e:00:53:01',
]

const plainText = fc.stringMatching(/^[a-zA-Z0-9./][a-zA-Z0-9 .:/#'"=-]{0,8}$/)
const scalar = fc.oneof(
  { weight: 40, arbitrary: plainText },
  { weight: 20, arbitrary: fc.constantFrom(...AWKWARD, 'true', 'null', '~', '192.0.2.1') },
  { weight: 20, arbitrary: fc.oneof(fc.integer(), fc.boolean(), fc.constant(null)) },
  { weight: 1, arbitrary: fc.oneof(fc.string(), fc.double()) },
)
const key = fc.oneof(
  { weight: 100, arbitrary: fc.stringMatching(/^[a-z][a-zA-Z0-9:./_-]{0,6}[a-z]$/) },
  { weight: 1, arbitrary: fc.string() },
)
const { mapping } = fc.letrec((tie) => ({
  mapping: fc.dictionary(key, tie('node'), { minKeys: 1, maxKeys: 4 }),
  node: fc.oneof({ maxDepth: 3 }, scalar, fc.array(fc.oneof(scalar, tie('mapping')), { maxLength: 4 }), tie('mapping')),
}))
const value = fc.oneof(mapping, fc.array(mapping, { minLength: 1, maxLength: 3 }))
const style = fc.record({ indent: fc.constantFrom(2, 4), indentSeq: fc.boolean(), lineWidth: fc.constantFrom(0, 20) })
const written = fc.tuple(value, style).map(([what, how]) => stringify(what, how))

test('whatever the library writes is read as the library reads it, or left alone', () => {
  fc.assert(fc.property(written, agrees), { numRuns: 2000 })
})

test('so is a text that was damaged', () => {
  const piece = fc.constantFrom(
    ' ',
    '  ',
    '\n',
    '- ',
    ': ',
    '#',
    ' #',
    '"',
    "'",
    '|',
    '|-',
    '[',
    ']',
    '{}',
    '...',
    '---',
    '~',
    'a',
    '1',
    '*a',
    '&a',
    '!',
    '\t',
    '%',
  )
  const text = fc.oneof(fc.constantFrom(...READ.filter((sample) => sample.length > 3)), written)
  fc.assert(
    fc.property(
      text,
      fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), piece), { minLength: 1, maxLength: 3 }),
      (sample, cuts) => {
        const damaged = cuts.reduce((left, [where, what]) => {
          const at = Math.floor(where * left.length)
          return left.slice(0, at) + what + left.slice(at)
        }, sample)
        agrees(damaged)
      },
    ),
    { numRuns: 5000 },
  )
})
