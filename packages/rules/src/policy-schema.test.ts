import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import * as fc from 'fast-check'
import { parse, stringify } from 'yaml'
import { Reader } from './document.ts'
import { parsePolicy } from './parse-policy.ts'
import { POLICY_SCHEMA } from './policy-schema.ts'
import { PolicyError } from './problem.ts'

const DEPLOY = new URL('../../../deploy/', import.meta.url)
const BAD = new URL('testdata/bad/', import.meta.url)
const isPolicy = (text: string): boolean => /^kind: BootPolicy/m.test(text)
const validates = new Ajv({ allowUnionTypes: true, strictTypes: false }).compile(POLICY_SCHEMA)

const SHIPPED = ['examples/', 'profiles/'].flatMap((folder) =>
  readdirSync(new URL(folder, DEPLOY))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => ({ name: folder + name, text: readFileSync(new URL(folder + name, DEPLOY), 'utf8') }))
    .filter(({ text }) => isPolicy(text)),
)

const BAD_POLICIES = readdirSync(BAD).map((name) => ({ name, text: readFileSync(new URL(name, BAD), 'utf8') }))

test('deploy/policy.schema.json is the schema; written by the command in the README', () => {
  const written = readFileSync(new URL('policy.schema.json', DEPLOY), 'utf8')
  assert.equal(written, `${JSON.stringify(POLICY_SCHEMA, undefined, 2)}\n`)
})

test('every policy that is shipped is valid', () => {
  assert.ok(SHIPPED.length >= 10)
  for (const { name, text } of SHIPPED)
    assert.ok(validates(parse(text)), `${name}: ${JSON.stringify(validates.errors)}`)
})

/** The keys of every mapping that the schema describes; of alternatives together as well. */
function keysIn(schema: unknown): string[][] {
  if (typeof schema !== 'object' || schema === null) return []
  const { properties, oneOf } = schema as { readonly properties?: object; readonly oneOf?: readonly unknown[] }
  const together = (oneOf ?? []).flatMap((each) => Object.keys((each as { properties?: object }).properties ?? {}))
  return [Object.keys(properties ?? {}), together, ...Object.values(schema).flatMap(keysIn)]
}

test('wherever a policy is read with certain keys, the schema has these keys', (t) => {
  const { mock } = t.mock.method(Reader.prototype, 'readRecord')
  for (const { text } of [...SHIPPED, ...BAD_POLICIES]) isAccepted(text)
  const sorted = (keys: readonly string[]): string => keys.toSorted().join(' ')
  const read = new Set(mock.calls.map((call) => sorted(call.arguments[2])))
  const described = new Set(keysIn(POLICY_SCHEMA).map(sorted))
  assert.ok(read.size > 15, String(read.size))
  assert.deepEqual(
    [...read].filter((keys) => !described.has(keys)),
    [],
  )
})

/** Bad policies whose faults are beyond what a schema can say. */
const BEYOND: ReadonlySet<string> = new Set(
  [
    // In an expression.
    'addresses cel-syntax comparisons functions has macro-bomb macros not-a-condition other-extensions other-languages',
    'regular-expressions rollouts sets slow-patterns template-values templates time-windows times typographic-quotes',
    'unknown-field unknown-variable',
    // Between two places: a name that nothing has, a test that fails.
    'class-tests failing-menu-test failing-order-test failing-test failing-window-test unknown-profile',
    // In what YAML makes of the text: the value is as any other.
    'aliases tags unquoted-negation',
  ].flatMap((names) => names.split(' ').map((name) => `${name}.yaml`)),
)

for (const { name, text } of BAD_POLICIES) {
  test(`testdata/bad/${name} is ${BEYOND.has(name) ? 'beyond the schema' : 'invalid'}`, () => {
    assert.equal(validates(valueOf(text)), BEYOND.has(name))
  })
}

/** The plain value of a document, as an editor sees it; undefined where YAML refuses it. */
function valueOf(text: string): unknown {
  try {
    return parse(text, { logLevel: 'error' }) as unknown
  } catch {
    return undefined
  }
}

function isAccepted(text: string): boolean {
  try {
    parsePolicy(text, 'p')
    return true
  } catch (error) {
    assert.ok(error instanceof PolicyError)
    return false
  }
}

/** What a person or a program may leave at a place by mistake. */
const OTHER_VALUES = [
  '',
  ' ',
  'ignore',
  'deny',
  'local-disk',
  'forever',
  'http://a/b',
  7,
  300,
  -1,
  true,
  false,
  null,
  [],
  ['a'],
  {},
  { a: 'b' },
  { boot: 'hook' },
]
const OTHER_KEYS = [
  'name',
  'then',
  'when',
  'also',
  'boot',
  'extends',
  'linux',
  'chain',
  'once',
  'guard',
  'server',
  'type',
  'class',
  'rule',
  'x',
]

interface Change {
  /** Which of the places of the document, counted round and round. */
  readonly at: number
  readonly how: 'replace' | 'remove' | 'rename'
  readonly value: unknown
  readonly key: string
}

/** The document with one place changed. */
function changed(document: unknown, { at, how, value, key }: Change): unknown {
  const copy = structuredClone(document)
  const places: (readonly [Record<string, unknown>, string])[] = []
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    for (const name of Object.keys(node)) {
      places.push([node as Record<string, unknown>, name])
      visit((node as Record<string, unknown>)[name])
    }
  }
  visit(copy)
  const [node, name] = places[at % places.length]!
  const apply = {
    replace: () => (node[name] = value),
    remove: () => (Array.isArray(node) ? node.splice(Number(name), 1) : delete node[name]),
    rename: () => (node[key] = node[name]),
  }
  apply[how]()
  return copy
}

test('whatever is changed in a policy, the schema refuses nothing that is accepted', () => {
  const change = fc.record<Change>({
    at: fc.nat(),
    how: fc.constantFrom('replace', 'remove', 'rename'),
    value: fc.constantFrom(...OTHER_VALUES),
    key: fc.constantFrom(...OTHER_KEYS),
  })
  const documents = SHIPPED.map(({ text }) => parse(text) as unknown)
  const agreed = { accepted: 0, refused: 0 }
  fc.assert(
    fc.property(
      fc.constantFrom(...documents),
      fc.array(change, { minLength: 1, maxLength: 2 }),
      (document, changes) => {
        const text = stringify(changes.reduce(changed, document), { aliasDuplicateObjects: false })
        const valid = validates(parse(text))
        assert.ok(valid || !isAccepted(text), `${JSON.stringify(validates.errors)}\n${text}`)
        agreed[valid ? 'accepted' : 'refused']++
      },
    ),
    { numRuns: 1_000 },
  )
  assert.ok(Math.min(agreed.accepted, agreed.refused) > 100, JSON.stringify(agreed))
})
