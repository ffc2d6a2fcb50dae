import {
  LeaseTable,
  runStep,
  type LeaseEvent,
  type LeaseRecord,
  type LeaseStep,
  type StepResult,
} from '@reboots/leases'
import type { Instant, Ipv4Address } from '@reboots/protocol/net'
import { eventOf } from './lease-events.ts'

/** What some steps changed that must outlive the process: offers need not. */
export interface Changes {
  /** What the books said of each address before; to take the steps back. */
  readonly before: Map<Ipv4Address, LeaseRecord>
  /** What they say now. */
  readonly after: Map<Ipv4Address, LeaseRecord>
  readonly events: LeaseEvent[]
}

export function noChanges(): Changes {
  return { before: new Map(), after: new Map(), events: [] }
}

/** A table that notes what its steps change. */
export class RecordedTable {
  readonly table = new LeaseTable((before) => this.#touched.push(before))
  #touched: LeaseRecord[] = []

  /** Carries out the steps and enters what they changed in `changes`. */
  run(steps: readonly LeaseStep[], now: Instant, changes: Changes): StepResult[] {
    return steps.map((step) => {
      this.#touched = []
      const result = runStep(this.table, step, now)
      if (step.kind !== 'offer') for (const before of this.#touched) this.#note(before, now, changes)
      return result
    })
  }

  #note(before: LeaseRecord, now: Instant, changes: Changes): void {
    const after = this.table.record(before.address)!
    if (!changes.before.has(after.address)) changes.before.set(after.address, before)
    if (before.state === 'offered' && after.state === 'free') return
    changes.after.set(after.address, after)
    const event = eventOf(before, after, now)
    if (event) changes.events.push(event)
  }

  takeBack(changes: Changes): void {
    for (const record of changes.before.values()) this.table.put(record)
  }

  /** In the order of addresses. */
  async *list(now: Instant) {
    yield* [...this.table.leases(now)].toSorted((one, other) => one.address - other.address)
  }
}
