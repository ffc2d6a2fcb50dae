import type { ASTNode } from '@marcbachmann/cel-js'
import { compile, reasonOf } from './compile.ts'
import { LIMITS } from '../limits.ts'
import { CONDITION_SCOPE, MATCH_SCOPE, type Scope } from './environment.ts'
import { ExpressionError } from './expression-error.ts'
import { SightingContext, type FactsContext, type Sighting } from './facts-context.ts'

/** The `when` of a rule. */
export interface Condition {
  readonly text: string
  readonly ast: ASTNode
  /** Variables it looks at. */
  readonly reads: ReadonlySet<string>
  /** Nodes one evaluation may visit. */
  readonly steps: number
  /** True, false, or why it could not be evaluated. Never throws. */
  readonly test: (context: FactsContext) => boolean | string
}

/** Says of whoever asks whether it is the machine of a hardware record. */
export interface Match {
  readonly text: string
  /** True, false, or why it could not be evaluated. Never throws. */
  readonly test: (sighting: Sighting) => boolean | string
}

/** @throws ExpressionError if the text is not an expression over the facts whose value is true or false */
export function compileCondition(text: string): Condition {
  return compileIn(text, CONDITION_SCOPE)
}

/** The `when` in the `match` of a hardware record. @throws ExpressionError as above, also if it may take too many steps */
export function compileMatch(text: string): Match {
  const { steps, test } = compileIn(text, MATCH_SCOPE)
  if (steps > LIMITS.matchSteps) {
    throw new ExpressionError(`may take ${steps} steps; at most ${LIMITS.matchSteps} are allowed`, 0)
  }
  return { text, test: (sighting) => test(new SightingContext(sighting)) }
}

function compileIn(text: string, scope: Scope): Omit<Condition, 'test'> & { test(context: object): boolean | string } {
  const { type, steps, ast, reads, evaluate } = compile(text, scope)
  if (type !== 'bool' && type !== 'dyn') throw new ExpressionError(`a condition is true or false, this is ${type}`, 0)
  return {
    text,
    ast,
    reads,
    steps,
    test(context) {
      try {
        const value = evaluate(context)
        return typeof value === 'boolean' ? value : 'its value is neither true nor false'
      } catch (error) {
        return reasonOf(error)
      }
    },
  }
}
