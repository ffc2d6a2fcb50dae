import type { ASTNode } from '@marcbachmann/cel-js'
import { LIMITS } from '../limits.ts'
import { suggestion } from '../nearest.ts'
import type { Scope } from './environment.ts'
import { ExpressionError } from './expression-error.ts'
import { operandsOf } from './operands.ts'
import { ASSUMED_LENGTH, FUNCTIONS, MACROS, METHODS } from './functions.ts'
import { readLiterals } from './literals.ts'
import { OWN_METHODS, ownMethod } from './rewritten.ts'
import { SETS } from './sets.ts'
import { sizeOf, type Bound } from './size.ts'

/** What is around a node: the macros it is in, and their variables. */
interface Around {
  readonly scope: Scope
  readonly bound: Bound
  /** How many macros those are: two may use one name. */
  readonly nesting: number
  /** Evaluations of a node here, at most. */
  readonly times: number
  /** The innermost macro. */
  readonly macro?: ASTNode
  readonly sums: Sums
}

/** What is counted over the whole expression. */
interface Sums {
  readonly reads: Set<string>
  steps: number
  /** Length of its longest list literal. */
  readonly longest: number
}

export interface Syntax {
  /** Variables the expression reads. */
  readonly reads: ReadonlySet<string>
  /** Nodes that one evaluation may visit, those in macros once for each element, and what `+` copies. */
  readonly steps: number
}

/**
 * Checks what the type checker does not: only functions we vouch for, bounded macros, regular expressions that RE2 runs.
 * Calls of methods that are ours are rewritten in place, those with a literal to take what was read.
 * @throws ExpressionError
 */
export function checkSyntax(ast: ASTNode, scope: Scope): Syntax {
  const sums: Sums = { reads: new Set<string>(), steps: 0, longest: longestLiteral(ast) }
  visit(ast, { scope, bound: new Map(), nesting: 0, times: 1, sums })
  return sums
}

function longestLiteral(node: ASTNode): number {
  const own = node.op === 'list' || node.op === 'map' ? node.args.length : 0
  return Math.max(own, ...operandsOf(node).map(longestLiteral))
}

function visit(node: ASTNode, around: Around): void {
  count(node, around)
  if (node.op === 'id') return visitVariable(node.args, node.start, around)
  if (node.op === 'call') return visitCall(node, node.args[0], node.args[1], FUNCTIONS, around)
  if (node.op !== 'rcall') return visitAll(operandsOf(node), around)
  visit(node.args[1], around)
  visitMethod(node, around)
}

function count(node: ASTNode, { scope, bound, times, macro, sums }: Around): void {
  sums.steps += node.op === '+' ? times * sizeOf(node, bound, scope).whole : times
  if (sums.steps > LIMITS.expressionSteps) {
    throw new ExpressionError(`may take more than ${LIMITS.expressionSteps} steps`, (macro ?? node).start)
  }
}

function visitAll(nodes: readonly ASTNode[], around: Around): void {
  for (const node of nodes) visit(node, around)
}

function visitVariable(name: string, offset: number, { scope, bound, sums }: Around): void {
  if (bound.has(name)) return
  if (NAMES.has(name)) return
  if (!scope.variables.includes(name)) {
    const known = [...scope.variables, ...bound.keys()]
    const hint = suggestion(name, known) || `; there are ${known.join(', ')}`
    throw new ExpressionError(`there is no ${JSON.stringify(name)}${hint}`, offset)
  }
  sums.reads.add(name)
}

/** Names that are no variables: of types, and of a group of functions. */
const NAMES: ReadonlySet<string> = new Set([SETS, 'string', 'int', 'double', 'bool', 'list', 'map', 'null_type'])

function visitCall(
  node: ASTNode,
  name: string,
  args: readonly ASTNode[],
  known: Readonly<Record<string, readonly number[]>>,
  around: Around,
): void {
  const counts = Object.hasOwn(known, name) ? known[name] : undefined
  if (counts === undefined) {
    throw new ExpressionError(`there is no function ${name}()${suggestion(name, Object.keys(known))}`, node.start)
  }
  if (!counts.includes(args.length)) {
    throw new ExpressionError(
      `${name}() takes ${counts.join(' or ')} argument${counts.at(-1) === 1 ? '' : 's'}, not ${args.length}`,
      node.start,
    )
  }
  if (name === 'has') requireKnownField(args[0]!, around)
  visitAll(args, around)
  readLiterals(name, args)
  if (node.op === 'rcall' && OWN_METHODS.has(name)) node.args[0] = ownMethod(name)
}

function visitMethod(node: ASTNode & { readonly op: 'rcall' }, around: Around): void {
  const [name, receiver, args] = node.args
  if (!MACROS.has(name)) {
    return visitCall(node, name, args, METHODS, around)
  }
  const variable = args[0]
  if (variable?.op !== 'id')
    throw new ExpressionError(`${name}() needs a variable first`, variable?.start ?? node.start)
  const nesting = around.nesting + 1
  if (nesting > LIMITS.macroNesting) {
    throw new ExpressionError(`macros nested deeper than ${LIMITS.macroNesting}: ${nesting}`, node.start)
  }
  const times = around.times * lengthOf(receiver, around)
  const bound = new Map(around.bound).set(variable.args, sizeOf(receiver, around.bound, around.scope).element)
  visitCall(node, name, args, METHODS, { ...around, bound, nesting, times, macro: node })
}

/** How many elements a macro over this value visits, at most. */
function lengthOf(node: ASTNode, around: Around): number {
  if (node.op === 'list' || node.op === 'map') return Math.max(1, node.args.length)
  if (node.op === 'rcall' && MACROS.has(node.args[0])) return lengthOf(node.args[1], around)
  if (node.op === '+') return lengthOf(node.args[0], around) + lengthOf(node.args[1], around)
  if (isFact(node, around)) return ASSUMED_LENGTH
  return Math.max(ASSUMED_LENGTH, around.sums.longest, sizeOf(node, around.bound, around.scope).whole)
}

function isFact(node: ASTNode, around: Around): boolean {
  if (node.op === '.' || node.op === '[]') return isFact(node.args[0], around)
  return node.op === 'id' && !around.bound.has(node.args)
}

/** `has(client.foo)` would be false for ever: the type checker looks at the first name only. */
function requireKnownField(node: ASTNode, { scope, bound }: Around): void {
  const path: { readonly name: string; readonly offset: number }[] = []
  let at = node
  for (; at.op === '.'; at = at.args[0]) path.unshift({ name: at.args[1], offset: at.pos })
  if (at.op !== 'id' || bound.has(at.args)) return
  let type = at.args
  for (const { name, offset } of path) {
    const fields = scope.fields.get(type)
    if (type.startsWith('map<')) return
    if (fields === undefined) throw new ExpressionError(`${type} has no fields`, offset)
    if (!Object.hasOwn(fields, name)) throw unknownField(type, name, fields, offset)
    type = fields[name]!
  }
}

export function unknownField(
  type: string,
  name: string,
  fields: Readonly<Record<string, string>>,
  offset: number,
): ExpressionError {
  return new ExpressionError(
    `${type} has no field ${JSON.stringify(name)}${suggestion(name, Object.keys(fields))}`,
    offset,
  )
}
