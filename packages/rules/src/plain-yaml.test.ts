import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Node } from 'yaml'
import { parsePlainYaml } from './plain-yaml.ts'

const FOLDERS = ['./testdata/bad/', '../../../deploy/examples/', '../../../deploy/profiles/'].map(
  (folder) => new URL(folder, import.meta.url),
)
const DOCUMENTS = FOLDERS.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => readFileSync(new URL(name, folder), 'utf8')),
)

/** Values and places of a document; what a reader of policies looks at. */
function shapeOf(node: unknown): unknown {
  if (isMap(node)) return [node.range?.[0], node.items.map(({ key, value }) => [shapeOf(key), shapeOf(value)])]
  if (isSeq(node)) return [node.range?.[0], 'list', node.items.map(shapeOf)]
  return isScalar(node) ? [node.range?.[0], node.value] : node
}

/** Undefined where the library has to be asked; else the same as it says, or an error. */
function compared(text: string): Node | undefined {
  const lines = new LineCounter()
  const plain = parsePlainYaml(text, lines)
  if (plain === undefined) return undefined
  const lineCounter = new LineCounter()
  const { contents, errors, warnings } = parseDocument(text, { lineCounter, prettyErrors: false, stringKeys: true })
  assert.deepEqual([errors, warnings], [[], []], text)
  assert.deepEqual(shapeOf(plain), shapeOf(contents), text)
  assert.deepEqual(lines.lineStarts, lineCounter.lineStarts)
  return plain
}

test('policies that people write are read without the YAML library, most of them, and as it reads them', () => {
  const plain = DOCUMENTS.filter((text) => compared(text) !== undefined)
  assert.ok(plain.length > DOCUMENTS.length * 0.7, `${plain.length} of ${DOCUMENTS.length}`)
})

test('what is read without the library', () => {
  const rows: readonly (readonly [text: string, value: unknown])[] = [
    ['a: b\n', { a: 'b' }],
    ['a: b # c\n# d\n\n  # e\nf: g#h\n', { a: 'b', f: 'g#h' }],
    ['a:\n  - b\n  -   c: d\n      e: f\n', { a: ['b', { c: 'd', e: 'f' }] }],
    ['a:\n- b\n- - c\n  - d\ne: f\n', { a: ['b', ['c', 'd']], e: 'f' }],
    ['a: {b: [c, {d: e}], f: "g, h"}\n', { a: { b: ['c', { d: 'e' }], f: 'g, h' } }],
    ['a: \'it\'\'s\'\nb: "\\"c\\"\\n"\n', { a: "it's", b: '"c"\n' }],
    [
      'a: 1\nb: 1.5\nc: true\nd: null\ne: ~\nf: 0x10\ng: 2a2\nh: .5\ni: 2026-01-31\n',
      { a: 1, b: 1.5, c: true, d: null, e: null, f: 16, g: '2a2', h: 0.5, i: '2026-01-31' },
    ],
    ['a: >-\n  b\n  c\nd: |\n  e\n   f\n\n  g\n', { a: 'b c', d: 'e\n f\n\ng\n' }],
    ['a: http://b:80/c?d=e&f#g\n', { a: 'http://b:80/c?d=e&f#g' }],
    ['a: client.arch == 7 && !machine.known\n', { a: 'client.arch == 7 && !machine.known' }],
    ['- a\n- b\n', ['a', 'b']],
  ]
  for (const [text, value] of rows)
    assert.deepEqual((compared(text) as { toJSON(): unknown } | undefined)?.toJSON(), value, text)
})

test('what is left to the library', () => {
  const rows = [
    '',
    'a: b',
    'a\n',
    'a:\n',
    'a: b\n  c\n',
    'a: b\na: c\n',
    'a: &b c\n',
    'a: *b\n',
    'a: !b c\n',
    'a: b: c\n',
    'a:\n  - b\n c: d\n',
    '\ta: b\n',
    'a: b\r\n',
    '---\na: b\n',
    'a: [b,\n  c]\n',
    'a: {b: c\n',
    'a: "b\\x41"\n',
    'a: |+\n  b\n',
    'a: >\n  b\n\n  c\n',
    'a: >\n  b\n   c\n',
    'a: "b" c\n',
    'a: {b}\n',
    'a: [b, ]\n',
    '? a\n',
    'true: b\n',
    'a: -1\n',
    `${'- '.repeat(100)}a\n`,
    `a: ${'['.repeat(100)}${']'.repeat(100)}\n`,
  ]
  for (const text of rows) assert.equal(compared(text), undefined, text)
})

test('whatever is changed in them, what is read without the library is as it reads it', () => {
  const pieces = fc.constantFrom(
    '\n',
    ' ',
    '  ',
    ':',
    ': ',
    '- ',
    '# ',
    '#',
    "'",
    '"',
    '\\',
    '{',
    '}',
    '[',
    ']',
    ',',
    '|\n',
    '>-\n',
    '&',
    '*',
    '!',
    '?',
    '%',
    '-',
    '.',
    '0',
    '1',
    'a',
    'true',
    'ü',
    '\n\n',
    '\n  ',
    '\n- ',
    '---',
  )
  const edit = fc.record({ at: fc.nat(), remove: fc.nat(3), piece: pieces })
  let read = 0
  fc.assert(
    fc.property(fc.constantFrom(...DOCUMENTS), fc.array(edit, { minLength: 1, maxLength: 3 }), (document, edits) => {
      const text = edits.reduce((before, { at, remove, piece }) => {
        const from = at % before.length
        return before.slice(0, from) + piece + before.slice(from + remove)
      }, document)
      if (compared(text) !== undefined) read++
    }),
    { numRuns: 3_000 },
  )
  assert.ok(read > 300, String(read))
})
