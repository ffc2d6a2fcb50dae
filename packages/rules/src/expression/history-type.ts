import type { Environment } from '@marcbachmann/cel-js'
import { bootsWithin, isBooted, type BootHistory } from '../boot-history.ts'
import type { Instant } from '@reboots/protocol/net'
import type { RecordType } from './facts-context.ts'
import { timestampOf } from './timestamp.ts'

/** `history` in expressions: made when a rule asks for it. */
export class HistoryView {
  readonly history: BootHistory
  readonly now: Instant

  constructor(history: BootHistory, now: Instant) {
    this.history = history
    this.now = now
  }

  /** Undefined, which CEL takes for a missing key: a condition over the last boot of a machine that has had none does not match. */
  get lastBoot(): unknown {
    const last = this.history.boots.at(-1)
    return last && timestampOf(last.at)
  }

  get profile(): string {
    return this.history.boots.at(-1)?.profile ?? ''
  }

  get booted(): boolean {
    return isBooted(this.history)
  }
}

/** Its fields, with their CEL types. */
export const HISTORY_FIELDS = {
  lastBoot: 'google.protobuf.Timestamp',
  profile: 'string',
  booted: 'bool',
} as const satisfies Partial<Record<keyof HistoryView, string>>

export const HISTORY_TYPE: Pick<RecordType, 'name' | 'fields'> = { name: 'history', fields: HISTORY_FIELDS }

/** What expressions may call on it, with the number of arguments. */
export const HISTORY_METHODS: Readonly<Record<string, readonly number[]>> = { bootsWithin: [1], finished: [1] }

export function registerHistory(environment: Environment): void {
  environment
    .registerType(HISTORY_TYPE.name, { ctor: HistoryView, fields: { ...HISTORY_FIELDS } })
    .registerFunction(
      'history.bootsWithin(google.protobuf.Duration): int',
      ({ history, now }: HistoryView, time: { valueOf(): number }) => BigInt(bootsWithin(history, now, time.valueOf())),
      { async: false },
    )
    .registerFunction(
      'history.finished(string): bool',
      ({ history }: HistoryView, profile: string) => history.finished.includes(profile),
      { async: false },
    )
}
