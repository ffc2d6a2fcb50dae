import { formatDecision } from '@reboots/rules'
import type { Outcome } from './outcome.ts'

/** How loud the line of a packet is: everything about a network-boot client is for people, the rest of the network is not. */
export function levelOf({ client }: Outcome): 'debug' | 'info' {
  return client === undefined ? 'debug' : 'info'
}

/** What the policy decided, and what was chosen from its menu. */
export function remarksOf({ verdict, chosen }: Outcome): Record<string, unknown> {
  if (verdict === undefined) return {}
  return {
    rule: verdict.rule,
    version: verdict.version,
    decision: formatDecision(verdict.decision),
    ...(chosen !== undefined && { chosen }),
  }
}
