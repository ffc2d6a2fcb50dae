import { leases } from '@reboots/api'

const STATES: Readonly<Record<leases.LeaseState, string>> = {
  [leases.LeaseState.UNSPECIFIED]: 'unknown',
  [leases.LeaseState.FREE]: 'free',
  [leases.LeaseState.OFFERED]: 'offered',
  [leases.LeaseState.BOUND]: 'bound',
  [leases.LeaseState.DECLINED]: 'declined',
}

const KINDS: Readonly<Record<leases.EventKind, string>> = {
  [leases.EventKind.UNSPECIFIED]: 'unknown',
  [leases.EventKind.BOUND]: 'bound',
  [leases.EventKind.RENEWED]: 'renewed',
  [leases.EventKind.RELEASED]: 'released',
  [leases.EventKind.EXPIRED]: 'expired',
  [leases.EventKind.DECLINED]: 'declined',
  [leases.EventKind.RESERVED]: 'reserved',
  [leases.EventKind.UNRESERVED]: 'unreserved',
}

const STEPS: readonly (readonly [milliseconds: number, unit: string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
]

/** `in 3 h`, `4 min ago`, `now`: rounded down, so that nothing seems to last longer than it does. */
export function relative(date: Date, now: Date): string {
  const difference = date.getTime() - now.getTime()
  const step = STEPS.find(([milliseconds]) => Math.abs(difference) >= milliseconds)
  if (step === undefined) return 'now'
  const count = `${Math.floor(Math.abs(difference) / step[0])} ${step[1]}`
  return difference > 0 ? `in ${count}` : `${count} ago`
}

function absolute(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z')
}

function both(date: Date | undefined, now: Date): string {
  return date === undefined ? 'never' : `${absolute(date)} (${relative(date, now)})`
}

/** What the list calls it: an address that is kept and not taken is reserved. */
function stateOf({ state, reservation }: leases.Lease): string {
  return state === leases.LeaseState.FREE && reservation !== undefined ? 'reserved' : STATES[state]
}

export const LIST_HEAD = ['ADDRESS', 'STATE', 'CLIENT', 'ENDS', 'RESERVED']

export function listRow(lease: leases.Lease, now: Date): string[] {
  const { state, until, reservation } = lease
  const free = state === leases.LeaseState.FREE
  const client = free && reservation !== undefined ? reservation.client : lease.client
  const ends = free ? '' : until === undefined ? 'never' : relative(until, now)
  return [lease.address, stateOf(lease), client, ends, reservedText(reservation, client, now)]
}

function reservedText(reservation: leases.Reservation | undefined, shown: string, now: Date): string {
  if (reservation === undefined) return ''
  const end = reservation.until === undefined ? 'for ever' : `ends ${relative(reservation.until, now)}`
  return reservation.client === shown ? end : `for ${reservation.client}, ${end}`
}

/** Rows with their columns under one another; `widths` are the least. */
export function aligned(rows: readonly (readonly string[])[], widths: readonly number[]): string[] {
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

export function widthsOf(rows: readonly (readonly string[])[]): number[] {
  return rows.reduce<number[]>((widths, row) => row.map((cell, i) => Math.max(widths[i] ?? 0, cell.length)), [])
}

/** Everything about one address, a line each. */
export function detailText(detail: leases.AddressDetail, now: Date): string {
  const { lease, since, subnet, pooled, machine, hostName, history } = detail
  const { address, client, until, reservation, state } = lease!
  const free = state === leases.LeaseState.FREE
  const rows = [
    ['address', address],
    ['state', stateOf(lease!)],
    [free ? 'last client' : state === leases.LeaseState.DECLINED ? 'declined by' : 'client', client],
    ['since', since === undefined ? '' : both(since, now)],
    [free ? 'ended' : 'ends', free && until === undefined ? '' : both(until, now)],
    ['reserved', reservation === undefined ? '' : `for ${reservation.client}, ends ${both(reservation.until, now)}`],
    ['subnet', subnet === '' ? 'none of the configuration' : `${subnet}, ${pooled ? 'in a pool' : 'in no pool'}`],
    ['machine', machine],
    ['host name', hostName],
  ].filter(([, value]) => value !== '')
  const lines = aligned(rows, [12])
  if (history.length === 0) return lines.join('\n')
  const events = history.map((event) => ['', relative(event.at!, now), KINDS[event.kind], event.client])
  return [...lines, 'history', ...aligned(events, widthsOf(events))].join('\n')
}

export const HISTORY_HEAD = ['WHEN', '', 'EVENT', 'ADDRESS', 'CLIENT', 'WAS TO END']

export function historyRow(event: leases.Event, now: Date): string[] {
  const { at, kind, address, client, until } = event
  return [
    absolute(at!),
    `(${relative(at!, now)})`,
    KINDS[kind],
    address,
    client,
    until === undefined ? 'never' : absolute(until),
  ]
}

const WATCH_WIDTHS = [20, 10, 15, 17]

/** One line of `watch`. */
export function watchLine(event: leases.Event, now: Date): string {
  const { at, kind, address, client, until } = event
  const over =
    kind === leases.EventKind.RELEASED || kind === leases.EventKind.EXPIRED || kind === leases.EventKind.UNRESERVED
  const end = over ? '' : until === undefined ? 'never ends' : `ends ${relative(until, now)}`
  return aligned([[absolute(at!), KINDS[kind], address, client, end]], WATCH_WIDTHS)[0]!
}

/** As JSON lines have it: no numbers for names, times as ISO 8601, null for never. */
export function leaseJson(lease: leases.Lease): object {
  const { address, client, until, reservation } = lease
  const reserved = reservation && { client: reservation.client, until: reservation.until ?? null }
  return { address, state: STATES[lease.state], client, until: until ?? null, reservation: reserved ?? null }
}

export function eventJson({ at, kind, address, client, until }: leases.Event): object {
  return { at: at ?? null, event: KINDS[kind], address, client, until: until ?? null }
}

export function detailJson({ lease, since, history, ...rest }: leases.AddressDetail): object {
  return { ...leaseJson(lease!), since: since ?? null, ...rest, history: history.map(eventJson) }
}
