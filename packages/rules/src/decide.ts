import type { Decision, Tried, Verdict } from './decision.ts'
import { FactsContext } from './expression/facts-context.ts'
import type { Facts } from './facts.ts'
import { OTHERWISE, type Policy } from './policy.ts'

/**
 * What this machine gets: the outcome of the first rule, in document order, whose condition is true and that has one; and the first
 * DHCP class that a rule up to there gives. A condition that cannot be
 * evaluated counts as not true, and the trace says why. Total and deterministic; never throws, reads no clock.
 */
export function decide(policy: Policy, facts: Facts): Verdict {
  const context = new FactsContext(facts)
  const trace: Tried[] = []
  let dhcpClass: string | undefined
  for (const rule of policy.rules) {
    const result = rule.condition.test(context)
    if (result === true) {
      trace.push({ rule: rule.name, matched: true })
      dhcpClass ??= rule.dhcpClass
      if (rule.decision === undefined) continue
      return verdict(policy, rule.decision, rule.name, dhcpClass, trace)
    }
    trace.push(result === false ? rule.missed : { rule: rule.name, matched: false, error: result })
  }
  return verdict(policy, policy.otherwise, OTHERWISE, dhcpClass, trace)
}

function verdict(
  { version }: Policy,
  decision: Decision,
  rule: string,
  dhcpClass: string | undefined,
  trace: readonly Tried[],
): Verdict {
  return dhcpClass === undefined ? { decision, rule, version, trace } : { decision, rule, version, dhcpClass, trace }
}
