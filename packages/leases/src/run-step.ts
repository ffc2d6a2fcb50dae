import type { Instant } from '@reboots/protocol/net'
import type { LeaseStep, StepResult } from './lease-store.ts'
import type { LeaseTable } from './lease-table.ts'

/** One step on a table in memory. */
export function runStep(table: LeaseTable, step: LeaseStep, now: Instant): StepResult {
  const lease =
    step.kind === 'release'
      ? table.release(step.client, step.address, now)
      : table[step.kind](step.pool, step.claim, now)
  return lease ?? 'refused'
}
