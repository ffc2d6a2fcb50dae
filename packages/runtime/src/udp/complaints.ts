import type { Log } from '../log.ts'
import { now } from '../clock.ts'

const QUIET_MS = 10_000

/**
 * Warnings about a socket that may come by the thousand: each kind is said when it is new, and then at most every ten seconds, with how
 * many there were in between.
 */
export class Complaints {
  readonly #log: Log
  readonly #fields: Readonly<Record<string, unknown>>
  readonly #kinds = new Map<string, { said: number; unsaid: number }>()

  constructor(log: Log, fields: Readonly<Record<string, unknown>>) {
    this.#log = log
    this.#fields = fields
  }

  warn(message: string, why: string, more: () => Readonly<Record<string, unknown>> = () => ({})): void {
    const at = now()
    const key = `${message} ${why}`
    const kind = this.#kinds.get(key)
    if (kind !== undefined && at - kind.said < QUIET_MS) {
      kind.unsaid++
      return
    }
    const times = (kind?.unsaid ?? 0) + 1
    this.#kinds.set(key, { said: at, unsaid: 0 })
    this.#log.warn({ ...this.#fields, why, ...more(), ...(times > 1 && { times }) }, message)
  }
}
