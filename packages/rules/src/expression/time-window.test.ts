import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Instant } from '@reboots/protocol/net'
import { parseWindow } from './time-window.ts'
import { parseInstant, timestampOf } from './timestamp.ts'

/** What the CEL library makes of a time. */
interface Calendar {
  getUTCDay(): number
  getUTCHours(): number
  getUTCMinutes(): number
}

const DAY = 1440
const WEEK = 7 * DAY
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const two = (value: number): string => String(value).padStart(2, '0')
const clock = (minutes: number): string => `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`

test('a window is open at these times and not at those', () => {
  // 2026-01-30 is a Friday.
  const rows: readonly (readonly [window: string, open: readonly string[], shut: readonly string[]])[] = [
    ['Sat,Sun', ['2026-01-31T00:00:00Z', '2026-02-01T23:59:59Z'], ['2026-01-30T23:59:59Z', '2026-02-02T00:00:00Z']],
    ['Fri-Mon', ['2026-01-30T00:00:00Z', '2026-02-02T23:59:59Z'], ['2026-01-29T12:00:00Z', '2026-02-03T00:00:00Z']],
    ['08:00-09:30', ['2026-01-30T08:00:00Z', '2026-01-30T09:29:59Z'], ['2026-01-30T07:59:59Z', '2026-01-30T09:30:00Z']],
    ['20:00-24:00', ['2026-01-30T23:59:59Z'], ['2026-01-30T19:59:59Z', '2026-01-31T00:00:00Z']],
    [
      'Fri 22:00-06:00',
      ['2026-01-30T22:00:00Z', '2026-01-31T05:59:59Z'],
      ['2026-01-30T05:00:00Z', '2026-01-31T22:00:00Z'],
    ],
    ['Fri 22:00-06:00 +02:00', ['2026-01-30T20:00:00Z', '2026-01-31T03:59:59Z'], ['2026-01-30T19:59:59Z']],
    ['Fri -05:30', ['2026-01-30T05:30:00Z', '2026-01-31T05:29:59Z'], ['2026-01-30T05:29:59Z', '2026-01-31T05:30:00Z']],
    ['Thu', ['1970-01-01T00:00:00Z'], ['1969-12-31T23:59:59Z']],
  ]
  for (const [text, open, shut] of rows) {
    const window = parseWindow(text)
    const isOpen = (at: string): boolean => window.includes(parseInstant(at)!)
    assert.deepEqual([...open, ...shut].filter(isOpen), open, text)
  }
})

test('what is no window is refused, and why', () => {
  const rows: readonly (readonly [text: string, message: string])[] = [
    ['', 'expected a time window such as "Mon-Fri 22:00-06:00 +02:00", found ""'],
    ['+02:00', 'expected a time window such as "Mon-Fri 22:00-06:00 +02:00", found "+02:00"'],
    ['22-6', 'expected a time window such as "Mon-Fri 22:00-06:00 +02:00", found "22-6"'],
    ['8:00-9:00', 'expected a time window such as "Mon-Fri 22:00-06:00 +02:00", found "8:00-9:00"'],
    [
      'Mon-Fri 08:00-09:00 CET',
      'expected a time window such as "Mon-Fri 22:00-06:00 +02:00", found "Mon-Fri 08:00-09:00 CET"',
    ],
    ['Monday', 'there is no day "Monday"; there are Sun, Mon, Tue, Wed, Thu, Fri, Sat'],
    ['Mon-Wed-Fri', '"Mon-Wed-Fri" is not a range of days'],
    ['08:00-25:00', 'there is no 25:00 in a day'],
    ['24:00-08:00', 'there is no 24:00 in a day'],
    ['08:60-09:00', 'there is no 08:60 in a day'],
    ['08:00-24:01', 'there is no 24:01 in a day'],
    ['08:00-08:00', 'the time window "08:00-08:00" ends when it begins'],
    ['Mon +15:00', 'there is no 15:00 in a day'],
  ]
  for (const [text, message] of rows) assert.throws(() => parseWindow(text), { message }, text)
})

test('any window, at any time, by the calendar of the CEL library', () => {
  const minutes = fc.integer({ min: 0, max: DAY - 1 })
  const days = fc.subarray(DAYS, { minLength: 1 })
  const anyTime = fc.integer({ min: -10_000_000_000_000, max: 10_000_000_000_000 }).map((at) => at as Instant)
  fc.assert(
    fc.property(
      days,
      minutes,
      minutes,
      fc.integer({ min: -840, max: 840 }),
      anyTime,
      (chosen, from, to, offset, at) => {
        fc.pre(from !== to)
        const text = `${chosen.join(',')} ${clock(from)}-${clock(to)} ${offset < 0 ? '-' : '+'}${clock(Math.abs(offset))}`
        const local = timestampOf((at + offset * 60_000) as Instant) as Calendar
        const minute = local.getUTCDay() * DAY + local.getUTCHours() * 60 + local.getUTCMinutes()
        // How long ago the window began, this week or at the end of the last one.
        const expected = chosen
          .map((day) => (minute - (DAYS.indexOf(day) * DAY + from) + WEEK) % WEEK)
          .some((ago) => ago < (to - from + DAY) % DAY)
        assert.equal(parseWindow(text).includes(at), expected, text)
      },
    ),
  )
})
