import type { ASTNode } from '@marcbachmann/cel-js'
import type { Scope } from './environment.ts'
import { ASSUMED_LENGTH, MACROS } from './functions.ts'
import { operandsOf } from './operands.ts'
import { writtenMethod } from './rewritten.ts'

/** Sizes of the macro variables around a node, by name. */
export type Bound = ReadonlyMap<string, number>

/** At most: elements of a list with those of the lists in it, or parts of a text that was put together; 1 for everything else. */
export interface Size {
  readonly whole: number
  /** The biggest of its elements. */
  readonly element: number
}

const ONE: Size = { whole: 1, element: 1 }

/**
 * How big the value of a node may become. CEL has no loops, but `map` over `+` grows like one:
 * `[["x"]].map(a, a + a).map(a, a + a)` doubles with every call.
 */
export function sizeOf(node: ASTNode, bound: Bound, scope: Scope): Size {
  if (node.op === 'value') return ONE
  if (node.op === 'id' || node.op === '.' || node.op === '[]') return sizeOfPath(node, bound, scope)
  if (node.op === 'rcall' && writtenMethod(node.args[0]) === 'split') return { whole: ASSUMED_LENGTH, element: 1 }
  if (node.op === 'rcall' && MACROS.has(node.args[0])) return sizeOfMacro(node, bound, scope)
  if (node.op === '?:' || node.op === '+' || node.op === 'list') return sizeOfSides(node, bound, scope)
  return sizeOfParts(node, bound, scope)
}

/** What is made of other values, in whatever way, is no bigger than all of them. */
function sizeOfParts(node: ASTNode, bound: Bound, scope: Scope): Size {
  const parts = operandsOf(node).map((operand) => sizeOf(operand, bound, scope).whole)
  const whole = Math.max(1, sum(parts))
  return { whole, element: whole }
}

function sizeOfSides(node: ASTNode, bound: Bound, scope: Scope): Size {
  const sides = operandsOf(node).map((operand) => sizeOf(operand, bound, scope))
  const wholes = sides.map(({ whole }) => whole)
  if (node.op === 'list') return { whole: Math.max(1, sum(wholes)), element: Math.max(1, ...wholes) }
  return { whole: sum(wholes), element: Math.max(...sides.map(({ element }) => element)) }
}

function sizeOfMacro(node: ASTNode & { readonly op: 'rcall' }, bound: Bound, scope: Scope): Size {
  const [name, receiver, args] = node.args
  const over = sizeOf(receiver, bound, scope)
  if (name === 'filter') return over
  const variable = args[0]
  const body = args.at(-1)
  if (name !== 'map' || variable?.op !== 'id' || body === undefined) return ONE
  const element = sizeOf(body, new Map(bound).set(variable.args, over.element), scope).whole
  return { whole: over.whole * element, element }
}

function sizeOfPath(node: ASTNode, bound: Bound, scope: Scope): Size {
  const type = factType(node, bound, scope)
  if (type !== undefined) return type.includes('<') ? { whole: ASSUMED_LENGTH, element: elementOf(type) } : ONE
  const held = node.op === 'id' ? bound.get(node.args) : undefined
  if (held !== undefined) return { whole: held, element: held }
  // What is in `metadata` may be anything; and a part of a value is no bigger than the whole.
  return sizeOfParts(node, bound, scope)
}

function elementOf(type: string): number {
  return type === 'map<string, dyn>' ? ASSUMED_LENGTH : 1
}

/** CEL's name of the type of a fact; undefined for what is not a fact, or of no type that is known. */
function factType(node: ASTNode, bound: Bound, scope: Scope): string | undefined {
  if (node.op === 'id') return bound.has(node.args) ? undefined : node.args
  if (node.op !== '.' && node.op !== '[]') return undefined
  const around = factType(node.args[0], bound, scope)
  if (around === undefined) return undefined
  if (around === 'map<string, string>' || around === 'list<string>') return 'string'
  return node.op === '.' ? scope.fields.get(around)?.[node.args[1]] : undefined
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
