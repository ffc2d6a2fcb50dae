import { serialize, type ASTNode } from '@marcbachmann/cel-js'
import { decide } from './decide.ts'
import type { Tried, Verdict } from './decision.ts'
import { compile, parse, reasonOf } from './expression/compile.ts'
import type { Condition } from './expression/condition.ts'
import { CONDITION_SCOPE } from './expression/environment.ts'
import { FactsContext } from './expression/facts-context.ts'
import { HISTORY_TYPE } from './expression/history-type.ts'
import { operandsOf } from './expression/operands.ts'
import type { Facts } from './facts.ts'
import { GUARD } from './guard.ts'
import type { Policy } from './policy.ts'
import { conjuncts } from './rule-index.ts'

/** A verdict with a trace that a person can read. */
export interface Explanation extends Verdict {
  readonly trace: readonly Explained[]
}

export interface Explained {
  readonly rule: string
  readonly matched: boolean
  readonly error?: string
  /** The condition as written. */
  readonly condition: string
  /** Which clause was false and what the facts in it are, or why it could not be evaluated; empty for the rule that matched. */
  readonly why: string
}

const LONGEST_VALUE = 60
const MOST_VALUES = 4

/**
 * Decides, and says of each rule tried why it did not match. Costs some tenths of a millisecond for each (conditions are taken apart
 * and parsed again): for people, not for packets.
 */
export function explain(policy: Policy, facts: Facts): Explanation {
  const verdict = decide(policy, facts)
  const context = new FactsContext(facts)
  return {
    ...verdict,
    trace: verdict.trace.map((tried, index) => explained(tried, conditionOf(policy, verdict, tried, index), context)),
  }
}

/** `rule: why` for the last rules that did not match. */
export function lastMisses(policy: Policy, facts: Facts, verdict: Verdict, most: number): string[] {
  const context = new FactsContext(facts)
  const missed = [...verdict.trace.entries()].filter(([, { matched }]) => !matched).slice(-most)
  return missed.map(
    ([index, tried]) => `"${tried.rule}": ${explained(tried, conditionOf(policy, verdict, tried, index), context).why}`,
  )
}

function conditionOf({ rules }: Policy, { guard }: Verdict, { rule }: Tried, index: number): Condition {
  return rule === GUARD ? guard!.condition : rules[index]!.condition
}

function explained(tried: Tried, { text }: Condition, context: FactsContext): Explained {
  const condition = text.trim()
  return { ...tried, condition, why: tried.matched ? '' : whyNot(condition, context) }
}

/** The first clause of a conjunction that is not true, with the facts it reads. */
function whyNot(condition: string, context: FactsContext): string {
  const clauses = conjuncts(parse(condition, CONDITION_SCOPE).ast)
  let failed = ''
  for (const clause of clauses) {
    const text = serialize(clause)
    const value = valueOf(text, context)
    if (value === false) return `${text} is false${factsIn(clause, context)}`
    if (value !== true && failed === '') failed = `${text} cannot be evaluated: ${value}${factsIn(clause, context)}`
  }
  return failed
}

function valueOf(text: string, context: FactsContext): boolean | string {
  try {
    const value = compile(text, CONDITION_SCOPE).evaluate(context)
    return typeof value === 'boolean' ? value : 'its value is neither true nor false'
  } catch (error) {
    return reasonOf(error)
  }
}

/** ` (client.arch = 7, machine.labels.rack = "a12")` */
function factsIn(clause: ASTNode, context: FactsContext): string {
  if (isPath(clause)) return ''
  const paths = new Set<string>()
  collectPaths(clause, paths)
  const known = [...paths].slice(0, MOST_VALUES).flatMap((path) => shownFact(path, context))
  return known.length === 0 ? '' : ` (${known.join(', ')})`
}

/** Every longest path that starts at a fact. */
function collectPaths(node: ASTNode, into: Set<string>): void {
  if (isPath(node)) {
    if (node.op !== 'id') into.add(serialize(node))
    return
  }
  for (const operand of operandsOf(node)) collectPaths(operand, into)
}

function isPath(node: ASTNode): boolean {
  if (node.op === 'id') return CONDITION_SCOPE.variables.includes(node.args)
  if (node.op === '[]') return node.args[1].op === 'value' && isPath(node.args[0])
  // What is asked of the history has a value worth showing.
  if (node.op === 'rcall') return node.args[1].op === 'id' && node.args[1].args === HISTORY_TYPE.name
  return node.op === '.' && isPath(node.args[0])
}

function shownFact(path: string, context: FactsContext): string[] {
  try {
    const value = compile(path, CONDITION_SCOPE).evaluate(context)
    const text = JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? Number(inner) : inner))
    return [`${path} = ${text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE - 3)}...` : text}`]
  } catch {
    return []
  }
}
