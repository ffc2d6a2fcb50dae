import { formatArchitecture } from '@reboots/protocol/pxe'
import { decide } from './decide.ts'
import type { ClientFacts, Facts } from './facts.ts'
import { Outcomes } from './outcome.ts'
import type { Policy } from './policy.ts'

/** A decision that would have been another under a policy that is only tried out. */
export interface ShadowDifference {
  /** Id of the hardware record; of a machine without one its MAC. */
  readonly machine: string
  /** How it asked: `x64-uefi`, `x64-uefi, iPXE`. */
  readonly client: string
  /** What it got, and would have got, for people. */
  readonly before: string
  readonly after: string
}

const known = new WeakMap<Policy, Outcomes>()

/** What a candidate would have changed for whoever asked; undefined if nothing. */
export function shadowDifference(active: Policy, candidate: Policy, facts: Facts): ShadowDifference | undefined {
  const { client, machine } = facts
  const [was, becomes] = [active, candidate].map((policy) => outcomeOf(policy, facts)) as [Outcome, Outcome]
  if (was.key === becomes.key) return undefined
  const after = was.text === becomes.text ? `${becomes.text}, changed` : becomes.text
  return { machine: machine.known ? machine.id : client.mac, client: wayToAsk(client), before: was.text, after }
}

interface Outcome {
  readonly text: string
  readonly key: string
}

/** Of a client that does not boot only the class counts. */
function outcomeOf(policy: Policy, facts: Facts): Outcome {
  const verdict = decide(policy, facts)
  if (facts.client.firmware === '') {
    const text = verdict.dhcpClass === undefined ? 'no class' : `class ${verdict.dhcpClass}`
    return { text, key: text }
  }
  let outcomes = known.get(policy)
  if (outcomes === undefined) known.set(policy, (outcomes = new Outcomes(policy)))
  return outcomes.of(verdict)
}

function wayToAsk({ arch, firmware, loader }: ClientFacts): string {
  if (firmware === '') return 'no boot'
  return `${formatArchitecture(arch)}${loader === 'ipxe' ? ', iPXE' : ''}`
}
