import type { hardware } from '@reboots/api'
import type { Answer } from './calls.ts'
import { unknownYet } from './on-get-machine.ts'
import { machineOf, type Entry } from './records/entry.ts'
import type { Roster } from './roster/roster.ts'

/** Every machine of one revision, in the order of their ids, as the caller wants to see it. */
export function onListMachines<T>(roster: Roster, show: (machine: hardware.Machine) => T): Answer<Iterable<T>> {
  const entries = roster.entries.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  return unknownYet(roster) ?? { answer: each(entries, show) }
}

function* each<T>(entries: readonly Entry[], show: (machine: hardware.Machine) => T): Generator<T> {
  for (const entry of entries) yield show(machineOf(entry))
}
