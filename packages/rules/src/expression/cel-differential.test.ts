import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isCelError, run, type CelInput } from '@bufbuild/cel'
import { strings } from '@bufbuild/cel/ext'
import * as fc from 'fast-check'
import { UNKNOWN_MACHINE } from '../machine-facts.ts'
import { FACTS, MACHINE } from '../policy.fixture.ts'
import { compileCondition } from './condition.ts'
import { FactsContext } from './facts-context.ts'

/** Counted over all kinds together. */
const DEPTH = { maxDepth: 4, depthIdentifier: fc.createDepthIdentifier() }

/** What is compared and added in macros: small, so that no limit is met. */
const IN_MACRO = fc.constantFrom(
  '"gpu"',
  '"a"',
  'machine.name',
  'machine.labels.row',
  'x',
  'x.upperAscii()',
  '("" + x)',
)

/** Expressions by type, over every kind of fact; what is generated here is in the language and has no type error. */
const TREE = fc.letrec<{ text: string; int: string; list: string; bool: string }>((tie) => ({
  text: fc.oneof(
    DEPTH,
    fc.constantFrom(
      'client.mac',
      'client.firmware',
      'machine.name',
      'machine.agentId',
      'machine.labels.rack',
      'machine.labels["example.org/role"]',
      // Not there.
      'machine.labels.row',
    ),
    fc.constantFrom('""', '"12"', '"gpu"', '"worker"', '"GPU,new"', '"ü€𝄞"', '"52:54:00:00:00:01"'),
    op(tie('text'), '+', tie('text')),
    fc.tuple(tie('bool'), tie('text'), tie('text')).map(([when, one, other]) => `(${when} ? ${one} : ${other})`),
    method(tie('text'), 'lowerAscii'),
    method(tie('text'), 'upperAscii'),
    method(tie('text'), 'trim'),
    method(tie('text'), 'substring', tie('int')),
    // The other implementation takes the empty text to be at the beginning only, again and again.
    method(tie('text'), 'replace', fc.constantFrom('"12"', '":"', '"e"'), tie('text')),
    method(tie('list'), 'join', fc.constantFrom('","', '""')),
    fc.tuple(tie('list'), tie('int')).map(([list, index]) => `${list}[${index}]`),
    call('string', tie('int')),
  ),
  int: fc.oneof(
    DEPTH,
    fc.constantFrom('client.arch', 'int(machine.labels.rack)', 'int(machine.name)'),
    fc.integer({ min: -3, max: 20 }).map((value) => (value < 0 ? `(${value})` : String(value))),
    ...['+', '-', '*', '/', '%'].map((operator) => op(tie('int'), operator, tie('int'))),
    call('size', tie('text')),
    method(tie('list'), 'size'),
    method(tie('text'), 'indexOf', tie('text')),
  ),
  list: fc.oneof(
    DEPTH,
    fc.constantFrom('machine.tags', 'client.userClass', '["gpu"]', '["a", "gpu", "b"]'),
    op(tie('list'), '+', tie('list')),
    method(tie('text'), 'split', fc.constantFrom('","', '":"')),
    fc.tuple(tie('list'), IN_MACRO).map(([list, text]) => `${list}.filter(x, x != ${text})`),
    fc.tuple(tie('list'), IN_MACRO).map(([list, text]) => `${list}.map(x, x + ${text})`),
  ),
  bool: fc.oneof(
    DEPTH,
    fc.constantFrom('true', 'false', 'machine.known', 'machine.netboot.allowPxe', 'has(machine.labels.rack)'),
    fc.constantFrom('has(machine.labels.row)', '"rack" in machine.labels', 'machine.metadata.cpus == 4'),
    fc.constantFrom(
      'machine.metadata.load < 1',
      'machine.metadata.owner.team == "infra"',
      'machine.metadata.none == 1',
    ),
    fc.constantFrom(
      '"sda" in machine.metadata.disks',
      'machine.metadata.spare == null',
      'machine.metadata.cpus == "4"',
    ),
    ...['==', '!=', '<', '<=', '>', '>='].map((operator) => op(tie('text'), operator, tie('text'))),
    ...['==', '!=', '<', '<=', '>', '>='].map((operator) => op(tie('int'), operator, tie('int'))),
    op(tie('list'), '==', tie('list')),
    op(tie('text'), 'in', tie('list')),
    op(tie('bool'), '&&', tie('bool')),
    op(tie('bool'), '||', tie('bool')),
    tie('bool').map((inner) => `!(${inner})`),
    fc.tuple(tie('bool'), tie('bool'), tie('bool')).map(([when, one, other]) => `(${when} ? ${one} : ${other})`),
    ...['startsWith', 'endsWith', 'contains'].map((name) => method(tie('text'), name, tie('text'))),
    method(tie('text'), 'matches', fc.constantFrom('"^52"', '"[0-9]{2}$"', '"(a|b)*c?"', '"^$"', '"(?i)GPU"', '"^.$"')),
    ...['all', 'exists', 'exists_one'].map((macro) =>
      fc.tuple(tie('list'), IN_MACRO).map(([list, text]) => `${list}.${macro}(x, x == ${text})`),
    ),
  ),
}))

type Text = fc.Arbitrary<string>

function op(one: Text, operator: string, other: Text): Text {
  return fc.tuple(one, other).map(([a, b]) => `(${a} ${operator} ${b})`)
}

function method(receiver: Text, name: string, ...args: Text[]): Text {
  return fc.tuple(receiver, ...args).map(([on, ...given]) => `${on}.${name}(${given.join(', ')})`)
}

function call(name: string, arg: Text): Text {
  return arg.map((given) => `${name}(${given})`)
}

/** Facts as the other implementation takes them: mappings, and the only integer among them an integer. */
function bound(value: unknown, name = ''): CelInput {
  if (typeof value === 'number') return name === 'arch' ? BigInt(value) : value
  if (Array.isArray(value)) return value.map((item) => bound(item))
  if (typeof value !== 'object' || value === null) return value as CelInput
  return new Map(Object.entries(value).map(([key, held]) => [key, bound(held, key)]))
}

const WORLDS = [
  FACTS,
  { ...FACTS, machine: UNKNOWN_MACHINE },
  { ...FACTS, client: { ...FACTS.client, userClass: ['iPXE', 'gpu'] }, machine: { ...MACHINE, labels: {}, tags: [] } },
].map((facts) => ({
  facts,
  bindings: bound({ client: facts.client, machine: facts.machine }) as Map<string, CelInput>,
}))

/** A limit is no matter of what an expression means. */
function isWithinLimits(condition: string): boolean {
  try {
    compileCondition(condition)
    return true
  } catch (error) {
    assert.match(String(error), /may take more than \d+ steps/, condition)
    return false
  }
}

/** True, false, or that it cannot be evaluated: all that a decision is made of. */
type Outcome = boolean | 'error'

test('any condition over the facts comes to what another implementation of CEL says', () => {
  const seen = new Map<Outcome, number>()
  fc.assert(
    fc.property(TREE.bool.filter(isWithinLimits), fc.constantFrom(...WORLDS), (condition, { facts, bindings }) => {
      const result = compileCondition(condition).test(new FactsContext(facts))
      const ours: Outcome = typeof result === 'boolean' ? result : 'error'
      const other = run(condition, Object.fromEntries(bindings), { funcs: strings })
      const theirs = isCelError(other) ? 'error' : other
      assert.equal(ours, theirs, `${condition}: ${String(result)}`)
      seen.set(ours, (seen.get(ours) ?? 0) + 1)
    }),
    { numRuns: 2_000 },
  )
  for (const outcome of [true, false, 'error'] as const) assert.ok((seen.get(outcome) ?? 0) > 50, String(outcome))
})
