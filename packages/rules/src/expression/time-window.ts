const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const
const MINUTE = 60_000
const HOUR = 60
const DAY = 24 * HOUR
/** 1970-01-01 was a Thursday. */
const FIRST_DAY = 4

/** What `now.within("Mon-Fri 22:00-06:00 +02:00")` was written as. */
export class TimeWindow {
  /** Seven, Sunday first: those on which the window begins. */
  readonly #days: readonly boolean[]
  /** Minutes of the day; an end that is not after the beginning is on the day after. */
  readonly #from: number
  readonly #to: number
  /** Minutes that the clock of the window is ahead of UTC. */
  readonly #offset: number

  constructor(days: readonly boolean[], from: number, to: number, offset: number) {
    this.#days = days
    this.#from = from
    this.#to = to
    this.#offset = offset
  }

  /** `at` in milliseconds since 1970, UTC. */
  includes(at: number): boolean {
    const local = Math.floor(at / MINUTE) + this.#offset
    const minute = modulo(local, DAY)
    const day = Math.floor(local / DAY) + FIRST_DAY
    const today = this.#days[modulo(day, 7)]!
    if (this.#from < this.#to) return today && minute >= this.#from && minute < this.#to
    const yesterday = this.#days[modulo(day - 1, 7)]!
    return (today && minute >= this.#from) || (yesterday && minute < this.#to)
  }
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by
}

const SHAPE = 'a time window such as "Mon-Fri 22:00-06:00 +02:00"'

/** Days (`Mon-Fri`, `Sat,Sun`), hours (`22:00-06:00`) and the offset from UTC, in this order; each may be missing, but not both of the first two. @throws Error */
export function parseWindow(text: string): TimeWindow {
  const match = /^(?:([A-Za-z,-]+)(?:\s+|$))?(?:(\d\d:\d\d)-(\d\d:\d\d)(?:\s+|$))?(Z|[+-]\d\d:\d\d)?$/.exec(text.trim())
  const [, days, from, to, offset = 'Z'] = match ?? []
  if (match === null || (days === undefined && from === undefined)) {
    throw new Error(`expected ${SHAPE}, found ${JSON.stringify(text)}`)
  }
  const begins = minuteOf(from ?? '00:00', 23)
  const ends = minuteOf(to ?? '24:00', 24)
  if (begins === ends) throw new Error(`the time window ${JSON.stringify(text)} ends when it begins`)
  return new TimeWindow(daysOf(days), begins, ends, offsetOf(offset))
}

function minuteOf(text: string, mostHours: number): number {
  const hours = Number(text.slice(0, 2))
  const minutes = Number(text.slice(3))
  if (minutes >= HOUR || hours > mostHours || hours * HOUR + minutes > DAY)
    throw new Error(`there is no ${text} in a day`)
  return hours * HOUR + minutes
}

function offsetOf(text: string): number {
  if (text === 'Z') return 0
  const minutes = minuteOf(text.slice(1), 14)
  return text.startsWith('-') ? -minutes : minutes
}

function daysOf(text: string | undefined): boolean[] {
  const chosen = DAYS.map(() => text === undefined)
  for (const part of text?.split(',') ?? []) {
    const [first = '', last = first, ...rest] = part.split('-')
    if (rest.length > 0) throw new Error(`${JSON.stringify(part)} is not a range of days`)
    const to = dayOf(last)
    for (let day = dayOf(first); ; day = (day + 1) % 7) {
      chosen[day] = true
      if (day === to) break
    }
  }
  return chosen
}

function dayOf(name: string): number {
  const day = DAYS.findIndex((known) => known === name)
  if (day < 0) throw new Error(`there is no day ${JSON.stringify(name)}; there are ${DAYS.join(', ')}`)
  return day
}
