import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Instant } from '@reboots/protocol/net'
import { timeAfter, type ClockReading } from './steady-clock.ts'

const reading = (time: number, uptime: number, boot: string): ClockReading => ({ time: time as Instant, uptime, boot })
const HOUR = 3_600_000

const ROWS: readonly [what: string, last: ClockReading | undefined, machine: ClockReading, time: number][] = [
  ['there never was a time', undefined, reading(1000, 50, 'a'), 1000],
  ['a minute has passed', reading(1000, 50, 'a'), reading(61_000, 60_050, 'a'), 61_000],
  ['the clock was set ahead meanwhile', reading(1000, 50, 'a'), reading(HOUR, 250, 'a'), 1200],
  ['the clock was set back meanwhile', reading(HOUR, 50, 'a'), reading(1000, 250, 'a'), HOUR + 200],
  ['the machine was started again', reading(1000, 50, 'a'), reading(9000, 20, 'b'), 9000],
  ['the machine was started again, its clock lost', reading(HOUR, 50, 'a'), reading(0, 20, 'b'), HOUR],
  ['nothing is known of starts', reading(1000, 50, ''), reading(9000, 60, ''), 9000],
  ['the count of running time went back', reading(1000, 50, 'a'), reading(9000, 20, 'a'), 9000],
]

for (const [what, last, machine, time] of ROWS) {
  test(`the time of a store: ${what}`, () => assert.equal(timeAfter(last, machine), time))
}
