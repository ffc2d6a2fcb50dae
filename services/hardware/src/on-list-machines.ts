import type { hardware } from '@reboots/api'
import { machineOf } from './records/entry.ts'
import type { Roster } from './roster/roster.ts'

/** Every machine of one revision, in the order of their ids. */
export function* onListMachines(roster: Roster): Generator<hardware.Machine> {
  const entries = roster.entries.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  for (const entry of entries) yield machineOf(entry)
}
