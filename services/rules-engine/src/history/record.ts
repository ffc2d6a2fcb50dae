import type { history as api } from '@reboots/api'
import type { BootHistory } from '@reboots/rules'

/** A history as other services get it; without one, the record of a machine of which nothing is remembered. */
export function recordOf(subject: string, history: BootHistory | undefined): api.History {
  return {
    subject,
    boots: (history?.boots ?? []).map(({ at, profile, rule }) => ({ at: new Date(at), profile, rule })),
    booted: dateOf(history?.booted),
    finished: [...(history?.finished ?? [])],
    reopened: dateOf(history?.reopened),
  }
}

function dateOf(instant: number | undefined): Date | undefined {
  return instant === undefined ? undefined : new Date(instant)
}
