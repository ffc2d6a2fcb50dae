import { ParseError, TypeError as CelTypeError, type ASTNode, type ParseResult } from '@marcbachmann/cel-js'
import { LIMITS } from '../limits.ts'
import type { Scope } from './environment.ts'
import { ExpressionError } from './expression-error.ts'
import { asWritten } from './rewritten.ts'
import { checkSyntax, unknownField } from './syntax.ts'

/** A checked expression. */
export interface Expression {
  readonly text: string
  /** CEL's name of the type of its value: `bool`, `string`, `dyn`, `list<string>` … */
  readonly type: string
  /** Variables it reads. */
  readonly reads: ReadonlySet<string>
  /** Nodes one evaluation may visit. */
  readonly steps: number
  readonly ast: ASTNode
  /** @throws whatever the CEL library throws; see `reasonOf` */
  readonly evaluate: (context: object) => unknown
}

/** Parses, bounds and type-checks an expression. @throws ExpressionError at the first thing that is wrong with it */
export function compile(text: string, scope: Scope): Expression {
  if (text.length > LIMITS.expressionCharacters) {
    throw new ExpressionError(`longer than ${LIMITS.expressionCharacters} characters`, 0)
  }
  if (text.trim() === '') throw new ExpressionError('empty expression', 0)
  const parsed = parse(text, scope)
  const { reads, steps } = checkSyntax(parsed.ast, scope)
  const checked = parsed.check()
  if (!checked.valid) throw typeProblem(checked.error, scope)
  return {
    text,
    type: checked.type ?? 'dyn',
    reads,
    steps,
    ast: parsed.ast,
    evaluate: parsed as (context: object) => unknown,
  }
}

/** The syntax tree as written, nothing rewritten in it. @throws ExpressionError */
export function parse(text: string, scope: Scope): ParseResult {
  try {
    return scope.environment.parse(text)
  } catch (error) {
    if (error instanceof ParseError) throw syntaxProblem(error, text)
    if (error instanceof RangeError) throw new ExpressionError('nested too deeply', 0)
    throw new ExpressionError(reasonOf(error), 0)
  }
}

/** How other languages write what CEL writes otherwise. */
const FOREIGN: Readonly<Record<string, string>> = {
  and: '&&',
  or: '||',
  not: '!',
  '&': '&&',
  '|': '||',
  '=': '==',
  '“': '"',
  '”': '"',
  '‘': "'",
  '’': "'",
}

function syntaxProblem({ summary, range }: ParseError, text: string): ExpressionError {
  const offset = range?.start ?? 0
  // Of a word the library has read the beginning.
  const begin = offset - /[a-z]*$/i.exec(text.slice(0, offset))![0].length
  const found = /^(?:[a-z]+|.)?/isu.exec(text.slice(begin))![0]
  const written = Object.hasOwn(FOREIGN, found.toLowerCase()) ? FOREIGN[found.toLowerCase()] : undefined
  return written === undefined
    ? new ExpressionError(inOurWords(summary), offset)
    : new ExpressionError(`CEL writes ${written} for ${found}`, begin)
}

/** The CEL library's words where ours are clearer. */
function inOurWords(summary: string): string {
  if (summary === 'has() invalid argument') return 'has() takes a field, such as has(machine.labels.rack)'
  const macro = /^(\w+)\(var, .*invalid predicate iteration variable$/.exec(summary)?.[1]
  return macro === undefined
    ? lowerFirst(summary)
    : `${macro}() needs the name of a variable first, as in list.${macro}(x, x == "a")`
}

/** Why an evaluation failed, in a line. */
export function reasonOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'summary' in error && typeof error.summary === 'string') {
    return lowerFirst(error.summary)
  }
  return error instanceof Error ? error.message : String(error)
}

type CheckedNode = { readonly checkedType?: { readonly name: string } }

function typeProblem(error: unknown, scope: Scope): ExpressionError {
  if (!(error instanceof CelTypeError)) return new ExpressionError(reasonOf(error), 0)
  const node = error.node
  const offset = error.range?.start ?? 0
  if (node === undefined) return new ExpressionError(inOurWords(error.summary), offset)
  const operands = Array.isArray(node.args) ? (node.args as readonly CheckedNode[]) : []
  const left = operands[0]?.checkedType?.name ?? ''
  const right = operands[1]?.checkedType?.name ?? ''
  switch (error.code) {
    case 'no_such_key': {
      const name = error.summary.slice(error.summary.indexOf(': ') + 2)
      return unknownField(left, name, scope.fields.get(left) ?? {}, offset)
    }
    case 'no_such_overload':
      return left === '' || right === ''
        ? new ExpressionError(inOurWords(error.summary), offset)
        : new ExpressionError(`${node.op} does not work on ${left} and ${right}`, offset)
    case 'no_matching_overload':
      return new ExpressionError(
        asWritten(error.summary.replace('found no matching overload for', 'there is no')),
        offset,
      )
    default:
      return new ExpressionError(inOurWords(error.summary), offset)
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
