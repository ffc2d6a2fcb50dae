import { canned } from './canned.ts'
import { dnsmasq } from './dnsmasq.ts'
import { kea } from './kea.ts'
import { reboots } from './reboots.ts'
import type { Subject } from './subject.ts'

export const SUBJECTS: readonly Subject[] = [...canned, ...reboots, ...kea, ...dnsmasq]

/** What a comparison of Reboots with Kea rests on: the best settings of both. */
const BEST: Readonly<Partial<Record<Subject['server'], readonly string[]>>> = {
  ceiling: ['C, recvmmsg and sendmmsg'],
  reboots: ['durable leases (SQLite)', 'leases in memory'],
  kea: ['threads off, persist off, cached', 'threads off, persist on'],
}

export function isBestSetting({ server, setting }: Subject): boolean {
  return BEST[server]?.includes(setting) ?? false
}
