import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseAllDocuments, stringify } from 'yaml'
import type { Path } from '../records/problem.ts'
import { jsonErrorOffset } from './json-places.ts'
import { readDocuments } from './read-documents.ts'

const places = (text: string, path: Path): string[] =>
  [...readDocuments(text)].map((document) => {
    const { line, column } = document.locate([...document.path, ...path])
    return `${line}:${column}`
  })

const ROWS: readonly {
  readonly what: string
  readonly text: string
  readonly path: Path
  readonly at: readonly string[]
}[] = [
  { what: 'documents', text: 'a: 1\n---\n\n# x\na: 2\n---\na:\n  b: 3\n', path: ['a'], at: ['1:4', '5:4', '8:3'] },
  {
    what: 'what is not there is where it should be',
    text: 'a: 1\n---\nb: {c: 1}\n',
    path: ['b', 'x'],
    at: ['1:1', '3:4'],
  },
  { what: 'items of a list', text: '# x\n- a: 1\n- b: 2\n  a: 3\n', path: ['a'], at: ['2:6', '4:6'] },
  {
    what: 'items of a List',
    text: 'kind: List\nitems:\n  - a: 1\n  -\n    a: 2\nx: y\n',
    path: ['a'],
    at: ['3:8', '5:8'],
  },
  {
    what: 'entries of a map by MAC',
    text: '00:00:5e:00:53:01:\n  a: 1\n00:00:5e:00:53:02: {a: 2}\n',
    path: ['00:00:5e:00:53:02', 'a'],
    at: ['1:1', '3:24'],
  },
  {
    what: 'a list with an alias from one item to another is read whole',
    text: '- &x {a: 1}\n- *x\n',
    path: [1, 'a'],
    at: ['1:10'],
  },
  { what: 'JSON', text: '{"x": [1, {"y": "}\\""}, 2],\n "a": 3}', path: ['a'], at: ['2:7'] },
  { what: 'JSON behind a marker', text: '---\n{"a": [0,\n1]}\n', path: ['a', 1], at: ['3:1'] },
  { what: 'a List in JSON', text: '{"items": [1,\n {"a": 2}], "b": 3}', path: ['items', 1, 'a'], at: ['2:8'] },
  { what: 'Windows line ends and a byte order mark', text: '\ufeff---\r\na: 1\r\nb: 2\r\n', path: ['b'], at: ['3:4'] },
  {
    what: 'directives and end markers',
    text: '%YAML 1.2\n---\na: 1\n...\n# x\n---\na: 2\n',
    path: ['a'],
    at: ['3:4', '4:1', '7:4'],
  },
]

for (const { what, text, path, at } of ROWS) {
  test(`places: ${what}`, () => assert.deepEqual(places(text, path), at))
}

const value = fc.letrec((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    fc.string(),
    fc.integer(),
    fc.constantFrom('---', '...', 'a\n---\nb', '- x', '%x', 'a\n\n- b\n'),
    fc.array(tie('node'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('kind', 'items', 'a', '00:00:5e:00:53:01', '00:00:5e:00:53:02'), tie('node'), {
      maxKeys: 3,
    }),
  ),
})).node

test('cutting a text into documents and records changes nothing of what it says', () => {
  fc.assert(
    fc.property(fc.array(value, { maxLength: 4 }), fc.boolean(), (values, indentSeq) => {
      const text = values.map((each) => `---\n${stringify(each, { indentSeq })}`).join('')
      const whole = parseAllDocuments(text) as Iterable<{ toJS(): unknown }>
      const records = [...whole].flatMap((document) => pieces(document.toJS()))
      const read = [...readDocuments(text)].flatMap(({ value: each }) => pieces(each))
      assert.deepEqual(read, records)
    }),
    { numRuns: 2000 },
  )
})

/** What may be cut apart, cut apart: lists, the items of a List, and the entries of a map by MAC. */
function pieces(document: unknown): unknown[] {
  if (Array.isArray(document)) return document.flatMap(pieces)
  if (typeof document !== 'object' || document === null) return document === null ? [] : [document]
  const { kind, items } = document as { kind?: unknown; items?: unknown }
  if (Array.isArray(items) && (kind === undefined || (typeof kind === 'string' && kind.endsWith('List'))))
    return items.flatMap(pieces)
  return Object.entries(document)
}

const TOKENS = fc.constantFrom(
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"a"',
  '"\\n"',
  '"\\x"',
  '1',
  '-1.5e3',
  '01',
  'true',
  'nul',
  ' ',
  '\n',
)

test('a JSON text with an error: what is before the place can be gone on with, and the place is in it', () => {
  fc.assert(
    fc.property(
      fc.array(TOKENS, { maxLength: 12 }).map((tokens) => tokens.join('')),
      (text) => {
        fc.pre(!isJson(text))
        const at = jsonErrorOffset(text)
        assert.ok(at >= 0 && at <= text.length)
        assert.equal(completions(text.slice(0, at)), true, `${text} at ${at}`)
      },
    ),
    { numRuns: 3000 },
  )
})

/** Some end makes JSON of it. */
function completions(start: string): boolean {
  const closing = start
    .replaceAll(/"(?:[^"\\]|\\.)*"/g, '')
    .split('')
    .reduceRight(
      (left, character) =>
        character === '}' || character === ']' ? { text: left.text, depth: left.depth + 1 } : closed(left, character),
      { depth: 0, text: '' },
    ).text
  return ['', '0', '"x":0', ':0', ',0', ',"x":0'].some((more) => isJson(start + more + closing))
}

function closed(left: { depth: number; text: string }, character: string): { depth: number; text: string } {
  if (character !== '{' && character !== '[') return left
  if (left.depth > 0) return { text: left.text, depth: left.depth - 1 }
  return { depth: 0, text: left.text + (character === '{' ? '}' : ']') }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
