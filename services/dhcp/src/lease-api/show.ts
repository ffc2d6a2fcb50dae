import { leases } from '@reboots/api'
import { NEVER, type AddressEntry, type Hold, type LeaseEvent, type LeaseRecord } from '@reboots/leases'
import { formatIpv4, parseMac, type Instant, type MacAddress } from '@reboots/protocol/net'
import type { Reservation } from '../reservation.ts'
import type { ApiPorts } from './ports.ts'

const STATES = {
  free: leases.LeaseState.FREE,
  offered: leases.LeaseState.OFFERED,
  bound: leases.LeaseState.BOUND,
  declined: leases.LeaseState.DECLINED,
} as const satisfies Record<LeaseRecord['state'], leases.LeaseState>

const KINDS = {
  bound: leases.EventKind.BOUND,
  renewed: leases.EventKind.RENEWED,
  released: leases.EventKind.RELEASED,
  expired: leases.EventKind.EXPIRED,
  declined: leases.EventKind.DECLINED,
  reserved: leases.EventKind.RESERVED,
  unreserved: leases.EventKind.UNRESERVED,
} as const satisfies Record<LeaseEvent['kind'], leases.EventKind>

export function showState(state: LeaseRecord['state']): leases.LeaseState {
  return STATES[state]
}

export function showLease({ record, hold }: AddressEntry): leases.Lease {
  const { address, state, client, expiresAt } = record
  return {
    address: formatIpv4(address),
    state: STATES[state],
    client,
    until: expiresAt === 0 ? undefined : date(expiresAt),
    reservation: hold && { client: hold.client, until: date(hold.expiresAt) },
  }
}

export function showEvent({ at, kind, address, client, expiresAt }: LeaseEvent): leases.Event {
  return { at: date(at), kind: KINDS[kind], address: formatIpv4(address), client, until: date(expiresAt) }
}

function date(time: Instant): Date | undefined {
  return time === NEVER ? undefined : new Date(time)
}

/** `until 2026-11-20T13:00:00Z`, for sentences. */
export function untilText(time: Instant): string {
  return time === NEVER ? 'for ever' : `until ${new Date(time).toISOString()}`
}

/** Who has an address, for sentences; undefined when nobody does. */
export function holderText({ record, hold }: { record: LeaseRecord; hold: Hold | undefined }): string | undefined {
  const { client, state, expiresAt } = record
  const end = untilText(expiresAt)
  if (state === 'declined') return `in quarantine ${end}: ${client} found it in use by another host`
  if (state !== 'free') return `${state === 'bound' ? 'leased' : 'offered'} to ${client} ${end}`
  return hold && `reserved for ${hold.client} ${untilText(hold.expiresAt)}`
}

/** The MAC address in the name of a client, if there is one. */
function macIn(client: string): MacAddress | undefined {
  return parseMac(client) ?? parseMac(client.replace(/^(?:id:01|hw:1:)/, ''))
}

/** The hardware record that an address or its client belongs to. */
export function machineOf({ record, hold }: AddressEntry, { machines }: ApiPorts): Reservation['machine'] | undefined {
  const mac = macIn(record.state === 'free' && hold !== undefined ? hold.client : record.client)
  return ((mac && machines.byMac(mac)) ?? machines.byIp(record.address))?.machine
}
