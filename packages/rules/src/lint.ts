import { contradictionIn, formOf, implies, needs, offers, type Form } from './condition-form.ts'
import type { Decision } from './decision.ts'
import { OTHERWISE, type Mark, type Policy, type Rule } from './policy.ts'
import type { Problem } from './problem.ts'

/**
 * What is in order and yet most likely not meant: a rule that can never decide, because its condition is never true or because one
 * before it is true whenever it is; a profile or menu that nothing uses; a rule that no test in the document comes to. In document order.
 * Costs a fraction of a millisecond for each rule: for whoever changes a policy, not for the services.
 */
export function lintPolicy(policy: Policy): readonly Problem[] {
  const { source } = policy
  const found = [...unreachable(policy), ...unused(policy), ...untested(policy)]
  const problems = found.map(([{ line, column, path }, message]) => ({ source, line, column, path, message }))
  return problems.toSorted((one, other) => one.line - other.line || one.column - other.column)
}

type Warning = readonly [mark: Mark, message: string]

/** A rule that was met, with its form and what it does for the rules after it. */
interface Met {
  readonly rule: Rule
  readonly mark: Mark
  readonly form: Form
}

/** Rules that come to nothing, each with the first reason. */
function unreachable({ rules, marks }: Policy): Warning[] {
  const warnings: Warning[] = []
  const before = new Map<string, Met[]>()
  for (const [position, rule] of rules.entries()) {
    const met = { rule, mark: marks.rules[position]!, form: formOf(rule.condition.text) }
    const why = neverTrue(met.form) ?? shadowed(met, before)
    if (why !== undefined) warnings.push([met.mark, `rule ${JSON.stringify(rule.name)} ${why}`])
    for (const key of new Set(needs(met.form, (each) => before.get(each)?.length ?? 0))) {
      const list = before.get(key)
      if (list === undefined) before.set(key, [met])
      else list.push(met)
    }
  }
  return warnings
}

function neverTrue(form: Form): string | undefined {
  const why = contradictionIn(form)
  return why === undefined ? undefined : `is never true${why === '' ? '' : `: ${why}`}`
}

/** By the first rule before it that is true whenever this one is, and leaves it nothing to do. */
function shadowed({ rule, form }: Met, before: ReadonlyMap<string, readonly Met[]>): string | undefined {
  let first: Met | undefined
  for (const key of new Set(offers(form))) {
    const found = before.get(key)?.find((met) => silences(met.rule, rule) && implies(form, met.form))
    if (found !== undefined && (first === undefined || found.mark.line < first.mark.line)) first = found
  }
  if (first === undefined) return undefined
  const other = `rule ${JSON.stringify(first.rule.name)} (line ${first.mark.line})`
  if (first.form.op === 'all' && first.form.parts.length === 0)
    return `is never reached: ${other} is true for everybody`
  return rule.decision === undefined && first.rule.decision === undefined
    ? `gives no class: ${other} is true whenever this one is, and the first class counts`
    : `never decides: ${other} comes before it and is true whenever this one is`
}

/** Where both are true, the second comes to nothing: the first decides, or gives the class that is all the second has to give. */
function silences(first: Rule, second: Rule): boolean {
  if (first.decision !== undefined) return true
  return second.decision === undefined && first.dhcpClass !== undefined
}

function unused({ rules, otherwise, guard, profiles, menus, marks }: Policy): Warning[] {
  const guards = [guard, ...rules.map((rule) => rule.guard)]
  const stated: readonly Decision[] = [...rules, ...guards].flatMap((each) => each?.decision ?? []).concat(otherwise)
  const decisions = stated.map((decision) => (decision.kind === 'ask' ? decision.otherwise : decision))
  const shown = decisions.flatMap((decision) => (decision.kind === 'menu' ? decision.menu : []))
  const listed = [...menus.values()].flatMap(({ entries }) => entries.map(({ boots }) => boots))
  const booted = [...decisions, ...listed].flatMap((boots) => (boots.kind === 'boot' ? boots.profile : []))
  const extended = booted.flatMap((name) => profiles.get(name)?.base ?? [])
  return [
    ...idle('profile', profiles.keys(), new Set([...booted, ...extended]), marks.profiles),
    ...idle('menu', menus.keys(), new Set(shown.map(({ name }) => name)), marks.menus),
  ]
}

function idle(
  what: string,
  names: Iterable<string>,
  used: ReadonlySet<string>,
  marks: ReadonlyMap<string, Mark>,
): Warning[] {
  return [...names]
    .filter((name) => !used.has(name))
    .map((name) => [marks.get(name)!, `${what} ${JSON.stringify(name)} is never used`])
}

function untested({ rules, exercised, marks }: Policy): Warning[] {
  const missing = rules.flatMap(({ name, decision }, position): Warning[] => {
    if (exercised.has(name)) return []
    const verb = decision === undefined ? 'matched' : 'decided'
    return [[marks.rules[position]!, `no test is ${verb} by rule ${JSON.stringify(name)}`]]
  })
  return exercised.has(OTHERWISE) ? missing : [...missing, [marks.otherwise, `no test is decided by ${OTHERWISE}`]]
}
