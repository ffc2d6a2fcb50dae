import { serialize, type ASTNode } from '@marcbachmann/cel-js'
import { parse } from './expression/compile.ts'
import { CONDITION_SCOPE } from './expression/environment.ts'
import { clauseOf, type Clause } from './rule-index.ts'

/**
 * A condition as far as two of them can be compared: clauses, joined by "all of" and "any of". All of nothing is always true, any of
 * nothing never.
 */
export type Form = Joined | Atom

interface Joined {
  readonly op: 'all' | 'any'
  readonly parts: readonly Form[]
}

interface Atom {
  readonly op: 'is'
  /** The clause as the CEL library writes it: equal texts are equal clauses. */
  readonly text: string
  /** For `!clause`, the clause. */
  readonly denies?: string
  /** A fact that is one of some values. */
  readonly clause?: Clause
  /** A fact that is anything but these values. */
  readonly unlike?: Clause
}

/** The form of a condition that has been compiled before. */
export function formOf(condition: string): Form {
  return formOfNode(parse(condition, CONDITION_SCOPE).ast)
}

function formOfNode(node: ASTNode): Form {
  if (node.op === '&&') return { op: 'all', parts: [formOfNode(node.args[0]), formOfNode(node.args[1])] }
  if (node.op === 'value' && node.args === true) return { op: 'all', parts: [] }
  if (node.op === 'value' && node.args === false) return { op: 'any', parts: [] }
  const text = serialize(node)
  const clause = clauseOf(node)
  if (clause !== undefined) return clause.values.length === 0 ? { op: 'any', parts: [] } : { op: 'is', text, clause }
  if (node.op === '||') return { op: 'any', parts: [formOfNode(node.args[0]), formOfNode(node.args[1])] }
  if (node.op === '!_') return { op: 'is', text, denies: serialize(node.args) }
  const unlike = node.op === '!=' ? clauseOf({ ...node, op: '==' }) : undefined
  return { op: 'is', text, ...(unlike && { unlike }) }
}

/** How many comparisons one answer may take: two conditions that are deeply nested could take very many. */
const PATIENCE = 20_000

/**
 * Whether the other is true whenever this one is. Sound and not complete: true is certain, false may only mean that it was not found
 * out. What cannot be evaluated is not true, so negations are only compared as they stand.
 */
export function implies(one: Form, other: Form): boolean {
  const fuel = { left: PATIENCE }
  return follows(one, other, fuel)
}

function follows(one: Form, other: Form, fuel: { left: number }): boolean {
  if (--fuel.left < 0) return false
  if (other.op === 'all') return other.parts.every((part) => follows(one, part, fuel))
  if (one.op === 'any') return one.parts.every((part) => follows(part, other, fuel))
  if (other.op === 'any' && other.parts.some((part) => follows(one, part, fuel))) return true
  if (one.op === 'all') return one.parts.some((part) => follows(part, other, fuel))
  return one.op === 'is' && other.op === 'is' && atomFollows(one, other)
}

function atomFollows(one: Atom, other: Atom): boolean {
  if (one.text === other.text) return true
  const { clause } = one
  if (clause === undefined) return false
  // An unknown machine has no values but empty ones.
  if (other.text === 'machine.known') return clause.path[0] === 'machine' && clause.values.every(isSomething)
  if (other.clause !== undefined) return sameFact(clause, other.clause) && within(clause, other.clause)
  return other.unlike !== undefined && sameFact(clause, other.unlike) && !clause.isList && apart(clause, other.unlike)
}

/** Why the condition can be true of no machine: two clauses that exclude one another; '' if a part is false as it stands. */
export function contradictionIn(form: Form): string | undefined {
  if (form.op === 'is') return undefined
  if (form.op === 'any') {
    const reasons = form.parts.map(contradictionIn)
    return reasons.every((reason) => reason !== undefined) ? (reasons[0] ?? '') : undefined
  }
  const parts = flattened(form)
  for (const [index, part] of parts.entries()) {
    const own = contradictionIn(part)
    if (own !== undefined) return own
    const against = parts.slice(0, index).find((before) => exclude(before, part))
    if (against?.op === 'is' && part.op === 'is') return `${against.text} and ${part.text} exclude one another`
  }
  return undefined
}

function flattened(form: Joined): Form[] {
  return form.parts.flatMap((part) => (part.op === 'all' ? flattened(part) : [part]))
}

function exclude(one: Form, other: Form): boolean {
  if (one.op !== 'is' || other.op !== 'is') return false
  if (one.denies === other.text || other.denies === one.text) return true
  return clash(one, other) || clash(other, one)
}

function clash({ clause }: Atom, other: Atom): boolean {
  if (clause === undefined || clause.isList) return false
  if (other.clause !== undefined) return sameFact(clause, other.clause) && apart(clause, other.clause)
  return other.unlike !== undefined && sameFact(clause, other.unlike) && within(clause, other.unlike)
}

/**
 * Finds among many forms those that another may imply without comparing it with each: `needs` of a form has a key in common with
 * `offers` of every form that implies it. `crowd` says how many have needed a key already: of parts that would do, the least crowded
 * is taken, since many rules have some of their clauses in common.
 */
export function needs(form: Form, crowd: (key: string) => number = () => 0): readonly string[] {
  if (form.op === 'is') return form.clause === undefined ? [unlikeKey(form) ?? form.text] : keysOf(form.clause)
  const parts = form.parts.map((part) => needs(part, crowd))
  if (form.op === 'any') return parts.flat()
  const cost = (keys: readonly string[]): number => keys.reduce((sum, key) => sum + 1 + crowd(key), 0)
  return parts.reduce((least, keys) => (cost(keys) < cost(least) ? keys : least), parts[0] ?? [ALWAYS])
}

export function offers(form: Form): readonly string[] {
  if (form.op !== 'is') return [ALWAYS, ...form.parts.flatMap(offers)]
  const { clause } = form
  const more = clause === undefined ? [] : [...keysOf(clause), `!=${pathOf(clause)}`, 'machine.known']
  return [ALWAYS, form.text, ...(unlikeKey(form) === undefined ? [] : [unlikeKey(form)!]), ...more]
}

const ALWAYS = ''

function keysOf(clause: Clause): string[] {
  return clause.values.map((value) => `${pathOf(clause)}=${JSON.stringify(value)}`)
}

function unlikeKey({ unlike }: Atom): string | undefined {
  return unlike && `!=${pathOf(unlike)}`
}

function pathOf({ path }: Clause): string {
  return JSON.stringify(path)
}

function sameFact(one: Clause, other: Clause): boolean {
  return one.isList === other.isList && pathOf(one) === pathOf(other)
}

function within(one: Clause, other: Clause): boolean {
  return one.values.every((value) => other.values.includes(value))
}

function apart(one: Clause, other: Clause): boolean {
  return !one.values.some((value) => other.values.includes(value))
}

function isSomething(value: string | number): boolean {
  return value !== ''
}
