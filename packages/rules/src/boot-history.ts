import type { Instant } from '@reboots/protocol/net'
import { LIMITS } from './limits.ts'

/** A boot script that was sent. */
export interface Boot {
  readonly at: Instant
  /** Empty for what is no profile: a file of a menu. */
  readonly profile: string
  readonly rule: string
}

/**
 * What is remembered of a machine's network boots. Values are made by `withBoot`, `withBooted` and `reopenedAt` only, and to say the same
 * thing twice changes nothing: who has heard of an event already may hear of it again.
 */
export interface BootHistory {
  /** Oldest first, no more than `LIMITS.keptBoots`. */
  readonly boots: readonly Boot[]
  /** When its operating system last said that it runs. */
  readonly booted: Instant | undefined
  /** The profiles whose operating system has said so. */
  readonly finished: readonly string[]
  /** What happened up to then is forgotten. */
  readonly reopened: Instant | undefined
}

export const NO_HISTORY: BootHistory = Object.freeze({
  boots: Object.freeze([]),
  booted: undefined,
  finished: Object.freeze([]),
  reopened: undefined,
})

/** Under which name a machine's boots are remembered: that of its record, whichever interface it boots from; else its MAC. */
export function historySubject(machine: { readonly id: string } | undefined, mac: string): string {
  return machine === undefined || machine.id === '' ? mac : `record:${machine.id}`
}

/** The machine was sent a boot script. */
export function withBoot(history: BootHistory, boot: Boot): BootHistory {
  const { boots, booted } = history
  if (isForgotten(history, boot.at) || boots.some((one) => one.at === boot.at && one.profile === boot.profile))
    return history
  const after = boots.findLastIndex(({ at }) => at <= boot.at) + 1
  const kept = boots.toSpliced(after, 0, boot).slice(-LIMITS.keptBoots)
  const added = { ...history, boots: kept }
  // Word of a boot may come later than that of its end, if they went through different servers.
  return booted !== undefined && boot.at <= booted ? withFinished(added, booted) : added
}

/** The machine's operating system says that it runs: what it was sent last has done what it is for. */
export function withBooted(history: BootHistory, at: Instant): BootHistory {
  if (isForgotten(history, at)) return history
  const { booted } = history
  return withFinished(booted !== undefined && booted >= at ? history : { ...history, booted: at }, at)
}

/** Everything up to now is forgotten. */
export function reopenedAt(at: Instant): BootHistory {
  return { ...NO_HISTORY, reopened: at }
}

function isForgotten({ reopened }: BootHistory, at: Instant): boolean {
  return reopened !== undefined && at <= reopened
}

function withFinished(history: BootHistory, at: Instant): BootHistory {
  const { boots, finished } = history
  const profile = boots.findLast((boot) => boot.at <= at)?.profile ?? ''
  if (profile === '' || finished.includes(profile)) return history
  return { ...history, finished: [...finished, profile].slice(-LIMITS.finishedProfiles) }
}

/** Boots in the time up to now; no more than are kept. */
export function bootsWithin({ boots }: BootHistory, now: Instant, milliseconds: number): number {
  const since = now - milliseconds
  return boots.reduce((count, { at }) => (at > since ? count + 1 : count), 0)
}

/** The operating system has said that it runs since the machine was last sent a boot script. */
export function isBooted({ boots, booted }: BootHistory): boolean {
  return booted !== undefined && (boots.at(-1)?.at ?? 0) <= booted
}
