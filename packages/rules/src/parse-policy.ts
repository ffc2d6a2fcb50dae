import { Reader, type Entry, type Place } from './document.ts'
import { compileCondition, type Condition } from './expression/condition.ts'
import { ExpressionError } from './expression/expression-error.ts'
import { readGuard, readOnce } from './guard.ts'
import { LIMITS } from './limits.ts'
import type { Menu } from './menu.ts'
import { readClassName, readName } from './parse-name.ts'
import { readMenus } from './parse-menu.ts'
import { readOutcome, type Named } from './parse-outcome.ts'
import { readProfiles } from './parse-profile.ts'
import { OTHERWISE, stepsOf, type Mark, type Marks, type Policy, type Profile, type Rule } from './policy.ts'
import { RuleIndex } from './rule-index.ts'
import { runTests } from './policy-tests.ts'
import { PolicyError } from './problem.ts'

const API_VERSION = 'reboots/v1'
const KIND = 'BootPolicy'

/**
 * Reads a policy document (YAML), checks everything in it against the facts, and runs the tests it carries.
 * `source` names the document in problems; `version` is what verdicts carry, by custom a content hash, else the same name.
 * @throws PolicyError with every problem found
 */
export function parsePolicy(text: string, source: string, version = source): Policy {
  const reader = new Reader(text, source)
  const policy = reader.root.node === null ? undefined : readPolicy(reader, source, version)
  if (policy === undefined || reader.problems.length > 0) throw new PolicyError(inOrder(reader.problems))
  return policy
}

function inOrder(problems: PolicyError['problems']): PolicyError['problems'] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
}

function readPolicy(reader: Reader, source: string, version: string): Policy | undefined {
  const { root } = reader
  const keys = ['apiVersion', 'kind', 'metadata', 'profiles', 'menus', 'guard', 'rules', OTHERWISE, 'tests'] as const
  const found = reader.readRecord(root, `a ${KIND}`, keys)
  if (found === undefined) return undefined
  expectText(reader, found.apiVersion, 'apiVersion', API_VERSION)
  expectText(reader, found.kind, 'kind', KIND)
  if (found.metadata) reader.readMap(found.metadata, 'a mapping')

  const profiles = found.profiles ? readProfiles(reader, found.profiles) : new Map<string, Profile | undefined>()
  const menus = found.menus ? readMenus(reader, found.menus, profiles) : new Map<string, Menu | undefined>()
  const named = { profiles, menus }
  const guard = found.guard && readGuard(reader, found.guard, named)
  const rules = readRules(reader, found.rules, named)
  if (!found.otherwise)
    reader.report(root, `needs ${JSON.stringify(OTHERWISE)}: what a machine gets that no rule matches`)
  const otherwise = found.otherwise && readOutcome(reader, found.otherwise, named, 'no rule matched')
  // Tests of a policy that is broken elsewhere would only repeat what is known.
  if (otherwise === undefined || reader.problems.length > 0) return undefined
  const classes = new Set(rules.flatMap(({ dhcpClass }) => dhcpClass ?? []))
  const what = { profiles: usable(profiles), menus: usable(menus), classes }
  const index = new RuleIndex(rules.map(({ condition }) => condition.ast))
  const guards = [guard, ...rules.map((rule) => rule.guard)].some((each) => each !== undefined)
  const readsHistory = guards || rules.some(({ condition }) => condition.reads.has('history'))
  const marks = marksOf(reader, found)
  const none = { tests: [], exercised: new Set<string>() }
  const policy = { version, source, rules, index, otherwise, guard, readsHistory, ...what, marks, ...none }
  return { ...policy, ...runTests(reader, found.tests, policy) }
}

/** Of a document that has been read without a problem. */
function marksOf(reader: Reader, { profiles, menus, rules, otherwise }: Partial<Record<string, Entry>>): Marks {
  const markOf = (place: Place | Entry): Mark => reader.markOf(place)
  const byName = (entry: Entry | undefined): Map<string, Mark> =>
    new Map((entry && reader.readMap(entry, 'a mapping'))?.map((named) => [named.key, markOf(named)]))
  return {
    rules: (reader.readList(rules!, 'a list', LIMITS.rules) ?? []).map(markOf),
    profiles: byName(profiles),
    menus: byName(menus),
    otherwise: markOf(otherwise!),
  }
}

function usable<T>(named: ReadonlyMap<string, T | undefined>): Map<string, T> {
  return new Map([...named].filter((entry): entry is [string, T] => entry[1] !== undefined))
}

function expectText(reader: Reader, entry: Entry | undefined, key: string, expected: string): void {
  if (entry === undefined) return reader.report(reader.root, `needs ${key}: ${expected}`)
  const text = reader.readText(entry, expected, LIMITS.nameCharacters)
  if (text !== undefined && text !== expected)
    reader.report(entry, `expected ${expected}, found ${JSON.stringify(text)}`)
}

function readRules(reader: Reader, list: Entry | undefined, named: Named): Rule[] {
  if (list === undefined) {
    reader.report(reader.root, 'needs "rules": a list, which may be empty')
    return []
  }
  const firstUse = new Map<string, string>()
  const rules: Rule[] = []
  for (const place of reader.readList(list, 'a list of rules', LIMITS.rules) ?? []) {
    if (reader.full) break
    const rule = readRule(reader, place, named, firstUse)
    if (rule !== undefined) rules.push(rule)
  }
  const steps = stepsOf(rules)
  if (steps > LIMITS.policySteps) {
    reader.report(list, `the rules may take ${steps} steps together; at most ${LIMITS.policySteps} are allowed`)
  }
  return rules
}

function readRule(reader: Reader, place: Place, named: Named, firstUse: Map<string, string>): Rule | undefined {
  const found = reader.readRecord(place, 'a rule', ['name', 'when', 'once', 'then', 'guard', 'also'])
  if (found === undefined) return undefined
  for (const key of found.also ? (['name', 'when'] as const) : (['name', 'when', 'then'] as const))
    if (!found[key]) reader.report(place, `needs ${JSON.stringify(key)}`)
  const name = found.name && readName(reader, found.name, 'rule', firstUse)
  const when = found.when && readCondition(reader, found.when)
  const decision = found.then && readOutcome(reader, found.then, named, `rule ${JSON.stringify(name ?? '')}`)
  const dhcpClass = found.also && readClass(reader, found.also)
  const condition = found.once && when ? readOnce(reader, found.once, when, decision) : when
  const guard = found.guard && readGuard(reader, found.guard, named)
  if (name === undefined || condition === undefined || (decision ?? dhcpClass) === undefined) return undefined
  return { name, condition, decision, dhcpClass, guard, missed: Object.freeze({ rule: name, matched: false }) }
}

/** `{ class: name }`: what goes with the outcome, whichever rule decides that. Which classes there are is configured elsewhere. */
function readClass(reader: Reader, place: Place): string | undefined {
  const found = reader.readRecord(place, 'what is added', ['class'])
  if (found === undefined) return undefined
  if (found.class === undefined) return reader.report(place, 'needs "class": the name of a DHCP class')
  return readClassName(reader, found.class)
}

function readCondition(reader: Reader, place: Place): Condition | undefined {
  const text = conditionText(reader, place)
  if (text === undefined) return undefined
  try {
    return compileCondition(text)
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    return reader.reportInText(place, error.offset, error.message)
  }
}

/** `when: true` is a boolean to YAML and a condition to everybody else. */
function conditionText(reader: Reader, place: Place): string | undefined {
  const value = place.node !== null && 'value' in place.node ? place.node.value : undefined
  return typeof value === 'boolean' ? String(value) : reader.readText(place, 'a condition', LIMITS.expressionCharacters)
}
