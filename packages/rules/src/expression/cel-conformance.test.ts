import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { tests as SUITE } from '@bufbuild/cel-spec/testdata/conformance.js'
import { DECLINED, type Case } from './cel-subset.fixture.ts'
import { compile } from './compile.ts'
import { languageOnly } from './environment.ts'

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

const CASES: readonly Case[] = (SUITE.suites ?? []).flatMap((file) =>
  (file.suites ?? []).flatMap((section) =>
    (section.tests ?? []).map(({ original }) => ({ file: file.name, section: section.name, original })),
  ),
)

const reasonToDecline = (the: Case): string | undefined => DECLINED.find(([, fits]) => fits(the))?.[0]
const DUE = CASES.filter((the) => reasonToDecline(the) === undefined)

/** `cel.expr.Value` and `cel.expr.Type` in JSON, as far as the suite uses them outside of what is declined. */
interface Value {
  readonly int64Value?: string
  readonly doubleValue?: number | string
  readonly stringValue?: string
  readonly boolValue?: boolean
  readonly nullValue?: null
  readonly typeValue?: string
  readonly listValue?: { readonly values?: readonly Value[] }
  readonly mapValue?: { readonly entries?: readonly { readonly key: Value; readonly value: Value }[] }
}
interface Type {
  readonly primitive?: string
  readonly listType?: { readonly elemType: Type }
  readonly mapType?: { readonly keyType: Type; readonly valueType: Type }
}
interface Declared {
  readonly name: string
  readonly ident?: { readonly type: Type }
}

const PRIMITIVES: Readonly<Record<string, string>> = { INT64: 'int', STRING: 'string', BOOL: 'bool', DOUBLE: 'double' }

function typeOf({ primitive, listType, mapType }: Type): string {
  if (primitive !== undefined) return PRIMITIVES[primitive]!
  if (listType !== undefined) return `list<${typeOf(listType.elemType)}>`
  return mapType === undefined ? 'dyn' : `map<${typeOf(mapType.keyType)}, ${typeOf(mapType.valueType)}>`
}

/** The value as it is given to an expression. */
function valueOf(value: Value): unknown {
  if (value.int64Value !== undefined) return BigInt(value.int64Value)
  if (value.doubleValue !== undefined) return Number(value.doubleValue)
  if (value.listValue !== undefined) return (value.listValue.values ?? []).map(valueOf)
  if (value.mapValue !== undefined) {
    return new Map((value.mapValue.entries ?? []).map(({ key, value: held }) => [valueOf(key), valueOf(held)]))
  }
  return value.stringValue ?? value.boolValue ?? null
}

/** Numbers, lists and mappings of either side in one form. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return `int ${value}`
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  const entries = value instanceof Map ? [...value] : Object.entries(value)
  return new Map(entries.map(([key, held]) => [plain(key), plain(held)] as const))
}

function evaluate(expression: string, { typeEnv, bindings }: Case['original']): unknown {
  const environment = languageOnly()
  const declared = ((typeEnv ?? []) as unknown as readonly Declared[]).filter(({ name }) => !RESERVED.has(name))
  for (const { name, ident } of declared) environment.registerVariable(name, typeOf(ident?.type ?? {}))
  const scope = { environment, variables: declared.map(({ name }) => name), fields: new Map() }
  const values = Object.entries((bindings ?? {}) as unknown as Record<string, { readonly value: Value }>)
  const context = Object.fromEntries(values.map(([name, { value }]) => [name, valueOf(value)]))
  return plain(compile(expression, scope).evaluate(context))
}

/** What no variable can be called. */
const RESERVED: ReadonlySet<string> = new Set(['true', 'false', 'null'])

function assertAsTheSuiteSays({ original }: Case): void {
  const { expr, value, typedResult, evalError } = original
  if (evalError !== undefined) return assert.throws(() => evaluate(expr, original))
  const result = (typedResult as { readonly result?: Value } | undefined)?.result
  const expected = (value as Value | undefined) ?? result ?? { boolValue: true }
  if (expected.typeValue !== undefined)
    return assert.equal(evaluate(`(${expr}) == ${expected.typeValue}`, original), true)
  assert.deepEqual(evaluate(expr, original), plain(valueOf(expected)))
}

for (const file of new Set(DUE.map((the) => the.file))) {
  const cases = DUE.filter((the) => the.file === file)
  test(`CEL conformance: ${file}, ${cases.length} cases`, () => {
    const failed = cases.flatMap((the) => {
      try {
        assertAsTheSuiteSays(the)
        return []
      } catch (error) {
        return [`${file}/${the.section}/${the.original.name}: ${the.original.expr}: ${String(error)}`]
      }
    })
    assert.deepEqual(failed, [])
  })
}

test('the README has the table of it', () => {
  const counted = DECLINED.map(([reason]) => {
    const count = CASES.filter((the) => reasonToDecline(the) === reason).length
    assert.ok(count > 0, reason)
    return `| declined: ${reason} | ${count} |`
  })
  const table = [`| as the suite says | ${DUE.length} |`, `| otherwise | 0 |`, ...counted].join('\n')
  assert.ok(README.includes(table), table)
})
