import type { Lease, LeaseEvent, LeaseRecord, LeaseStep, Pool, StepResult } from '@reboots/leases'
import { INFINITE, type Instant, type Ipv4Address, type Seconds } from '@reboots/protocol/net'
import { shifted } from './steady-clock.ts'

/** What the script is told to do besides the steps of clients. Times are those of Redis. */
export type Upkeep =
  | { readonly kind: 'reserve' | 'unreserve'; readonly addresses: readonly Ipv4Address[] }
  | {
      readonly kind: 'restore'
      readonly state: 'b' | 'd'
      readonly client: string
      readonly requested: Ipv4Address
      readonly expiresAt: Instant
    }

/** To put a lease or a quarantine into books that have lost it. */
export function restoring({ state, client, address, expiresAt }: Lease): Upkeep {
  return { kind: 'restore', state: state === 'declined' ? 'd' : 'b', client, requested: address, expiresAt }
}

/** What the script answers; times are those of Redis. */
export interface Answer {
  readonly status: 'ok' | 'late' | 'lost'
  readonly now: Instant
  /** How many changes the books have seen. */
  readonly seq: number
  readonly results: readonly (LeaseRecord | undefined)[]
  /** What the books say now of every address of which they say something else. */
  readonly changes: readonly LeaseRecord[]
}

const STATES: Readonly<Record<string, LeaseRecord['state']>> = { o: 'offered', b: 'bound', d: 'declined', f: 'free' }

/** The work of one run of the script; a pool that several steps share goes over once. */
export function encodeWork(steps: readonly (LeaseStep | Upkeep)[]): string {
  const pools = new Map<Pool, number>()
  const poolOf = (pool: Pool) => {
    const known = pools.get(pool)
    if (known !== undefined) return known
    pools.set(pool, pools.size + 1)
    return pools.size
  }
  const encoded = steps.map((step) => {
    if ('claim' in step) return { kind: step.kind, pool: poolOf(step.pool), ...step.claim }
    if (step.kind === 'release') return { kind: step.kind, client: step.client, requested: step.address }
    return step
  })
  return JSON.stringify({ pools: [...pools.keys()].map(encodePool), steps: encoded })
}

function encodePool({ ranges, leaseTime, offerTime, quarantineTime }: Pool) {
  return {
    ranges: ranges.map(({ first, last }) => [first, last]),
    leaseTime: milliseconds(leaseTime),
    offerTime: milliseconds(offerTime),
    quarantineTime: milliseconds(quarantineTime),
  }
}

/** The script takes less than nothing for ever. */
function milliseconds(time: Seconds): number {
  return time === INFINITE ? -1 : time * 1000
}

type Reply = [Answer['status'], string, string, ([] | [string, string, string, string])[], [string, string][]]

export function decodeAnswer(reply: unknown): Answer {
  const [status, now, seq, results, changes] = reply as Reply
  return {
    status,
    now: Number(now) as Instant,
    seq: Number(seq),
    results: results.map(([state, address, expiresAt, client]) =>
      state === undefined ? undefined : recordOf(state, address!, expiresAt!, client!),
    ),
    changes: changes.map(([address, row]) => decodeRow(address, row)),
  }
}

/** A row as the script packs it: state|expiresAt|home|client. */
export function decodeRow(address: string, row: string): LeaseRecord {
  const [, state, expiresAt, client] = /^(.)\|(\d+)\|[^|]*\|(.*)$/s.exec(row)!
  return recordOf(state!, address, expiresAt!, client!)
}

function recordOf(state: string, address: string, expiresAt: string, client: string): LeaseRecord {
  return {
    client,
    address: Number(address) as Ipv4Address,
    state: STATES[state]!,
    expiresAt: Number(expiresAt) as Instant,
  }
}

/** A change as it is in the stream. `event`: it is one that is told. */
export interface Change {
  readonly seq: number
  readonly record: LeaseRecord
  readonly event: LeaseEvent | undefined
}

export function decodeChange([id, fields]: readonly [id: string, fields: readonly string[]]): Change {
  const values = new Map<string, string>()
  for (let i = 0; i < fields.length; i += 2) values.set(fields[i]!, fields[i + 1]!)
  const record = decodeRow(values.get('address')!, values.get('row')!)
  const kind = values.get('kind') as LeaseEvent['kind'] | ''
  const { client, address } = record
  const expiresAt = Number(values.get('until')) as Instant
  const event = kind === '' ? undefined : { at: Number(values.get('at')) as Instant, kind, client, address, expiresAt }
  return { seq: Number(id.split('-')[0]), record, event }
}

/** at|kind|expiresAt|client */
export function decodeHistory(address: Ipv4Address, entry: string): LeaseEvent {
  const [, at, kind, expiresAt, client] = /^(\d+)\|(\w+)\|(\d+)\|(.*)$/s.exec(entry)!
  return {
    at: Number(at) as Instant,
    kind: kind as LeaseEvent['kind'],
    client: client!,
    address,
    expiresAt: Number(expiresAt) as Instant,
  }
}

/** The results on the clock of the caller, whose `now` is the `now` of the answer. */
export function resultsOf(answer: Answer, now: Instant): StepResult[] {
  return answer.results.map((lease) =>
    lease === undefined || lease.state === 'free'
      ? 'refused'
      : shifted({ ...lease, state: lease.state }, now, answer.now),
  )
}
