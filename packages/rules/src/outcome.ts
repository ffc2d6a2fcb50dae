import type { Decision, Verdict } from './decision.ts'
import { formatDecision } from './policy-tests.ts'
import type { Policy } from './policy.ts'

/** What a verdict comes to for the machine. */
export interface Outcome {
  /** For people: `boot hook`, `deny "broken"`, `ignore`, with the DHCP class if there is one. */
  readonly text: string
  /** Equal for the same of two policies only if the machine gets the same, also where a profile has kept its name and changed. */
  readonly key: string
}

/** The outcomes of one policy; each is put together once, since there are as many as rules and not as machines. */
export class Outcomes {
  readonly #policy: Policy
  readonly #known = new Map<Decision, Map<string, Outcome>>()

  constructor(policy: Policy) {
    this.#policy = policy
  }

  of({ decision, dhcpClass = '' }: Verdict): Outcome {
    let classes = this.#known.get(decision)
    if (classes === undefined) this.#known.set(decision, (classes = new Map()))
    let outcome = classes.get(dhcpClass)
    if (outcome === undefined) classes.set(dhcpClass, (outcome = this.#outcome(decision, dhcpClass)))
    return outcome
  }

  #outcome(decision: Decision, dhcpClass: string): Outcome {
    // Why a machine is ignored is in the log; the machine notices nothing of it.
    const text = decision.kind === 'ignore' ? 'ignore' : formatDecision(decision)
    const added = dhcpClass === '' ? '' : `, class ${dhcpClass}`
    return { text: text + added, key: `${text}${added}\n${this.#behind(decision)}` }
  }

  /** What the names in a decision stand for. */
  #behind(decision: Decision): string {
    if (decision.kind === 'boot') return written([decision, this.#policy.profiles.get(decision.profile)])
    if (decision.kind !== 'menu') return ''
    const profiles = decision.menu.entries.flatMap(({ boots }) => (boots.kind === 'boot' ? boots.profile : []))
    return written([decision.menu, profiles.map((name) => this.#policy.profiles.get(name))])
  }
}

/** Templates as their text: what they were compiled to says nothing more. */
function written(value: unknown): string {
  return JSON.stringify(value, (key, inner: unknown) => {
    if (key === 'parts') return undefined
    return inner instanceof Map ? [...inner] : typeof inner === 'bigint' ? String(inner) : inner
  })
}
