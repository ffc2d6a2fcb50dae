import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { decide } from './decide.ts'
import { compileCondition } from './expression/condition.ts'
import { FactsContext } from './expression/facts-context.ts'
import type { Facts } from './facts.ts'
import { FACTS, policyOf } from './policy.fixture.ts'
import { RuleIndex } from './rule-index.ts'

/** What is left of the rules when only those are tried that may match. */
function candidates(conditions: readonly string[], facts: Facts): number[] {
  const index = new RuleIndex(conditions.map((text) => compileCondition(text).ast))
  return [...new Set(index.candidates(facts).flat())].toSorted((a, b) => a - b)
}

const machine = {
  ...FACTS.machine,
  known: true,
  id: 'm1',
  labels: { rack: 'a12', constructor: 'x' },
  tags: ['gpu', 'new'],
}
const HERE: Facts = { ...FACTS, machine, client: { ...FACTS.client, mac: '02:00:00:00:00:01', arch: 7 } }

describe('a rule is tried', () => {
  const rows: readonly [condition: string, tried: boolean][] = [
    ['client.arch == 7', true],
    ['client.arch == 9', false],
    ['9 == client.arch', false],
    ['client.arch == 7 || client.arch == 9', true],
    ['client.arch == 10 || client.arch == 9', false],
    ['client.arch == 10 || client.mac == "x"', true],
    ['client.arch in [6, 7]', true],
    ['client.arch in [9, 10]', false],
    ['client.arch != 7', true],
    ['!(client.arch == 7)', true],
    ['client.arch > 100', true],
    ['machine.labels.rack == "a12"', true],
    ['machine.labels["rack"] == "b1"', false],
    ['machine.labels.row == "1"', false],
    ['machine.labels.toString == "1"', false],
    ['machine.labels.constructor == "x"', true],
    ['"gpu" in machine.tags', true],
    ['"old" in machine.tags', false],
    ['"old" in machine.tags || "new" in machine.tags', true],
    ['machine.known && client.mac == "02:00:00:00:00:02"', false],
    ['client.mac.startsWith("ff") && client.arch == 7', true],
    ['client.arch == 9 && client.mac.matches("^02")', false],
    ['machine.metadata.size == 3', true],
    ['machine.known', true],
    ['machine.known == false', true],
    ['true', true],
  ]
  for (const [condition, tried] of rows) {
    test(`${condition}: ${tried ? 'yes' : 'no'}`, () => {
      assert.deepEqual(candidates([condition], HERE), tried ? [0] : [])
    })
  }
})

const value = fc.constantFrom('a', 'b', 'c', 'constructor')
const atom: fc.Arbitrary<string> = fc.oneof(
  fc
    .tuple(fc.constantFrom('client.mac', 'machine.id', 'machine.labels.x', 'machine.labels["y"]'), value)
    .map(([path, text]) => `${path} == "${text}"`),
  fc
    .tuple(fc.constantFrom('client.mac', 'machine.labels.x'), fc.array(value, { maxLength: 3 }))
    .map(([path, list]) => `${path} in ${JSON.stringify(list)}`),
  value.map((text) => `"${text}" in machine.tags`),
  fc.integer({ min: 0, max: 3 }).map((arch) => `${arch} == client.arch`),
  fc.constantFrom('machine.known', 'machine.metadata.n == 1', 'client.mac < "b"', 'size(machine.labels.x) == 1'),
)
const condition = fc.letrec<{ any: string; not: string; both: string; either: string }>((tie) => ({
  any: fc.oneof({ depthSize: 'small' }, atom, tie('both'), tie('either'), tie('not')),
  not: tie('any').map((text) => `!(${text})`),
  both: fc.tuple(tie('any'), tie('any')).map(([one, other]) => `(${one}) && (${other})`),
  either: fc.tuple(tie('any'), tie('any')).map(([one, other]) => `(${one}) || (${other})`),
})).any
function factsOf({
  mac,
  arch,
  ...rest
}: Partial<Omit<Facts['machine'], 'arch'>> & { mac: string; arch: number }): Facts {
  return { ...FACTS, client: { ...FACTS.client, mac, arch }, machine: { ...FACTS.machine, ...rest } }
}

const facts: fc.Arbitrary<Facts> = fc
  .record({
    mac: value,
    arch: fc.integer({ min: 0, max: 3 }),
    id: value,
    labels: fc.dictionary(fc.constantFrom('x', 'y', 'constructor'), value),
    tags: fc.array(value, { maxLength: 3 }),
    known: fc.boolean(),
    metadata: fc.dictionary(fc.constant('n'), fc.integer({ min: 0, max: 1 })),
  })
  .map(factsOf)

describe('whatever the rules and the facts', () => {
  test('a rule that is not tried would not have matched', () => {
    fc.assert(
      fc.property(fc.array(condition, { maxLength: 12 }), facts, (conditions, facts) => {
        const tried = new Set(candidates(conditions, facts))
        const context = new FactsContext(facts)
        const matching = conditions.flatMap((text, at) => (compileCondition(text).test(context) === true ? [at] : []))
        assert.deepEqual(
          matching.filter((at) => !tried.has(at)),
          [],
        )
      }),
      { numRuns: 500 },
    )
  })

  test('the first that matches decides, and the trace has all before it', () => {
    fc.assert(
      fc.property(fc.array(condition, { minLength: 1, maxLength: 12 }), facts, (conditions, facts) => {
        const rules = conditions.map((when, at) => [when, `{ deny: by r${at} }`] as const)
        const verdict = decide(policyOf(rules), facts)
        const context = new FactsContext(facts)
        const first = conditions.findIndex((text) => compileCondition(text).test(context) === true)
        assert.equal(verdict.rule, first < 0 ? 'otherwise' : `r${first + 1}`)
        assert.deepEqual(
          verdict.trace.map(({ matched }) => matched),
          conditions.slice(0, first < 0 ? conditions.length : first + 1).map((_, at) => at === first),
        )
      }),
      { numRuns: 200 },
    )
  })
})
