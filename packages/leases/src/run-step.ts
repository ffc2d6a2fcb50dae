import type { Instant } from '@reboots/protocol/net'
import type { Lease } from './lease.ts'
import type { LeaseStep, StepResult } from './lease-store.ts'
import type { LeaseTable } from './lease-table.ts'

/** One step on a table in memory. */
export function runStep(table: LeaseTable, step: LeaseStep, now: Instant): StepResult {
  return leaseOf(table, step, now) ?? 'refused'
}

function leaseOf(table: LeaseTable, step: LeaseStep, now: Instant): Lease | undefined {
  switch (step.kind) {
    case 'release':
      return table.release(step.client, step.address, now)
    case 'hold':
      return table.hold(step.client, step.address, step.time, now)
    case 'free':
      return table.free(step.client, step.address, step.what, now)
    case 'offer':
    case 'bind':
    case 'decline':
      return table[step.kind](step.pool, step.claim, now)
  }
}
