import type { Decision } from './decision.ts'
import type { Place, Reader } from './document.ts'
import { compileCondition, type Condition } from './expression/condition.ts'
import { ExpressionError } from './expression/expression-error.ts'
import { LIMITS } from './limits.ts'
import { parseDuration } from './parse-duration.ts'
import { readOutcome, type Named } from './parse-outcome.ts'

/** What a verdict names when a guard changed it; no rule may have this name. */
export const GUARD = 'guard'

/** Says of a machine that is about to boot whether it has done so too often, and what it gets then. */
export interface Guard {
  readonly condition: Condition
  readonly decision: Decision
}

/** A guard stands before what boots something; a refusal needs none. */
export function isGuarded({ kind }: Decision): boolean {
  return kind === 'boot' || kind === 'menu' || kind === 'ask'
}

/** `{ boots: 5, within: 1h, then: outcome }` */
export function readGuard(reader: Reader, place: Place, named: Named): Guard | undefined {
  const found = reader.readRecord(place, 'a guard', ['boots', 'within', 'then'])
  if (found === undefined) return undefined
  for (const key of ['boots', 'within', 'then'] as const)
    if (!found[key]) reader.report(place, `needs ${JSON.stringify(key)}`)
  const boots = found.boots && readCount(reader, found.boots)
  const within = found.within && readWithin(reader, found.within)
  const decision = found.then && readOutcome(reader, found.then, named, 'too many boots')
  if (boots === undefined || within === undefined || decision === undefined) return undefined
  const condition = compileCondition(`history.bootsWithin(duration(${JSON.stringify(within)})) >= ${boots}`)
  return { condition, decision }
}

function readCount(reader: Reader, place: Place): number | undefined {
  const value = scalarOf(place)
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= LIMITS.keptBoots) return value
  return reader.report(place, `expected a number of boots, 1 to ${LIMITS.keptBoots}`)
}

const DAY = 86_400_000

function readWithin(reader: Reader, place: Place): string | undefined {
  const text = reader.readText(place, 'a time such as 1h or 90m', LIMITS.nameCharacters)
  if (text === undefined) return undefined
  const time = parseDuration(text)
  if (time !== undefined && time > 0 && time <= LIMITS.guardDays * DAY) return text
  return reader.report(place, `expected a time such as 30s, 90m or 1h30m, at most ${LIMITS.guardDays * 24}h`)
}

/**
 * The condition of a rule with `once: true`: it no longer matches when the operating system has said that what the rule boots has done
 * what it is for.
 */
export function readOnce(
  reader: Reader,
  place: Place,
  condition: Condition,
  decision: Decision | undefined,
): Condition | undefined {
  const value = scalarOf(place)
  if (typeof value !== 'boolean') return reader.report(place, 'expected true or false')
  if (!value) return condition
  if (decision?.kind !== 'boot') return reader.report(place, 'once is for a rule that boots a profile')
  // A comment at the end of the condition must not swallow what follows.
  const text = condition.text.includes('//') ? `${condition.text}\n` : condition.text.trim()
  try {
    return compileCondition(`(${text}) && !history.finished(${JSON.stringify(decision.profile)})`)
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    return reader.report(place, `with once the condition is refused: ${error.message}`)
  }
}

function scalarOf({ node }: Place): unknown {
  return node !== null && 'value' in node ? node.value : undefined
}
