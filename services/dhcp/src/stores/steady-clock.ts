import { readFileSync } from 'node:fs'
import { NEVER, type AddressEntry, type Lease } from '@reboots/leases'
import type { Instant } from '@reboots/protocol/net'

/** The time of a store, and what the machine's own count of its running time was then. */
export interface ClockReading {
  readonly time: Instant
  /** Milliseconds since the machine was started; while it sleeps they stand still, and leases last longer. */
  readonly uptime: number
  /** Says which start that was; empty where it cannot be told. */
  readonly boot: string
}

/** What the machine says now. */
export function readMachine(wall: Instant): ClockReading {
  return { time: wall, uptime: uptime(), boot: bootOf() }
}

/** One clock for all processes of the machine, and a fine one: were it coarse, time might run ahead a little with every restart. */
function uptime(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

function bootOf(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return ''
  }
}

/**
 * Which time to go on from. As long as the machine has not been started again, the time that has passed is known whatever was done to
 * its clock; after that its clock is all there is, but the time does not go back.
 */
export function timeAfter(last: ClockReading | undefined, machine: ClockReading): Instant {
  if (last === undefined) return machine.time
  const passed = machine.uptime - last.uptime
  if (last.boot !== '' && last.boot === machine.boot && passed >= 0) return (last.time + passed) as Instant
  return Math.max(last.time, machine.time) as Instant
}

/**
 * The time by which the leases of a store run. It goes on evenly when the clock of the machine is set, by an hour or by years: a lease
 * is promised for a time, not until an hour of the day.
 */
export class SteadyClock {
  readonly #ahead: number
  readonly #boot: string

  constructor(last: ClockReading | undefined, machine: ClockReading) {
    this.#boot = machine.boot
    this.#ahead = timeAfter(last, machine) - performance.now()
  }

  now(): Instant {
    return Math.floor(performance.now() + this.#ahead) as Instant
  }

  reading(): ClockReading {
    return { time: this.now(), uptime: uptime(), boot: this.#boot }
  }
}

/** Turns a time of one clock, on which it is `then`, into one of another, on which it is `now`. */
export function onClockOf(now: Instant, then: Instant): (time: Instant) => Instant {
  return (time) => (time === NEVER ? NEVER : time - then + now) as Instant
}

/** The same lease on the other clock. */
export function shifted<T extends Lease>(lease: T, now: Instant, then: Instant): T {
  return now === then ? lease : { ...lease, expiresAt: onClockOf(now, then)(lease.expiresAt) }
}

/** The same entry on the other clock. That a free address was never held is no time. */
export function entryOnClockOf(now: Instant, then: Instant): (entry: AddressEntry) => AddressEntry {
  if (now === then) return (entry) => entry
  const time = onClockOf(now, then)
  const moved = <T extends { readonly expiresAt: Instant }>(dated: T): T =>
    dated.expiresAt === 0 ? dated : { ...dated, expiresAt: time(dated.expiresAt) }
  return ({ record, hold }) => ({ record: moved(record), hold: hold && moved(hold) })
}
