import { formatDecision } from '@reboots/rules'
import type { Outcome, Silence } from './outcome.ts'

/** Silences somebody should look at; the others are everyday. */
const LEVELS: Readonly<Partial<Record<Silence, 'info' | 'warn'>>> = {
  declined: 'warn',
  'address-quarantined': 'warn',
  'probe-conflict': 'warn',
  'address-in-use': 'warn',
  'no-free-address': 'warn',
  'unknown-network': 'warn',
  'no-client-identity': 'info',
  'leases-unavailable': 'warn',
  'wrong-network': 'warn',
  'too-many-hops': 'warn',
  'untrusted-relay': 'info',
  'not-synced': 'info',
  'no-address': 'info',
  released: 'info',
  'not-the-owner': 'info',
  'not-authoritative': 'info',
}

/** How loud the line of a packet is: replies and everything about a network-boot client are info at least, addresses in use a warning. */
export function levelOf(outcome: Outcome): 'debug' | 'info' | 'warn' {
  if (outcome.conflicts !== undefined) return 'warn'
  if (!('silent' in outcome)) return 'info'
  return LEVELS[outcome.silent] ?? (outcome.client ? 'info' : 'debug')
}

/** What the policy decided, and what there is to say besides. */
export function remarksOf({ verdict, dhcpClass, note, found, conflicts }: Outcome): Record<string, unknown> {
  return {
    ...(verdict && { rule: verdict.rule, version: verdict.version, decision: formatDecision(verdict.decision) }),
    ...(dhcpClass !== undefined && { class: dhcpClass }),
    ...(found !== undefined && { found }),
    ...(note !== undefined && { note }),
    ...(conflicts !== undefined && { conflicts }),
  }
}
