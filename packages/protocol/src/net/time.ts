import type { Brand } from './brand.ts'

/** Milliseconds since the Unix epoch, handed in by the clock of the shell (leases outlive the process). */
export type Instant = Brand<number, 'instant'>

export type Seconds = Brand<number, 'seconds'>

/** RFC 2131 §3.3: a lease time of all ones never ends. */
export const INFINITE = 0xffffffff as Seconds
