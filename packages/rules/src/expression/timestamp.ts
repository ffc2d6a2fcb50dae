import { Environment } from '@marcbachmann/cel-js'
import type { Instant } from '@reboots/protocol/net'

const fromSeconds = new Environment().registerVariable('seconds', 'int').parse('timestamp(seconds)')
const toSeconds = new Environment()
  .registerVariable('text', 'string')
  .parse('(timestamp(text) - timestamp(0)).getSeconds()')

/** CEL's timestamp for an instant, to the second; undefined outside years 1 to 9999. CEL makes it: a pure room has no calendar. */
export function timestampOf(instant: Instant): unknown {
  try {
    return fromSeconds({ seconds: BigInt(Math.floor(instant / 1000)) }) as unknown
  } catch {
    return undefined
  }
}

/** The instant of an RFC 3339 text, `2026-01-31T08:00:00Z`; undefined if it is none. */
export function parseInstant(text: string): Instant | undefined {
  try {
    return (Number(toSeconds({ text }) as bigint) * 1000) as Instant
  } catch {
    return undefined
  }
}

/** @throws Error if the text is no time such as `2026-01-31T08:00:00Z` */
export function requireInstant(text: string): void {
  if (parseInstant(text) === undefined || !isDay(text))
    throw new Error(`not a time such as 2026-01-31T08:00:00Z: ${JSON.stringify(text)}`)
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const

/** JavaScript, which the CEL library asks, takes the 30th of February for the 2nd of March. */
function isDay(text: string): boolean {
  const [year, month, day] = text.slice(0, 10).split('-').map(Number) as [number, number, number]
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return day <= (DAYS[month - 1] ?? 0) + (month === 2 && leap ? 1 : 0)
}

/** CEL's bound, 10 000 years, in milliseconds. */
const LONGEST = 315_576_000_000_000

const duration = new Environment().registerVariable('text', 'string').parse('duration(text)')

/** @throws Error if the text is no duration such as `8h30m` */
export function requireDuration(text: string): void {
  try {
    if (Math.abs(Number(duration({ text }))) <= LONGEST) return
  } catch {
    // As below.
  }
  throw new Error(`not a duration such as 8h30m: ${JSON.stringify(text)}`)
}
