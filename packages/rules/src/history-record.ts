import type { Instant } from '@reboots/protocol/net'
import { historySubject, type BootHistory } from './boot-history.ts'
import type { MachineFacts } from './facts.ts'
import type { Policy } from './policy.ts'

/** A time as messages have it. */
interface Time {
  getTime(): number
}

/** A history as services hand it to one another. */
export interface HistoryRecord {
  readonly boots: readonly { readonly at: Time | undefined; readonly profile: string; readonly rule: string }[]
  readonly booted: Time | undefined
  readonly finished: readonly string[]
  readonly reopened: Time | undefined
}

/** The record as rules see it: made once per record, it serves every decision. */
export function bootHistory({ boots, booted, finished, reopened }: HistoryRecord): BootHistory {
  return {
    boots: boots.map(({ at, profile, rule }) => ({ at: instantOf(at) ?? (0 as Instant), profile, rule })),
    booted: instantOf(booted),
    finished,
    reopened: instantOf(reopened),
  }
}

/** What is remembered, by subject. */
export interface Histories {
  of(subject: string): BootHistory | undefined
}

/** What a decision has to know of a machine's past: nothing, and it is not looked up, where nothing in the policy asks for it. */
export function historyFor(
  { readsHistory }: Policy,
  machine: MachineFacts,
  mac: string,
  histories: Histories,
): BootHistory | undefined {
  return readsHistory ? histories.of(historySubject(machine, mac)) : undefined
}

function instantOf(time: Time | undefined): Instant | undefined {
  return time === undefined ? undefined : (time.getTime() as Instant)
}
