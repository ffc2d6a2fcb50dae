import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'

/** Is told of the condition of a rule that could not be evaluated for a client, which counts as not true, and why. */
export type ConditionFailed = (rule: string, why: string) => void

/** Reasons may hold what a client says; of one policy version no more lines than these are written. */
const MOST_LINES = 100

/** Counts every condition that fails, and logs each rule and reason once for each version of the policy. */
export function conditionErrors(log: Log, metrics: Metrics): (version: string) => ConditionFailed {
  const errors = metrics.counter(
    'reboots_policy_condition_errors_total',
    'Conditions of rules that could not be evaluated for a client, which counts as not true',
  )
  return (version) => {
    const said = new Set<string>()
    return (rule, why) => {
      errors.inc()
      const line = `${rule}: ${why}`
      if (said.size >= MOST_LINES || said.has(line)) return
      said.add(line)
      log.warn({ version, rule, why }, 'condition of a rule cannot be evaluated')
    }
  }
}
