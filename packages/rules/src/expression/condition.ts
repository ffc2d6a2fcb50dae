import { compile, reasonOf } from './compile.ts'
import { CONDITION_SCOPE } from './environment.ts'
import { ExpressionError } from './expression-error.ts'
import type { FactsContext } from './facts-context.ts'

/** The `when` of a rule. */
export interface Condition {
  readonly text: string
  /** Nodes one evaluation may visit. */
  readonly steps: number
  /** True, false, or why it could not be evaluated. Never throws. */
  readonly test: (context: FactsContext) => boolean | string
}

/** @throws ExpressionError if the text is not an expression over the facts whose value is true or false */
export function compileCondition(text: string): Condition {
  const { type, steps, evaluate } = compile(text, CONDITION_SCOPE)
  if (type !== 'bool' && type !== 'dyn') throw new ExpressionError(`a condition is true or false, this is ${type}`, 0)
  return {
    text,
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
