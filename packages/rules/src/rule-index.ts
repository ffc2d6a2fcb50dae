import type { ASTNode } from '@marcbachmann/cel-js'
import { FACT_SCHEMA, type FieldType } from './fact-schema.ts'
import type { Facts } from './facts.ts'

/** A value that a rule compares a fact with. */
type Key = string | number

/** A fact that rules compare with values written in them. */
interface Fact {
  /** The names on the way to it, `machine`, `labels`, `rack`. */
  readonly path: readonly string[]
  /** A list of texts, of which one has to be the value. */
  readonly isList: boolean
}

/** A clause that is only true when a fact has one of some values. */
export interface Clause extends Fact {
  readonly values: readonly Key[]
}

interface IndexedFact extends Fact {
  /** Positions of rules, ascending, by the value that they want. */
  readonly rules: Map<Key, number[]>
}

/**
 * Finds the rules that may match without trying those that cannot: of each rule one clause that has to be true, such as
 * `machine.labels.rack == "a12"`, is looked up by what the fact is. The others are always tried. What is left out evaluates to
 * false or to an error, which is the same to a decision.
 */
export class RuleIndex {
  readonly #always: readonly number[]
  readonly #facts: readonly IndexedFact[]

  /** `conditions` of the rules, in their order. */
  constructor(conditions: readonly ASTNode[]) {
    const always: number[] = []
    const facts = new Map<string, IndexedFact>()
    for (const [position, condition] of conditions.entries()) {
      const clause = indexable(condition)
      if (clause === undefined) {
        always.push(position)
        continue
      }
      const { path, isList } = clause
      const name = JSON.stringify(path)
      let fact = facts.get(name)
      if (fact === undefined) facts.set(name, (fact = { path, isList, rules: new Map() }))
      for (const value of new Set(clause.values)) {
        const rules = fact.rules.get(value)
        if (rules === undefined) fact.rules.set(value, [position])
        else rules.push(position)
      }
    }
    this.#always = always
    this.#facts = [...facts.values()]
  }

  /** Positions of the rules that may match, in lists that are ascending each; a position may be in two of them. */
  candidates(facts: Facts): readonly (readonly number[])[] {
    const lists = [this.#always]
    for (const { path, isList, rules } of this.#facts) {
      const value = factAt(facts, path)
      if (!isList) {
        const found = rules.get(value as Key)
        if (found !== undefined) lists.push(found)
      } else if (Array.isArray(value)) {
        for (const element of value) {
          const found = rules.get(element as Key)
          if (found !== undefined) lists.push(found)
        }
      }
    }
    return lists
  }
}

/** What is there, be it a text, a list or a whole mapping. */
export function factAt(facts: Facts, path: readonly string[]): unknown {
  let value: unknown = facts
  for (const name of path) {
    // Labels may have any name, also that of something every object inherits.
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as Readonly<Record<string, unknown>>)[name]
  }
  return value
}

/** The clause with the fewest values, of those that all have to be true. */
function indexable(condition: ASTNode): Clause | undefined {
  const clauses = conjuncts(condition).flatMap((node) => clauseOf(node) ?? [])
  return clauses.toSorted((one, other) => one.values.length - other.values.length)[0]
}

export function conjuncts(node: ASTNode): ASTNode[] {
  return node.op === '&&' ? [...conjuncts(node.args[0]), ...conjuncts(node.args[1])] : [node]
}

export function clauseOf(node: ASTNode): Clause | undefined {
  if (node.op === '==') return comparison(node.args[0], [node.args[1]]) ?? comparison(node.args[1], [node.args[0]])
  if (node.op === '||') return either(clauseOf(node.args[0]), clauseOf(node.args[1]))
  if (node.op !== 'in') return undefined
  return node.args[1].op === 'list' ? comparison(node.args[0], node.args[1].args) : membership(node.args)
}

/** A fact that is one of some values. */
function comparison(path: ASTNode, literals: readonly ASTNode[]): Clause | undefined {
  const fact = factOf(path)
  const wanted = fact && { string: 'string', int: 'number' }[fact.type]
  if (fact === undefined || wanted === undefined) return undefined
  const values = literals.map(literalOf)
  if (!values.every((value): value is Key => typeof value === wanted)) return undefined
  return { path: fact.path, isList: false, values }
}

/** A value in a list of the facts. */
function membership([literal, path]: readonly [ASTNode, ASTNode]): Clause | undefined {
  const fact = factOf(path)
  const value = literalOf(literal)
  return fact?.type === 'list<string>' && typeof value === 'string'
    ? { path: fact.path, isList: true, values: [value] }
    : undefined
}

function either(one: Clause | undefined, other: Clause | undefined): Clause | undefined {
  if (one === undefined || other === undefined || one.path.join('\0') !== other.path.join('\0')) return undefined
  return { ...one, values: [...one.values, ...other.values] }
}

export function literalOf(node: ASTNode): Key | undefined {
  if (node.op !== 'value') return undefined
  const value: unknown = node.args
  if (typeof value === 'string') return value
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : undefined
}

/** The fact that a path of names leads to, with its type; undefined for anything else. */
function factOf(node: ASTNode): { readonly path: readonly string[]; readonly type: string } | undefined {
  const path = namesOf(node)
  if (path === undefined) return undefined
  let type: FieldType = FACT_SCHEMA
  for (const [at, name] of path.entries()) {
    // Of metadata nothing is known; a number there may be equal to one of another type.
    if (type === 'map<string, string>' && at === path.length - 1) return { path, type: 'string' }
    if (typeof type === 'string' || !Object.hasOwn(type, name)) return undefined
    type = type[name]!
  }
  return typeof type === 'string' ? { path, type } : undefined
}

/** The names on the way to a fact or to what an expression calls so; undefined for anything else. */
export function namesOf(node: ASTNode): readonly string[] | undefined {
  if (node.op === 'id') return [node.args]
  const name = node.op === '.' ? node.args[1] : node.op === '[]' ? literalOf(node.args[1]) : undefined
  if ((node.op !== '.' && node.op !== '[]') || typeof name !== 'string') return undefined
  const before = namesOf(node.args[0])
  return before && [...before, name]
}
