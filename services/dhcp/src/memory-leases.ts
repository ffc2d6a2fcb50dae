import type { LeaseStep, LeaseTable, StepResult } from '@reboots/leases'
import type { Instant } from '@reboots/protocol/net'

/** One step on a table in memory. */
export function runStep(table: LeaseTable, step: LeaseStep, now: Instant): StepResult {
  if (step.kind === 'release') return table.release(step.client, step.address, now) ?? 'refused'
  return table[step.kind](step.pool, step.claim, now) ?? 'refused'
}
