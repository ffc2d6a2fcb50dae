import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { contradictionIn, formOf, implies, needs, offers } from './condition-form.ts'
import { compileCondition } from './expression/condition.ts'
import { FactsContext } from './expression/facts-context.ts'
import type { Facts, MachineFacts } from './facts.ts'
import { UNKNOWN_MACHINE } from './machine-facts.ts'
import { FACTS } from './policy.fixture.ts'

const clause = fc.constantFrom(
  'true',
  'false',
  'machine.known',
  '!machine.known',
  'client.arch == 7',
  'client.arch != 7',
  'client.arch in [7, 9]',
  'client.arch in []',
  '!(client.arch == 9)',
  'machine.labels.rack == "a"',
  'machine.labels.rack != "a"',
  'machine.labels.rack == ""',
  'machine.labels.rack in ["a", "b"]',
  '!(machine.labels.rack == "b")',
  '"gpu" in machine.tags',
  '"new" in machine.tags',
  'machine.state == "b"',
)
const condition = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    clause,
    fc
      .tuple(tie('any'), fc.constantFrom('&&', '||'), tie('any'))
      .map(([one, operator, other]) => `(${one} ${operator} ${other})`),
  ),
})).any

interface Varied {
  readonly known: boolean
  readonly arch: number
  readonly record: Partial<MachineFacts>
}

function factsOf({ known, arch, record }: Varied): Facts {
  const machine = known ? { ...FACTS.machine, ...record } : UNKNOWN_MACHINE
  return { ...FACTS, client: { ...FACTS.client, arch }, machine }
}

const someFacts: fc.Arbitrary<Facts> = fc
  .record({
    known: fc.boolean(),
    arch: fc.constantFrom(7, 9, 11),
    record: fc.record({
      labels: fc.constantFrom<MachineFacts['labels'][]>({}, { rack: 'a' }, { rack: 'b' }, { rack: '' }),
      tags: fc.subarray(['gpu', 'new']),
      state: fc.constantFrom('', 'b'),
    }),
  })
  .map(factsOf)
const facts = fc.array(someFacts, { minLength: 20, maxLength: 20 })

const isTrue = (text: string, of: Facts): boolean => compileCondition(text).test(new FactsContext(of)) === true

test('what is said to follow does follow, for any facts', () => {
  let said = 0
  fc.assert(
    fc.property(condition, condition, facts, (one, other, all) => {
      if (!implies(formOf(one), formOf(other))) return
      said++
      assert.deepEqual(
        all.filter((each) => isTrue(one, each) && !isTrue(other, each)),
        [],
      )
      // Or else it would not be found among many.
      const wanted = new Set(needs(formOf(other)))
      assert.ok(contradictionIn(formOf(one)) !== undefined || offers(formOf(one)).some((key) => wanted.has(key)))
    }),
    { numRuns: 2_000 },
  )
  assert.ok(said > 50, String(said))
})

test('what is said never to be true is not, for any facts', () => {
  fc.assert(
    fc.property(condition, facts, (text, all) => {
      const never = contradictionIn(formOf(text)) !== undefined
      assert.ok(!never || all.every((each) => !isTrue(text, each)))
    }),
    { numRuns: 1_000 },
  )
})

test('two conditions that could take for ever are not compared for ever', () => {
  const nested = (depth: number, leaf: string): string =>
    depth === 0 ? leaf : `(${nested(depth - 1, `${leaf}a`)} && x${depth}) || y${depth}`
  const text = nested(12, 'client.mac').replaceAll(/x\d+/g, 'machine.known').replaceAll(/y\d+/g, 'client.arch > 7')
  const form = formOf(text.replaceAll(/client\.maca+/g, 'client.mac == "a"'))
  assert.equal(implies(form, formOf('client.uuid == "a"')), false)
})
