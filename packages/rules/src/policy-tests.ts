import type { Decision, Verdict } from './decision.ts'
import { describedClientFacts } from './client-facts.ts'
import type { Entry, Place, Reader } from './document.ts'
import { decide } from './decide.ts'
import { lastMisses } from './explain.ts'
import { FactsContext } from './expression/facts-context.ts'
import { parseInstant } from './expression/timestamp.ts'
import { GUARD } from './guard.ts'
import { FACT_SCHEMA } from './fact-schema.ts'
import type { ClientFacts, Facts, MachineFacts, NetworkFacts } from './facts.ts'
import { LIMITS } from './limits.ts'
import { UNKNOWN_MACHINE } from './machine-facts.ts'
import { suggestion } from './nearest.ts'
import { readName } from './parse-name.ts'
import { readOutcome } from './parse-outcome.ts'
import { readFields, type Fields } from './parse-given.ts'
import { readHistory } from './parse-history.ts'
import { OTHERWISE, type Policy } from './policy.ts'

const NO_NETWORK: NetworkFacts = { link: '', giaddr: '', circuitId: '', remoteId: '', relayFlags: [], subnet: '' }
const TEST_MAC = '02:00:00:00:00:01'
/** x86-64 UEFI, what most machines are. */
const TEST_ARCH = 7
/** 2026-01-01T00:00:00Z: a test that says no time must not depend on when it runs. */
const TEST_TIME = 1_767_225_600_000 as Facts['now']

/** What is kept from test to test. */
interface Run {
  readonly policy: Policy
  /** Where each rule is; `otherwise` and `guard` are behind the last. */
  readonly positions: ReadonlyMap<string, number>
  readonly firstUse: Map<string, string>
  readonly tests: string[]
  readonly exercised: Set<string>
  steps: number
}

/** Runs the tests of a document. What does not hold is reported at the test's `expect`. */
export function runTests(reader: Reader, list: Place | undefined, policy: Policy): Pick<Policy, 'tests' | 'exercised'> {
  const names = [...policy.rules.map((rule) => rule.name), OTHERWISE, GUARD]
  const positions = new Map(names.map((name, position) => [name, position]))
  const run: Run = { policy, positions, firstUse: new Map(), tests: [], exercised: new Set(), steps: 0 }
  const places = list === undefined ? [] : (reader.readList(list, 'a list of tests', LIMITS.tests) ?? [])
  for (const place of places) {
    if (reader.full) break
    const name = runTest(reader, place, run)
    if (name !== undefined) run.tests.push(name)
    if (run.steps > LIMITS.testSteps) {
      reader.report(list!, `the tests take more than ${LIMITS.testSteps} steps together`)
      break
    }
  }
  const { tests, exercised } = run
  return { tests, exercised }
}

function runTest(reader: Reader, place: Place, run: Run): string | undefined {
  const { policy, firstUse } = run
  const found = reader.readRecord(place, 'a test', ['name', 'given', 'expect', 'rule', 'class'])
  if (found === undefined) return undefined
  for (const key of ['name', 'expect'] as const) if (!found[key]) reader.report(place, `needs ${JSON.stringify(key)}`)
  const name = found.name && readName(reader, found.name, 'test', firstUse)
  const facts = readGiven(reader, found.given)
  const expected = found.expect && readExpected(reader, found.expect, policy)
  const rule = found.rule && readRuleName(reader, found.rule, run.positions)
  const dhcpClass = found.class && readGivenClass(reader, found.class, policy)
  if (name === undefined || facts === undefined || expected === undefined) return undefined
  const verdict = decide(policy, facts)
  follow(run, facts, verdict)
  const given = verdict.dhcpClass ?? ''
  const fits =
    agrees(expected, verdict.decision) && (rule ?? verdict.rule) === verdict.rule && (dhcpClass ?? given) === given
  if (!fits) reader.report(found.expect!, `test ${JSON.stringify(name)} fails: ${story(policy, facts, verdict)}`)
  return name
}

/**
 * Notes what a test went through: the rule that decided, those before it that matched and only add something, and the steps of all that may
 * have been tried.
 */
function follow(run: Run, facts: Facts, verdict: Verdict): void {
  const { policy, exercised } = run
  const last = run.positions.get(verdict.rule) ?? policy.rules.length
  const tried = new Set(policy.index.candidates(facts).flat())
  const context = new FactsContext(facts)
  exercised.add(verdict.rule)
  for (const position of tried) {
    const { name, decision, condition } = policy.rules[position]!
    run.steps += condition.steps
    if (decision === undefined && position < last && condition.test(context) === true) exercised.add(name)
  }
}

/** The rule that has to decide, so that a test can tell two rules of one outcome apart. */
function readRuleName(reader: Reader, place: Place, rules: ReadonlyMap<string, number>): string | undefined {
  const name = reader.readText(place, 'the name of a rule', LIMITS.nameCharacters)
  if (name === undefined) return undefined
  if (!rules.has(name))
    reader.report(place, `there is no rule ${JSON.stringify(name)}${suggestion(name, rules.keys())}`)
  return name
}

/** The DHCP class that has to come out; '' for none. */
function readGivenClass(reader: Reader, place: Place, { classes }: Policy): string | undefined {
  const name = reader.readText(place, 'the name of a DHCP class', LIMITS.nameCharacters)
  if (name === undefined || name === '' || classes.has(name)) return name
  return reader.report(place, `no rule gives the class ${JSON.stringify(name)}${suggestion(name, classes)}`)
}

/** Without a reason any reason will do. */
function readExpected(reader: Reader, place: Entry, policy: Policy): Decision | undefined {
  const { node } = place
  const word = node !== null && 'value' in node ? node.value : undefined
  return word === 'deny' || word === 'ignore' ? { kind: word, reason: ANY } : readOutcome(reader, place, policy, ANY)
}

const ANY = ''

function agrees(expected: Decision, actual: Decision): boolean {
  switch (expected.kind) {
    case 'boot':
      return actual.kind === 'boot' && actual.profile === expected.profile
    case 'menu':
      return actual.kind === 'menu' && actual.menu.name === expected.menu.name
    case 'ask':
      return actual.kind === 'ask' && actual.url === expected.url
    case 'local-disk':
      return actual.kind === 'local-disk'
    case 'deny':
    case 'ignore':
      return actual.kind === expected.kind && (expected.reason === ANY || actual.reason === expected.reason)
  }
}

/** What was decided instead, and why the rules before did not match. */
function story(policy: Policy, facts: Facts, verdict: Verdict): string {
  const { decision, rule } = verdict
  const by = rule === OTHERWISE ? rule : `rule ${JSON.stringify(rule)}`
  const dhcpClass = verdict.dhcpClass === undefined ? '' : ` with class ${JSON.stringify(verdict.dhcpClass)}`
  const got = `got ${formatDecision(decision)} by ${by}${dhcpClass}`
  return [got, ...lastMisses(policy, facts, verdict, 5)].join('; ')
}

/** `boot hook`, `menu name`, `ask http://server`, `deny "why"`, `ignore`, `local-disk`. */
export function formatDecision(decision: Decision): string {
  switch (decision.kind) {
    case 'boot':
      return `boot ${decision.profile}`
    case 'menu':
      return `menu ${decision.menu.name}`
    case 'ask':
      return `ask ${decision.url}`
    case 'local-disk':
      return 'local-disk'
    case 'deny':
    case 'ignore':
      return `${decision.kind} ${JSON.stringify(decision.reason)}`
  }
}

/** The facts of a test: what it gives, over an x86-64 UEFI client without a record. A machine that is given is known. */
function readGiven(reader: Reader, place: Entry | undefined): Facts | undefined {
  const before = reader.problems.length
  const found = place ? reader.readRecord(place, 'facts', ['client', 'network', 'machine', 'history', 'now']) : {}
  if (found === undefined) return undefined
  const client = found.client ? readFields(reader, found.client, FACT_SCHEMA.client) : {}
  const network = found.network ? readFields(reader, found.network, FACT_SCHEMA.network) : {}
  const machine = found.machine ? readFields(reader, found.machine, FACT_SCHEMA.machine) : undefined
  const now = (found.now && readNow(reader, found.now)) ?? TEST_TIME
  const history = found.history && readHistory(reader, found.history, now)
  if (reader.problems.length > before) return undefined
  return {
    client: clientOf(client ?? {}),
    network: overlay(NO_NETWORK, network ?? {}),
    machine:
      machine === undefined ? UNKNOWN_MACHINE : overlay<MachineFacts>(UNKNOWN_MACHINE, { known: true, ...machine }),
    now,
    ...(history && { history }),
  }
}

function clientOf(given: Fields): ClientFacts {
  const described = describedClientFacts({
    mac: typeof given['mac'] === 'string' ? given['mac'] : TEST_MAC,
    arch: typeof given['arch'] === 'number' ? given['arch'] : TEST_ARCH,
  })
  return overlay(described, given)
}

/** The given fields over the defaults; records field by field, everything else whole. */
function overlay<T extends object>(defaults: T, given: Fields): T {
  // Not assigned to an object one by one: `__proto__` is a name like any other here.
  const merged = new Map<string, unknown>(Object.entries(defaults))
  for (const [name, value] of Object.entries(given)) {
    const old = merged.get(name)
    merged.set(name, isRecord(old) && isRecord(value) ? overlay<object>(old, value) : value)
  }
  return Object.fromEntries(merged) as T
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function readNow(reader: Reader, place: Place): Facts['now'] | undefined {
  const text = reader.readText(place, 'a time, such as 2026-01-31T08:00:00Z', LIMITS.nameCharacters)
  if (text === undefined) return undefined
  return parseInstant(text) ?? reader.report(place, 'expected a time, such as 2026-01-31T08:00:00Z')
}
