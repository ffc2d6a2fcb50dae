import type { Instant } from '@reboots/protocol/net'

/** The wall clock, in milliseconds: the one place where the present is read; pure rooms get it as an argument. */
export function now(): Instant {
  return Date.now() as Instant
}
