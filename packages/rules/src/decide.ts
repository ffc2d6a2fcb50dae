import type { Decision, Tried, Verdict } from './decision.ts'
import type { Condition } from './expression/condition.ts'
import { FactsContext } from './expression/facts-context.ts'
import type { Facts } from './facts.ts'
import { GUARD, isGuarded, type Guard } from './guard.ts'
import { OTHERWISE, type Policy, type Rule } from './policy.ts'

/**
 * What this machine gets: the outcome of the first rule, in document order, whose condition is true and that has one; and the first
 * DHCP class that a rule up to there gives. Where that would boot the machine, and it has booted too often, it gets what the guard says. A
 * condition that cannot be evaluated counts as not true; the trace says why, and `failed` of the policy is told. Total and deterministic; never throws, reads no clock.
 */
export function decide(policy: Policy, facts: Facts): Verdict {
  const context = new FactsContext(facts)
  const { rules } = policy
  let dhcpClass: string | undefined
  let decider: Rule | undefined
  let tried = rules.length
  const candidates = new Merged(policy.index.candidates(facts))
  for (let at = candidates.next(); at !== undefined; at = candidates.next()) {
    const rule = rules[at]!
    const result = rule.condition.test(context)
    if (result !== true) {
      if (result !== false) policy.failed?.(rule.name, result)
      continue
    }
    dhcpClass ??= rule.dhcpClass
    if (rule.decision === undefined) continue
    decider = rule
    tried = at + 1
    break
  }
  const decision = decider?.decision ?? policy.otherwise
  const guard = isGuarded(decision) ? (decider?.guard ?? policy.guard) : undefined
  return guard?.condition.test(context) === true
    ? new TracedVerdict(guard.decision, GUARD, dhcpClass, guard, policy, facts, tried)
    : new TracedVerdict(decision, decider?.name ?? OTHERWISE, dhcpClass, guard, policy, facts, tried)
}

/** Ascending lists as one, nothing in it twice. */
class Merged {
  readonly #lists: readonly (readonly number[])[]
  readonly #places: number[]
  #last = -1

  constructor(lists: readonly (readonly number[])[]) {
    this.#lists = lists
    this.#places = lists.map(() => 0)
  }

  next(): number | undefined {
    let least: number | undefined
    for (let i = 0; i < this.#lists.length; i++) {
      const list = this.#lists[i]!
      if (list[this.#places[i]!] === this.#last) this.#places[i]!++
      const value = list[this.#places[i]!]
      if (value !== undefined && (least === undefined || value < least)) least = value
    }
    return least === undefined ? undefined : (this.#last = least)
  }
}

/** What was tried is found out again when somebody wants to know: packets do not, and most rules need not be tried to decide. */
class TracedVerdict implements Verdict {
  readonly decision: Decision
  readonly rule: string
  readonly version: string
  declare readonly dhcpClass?: string
  declare readonly guard?: Guard
  readonly #policy: Policy
  readonly #facts: Facts
  readonly #tried: number

  constructor(
    decision: Decision,
    rule: string,
    dhcpClass: string | undefined,
    guard: Guard | undefined,
    policy: Policy,
    facts: Facts,
    tried: number,
  ) {
    this.decision = decision
    this.rule = rule
    this.version = policy.version
    if (dhcpClass !== undefined) this.dhcpClass = dhcpClass
    if (guard !== undefined) this.guard = guard
    this.#policy = policy
    this.#facts = facts
    this.#tried = tried
  }

  get trace(): readonly Tried[] {
    const context = new FactsContext(this.#facts)
    const tried = this.#policy.rules
      .slice(0, this.#tried)
      .map((rule) => attempt(rule.name, rule.condition, context, rule.missed))
    return this.guard === undefined ? tried : [...tried, attempt(GUARD, this.guard.condition, context)]
  }
}

function attempt(rule: string, { test }: Condition, context: FactsContext, missed?: Tried): Tried {
  const result = test(context)
  if (result === false) return missed ?? { rule, matched: false }
  return result === true ? { rule, matched: true } : { rule, matched: false, error: result }
}
