import type { Hold, Lease, LeaseEvent, LeaseRecord, LeaseStep, Pool, StepResult } from '@reboots/leases'
import { INFINITE, type Instant, type Ipv4Address, type Seconds } from '@reboots/protocol/net'
import type { Lending, LendingChange } from './lendings.ts'
import { shifted } from './steady-clock.ts'

/** What the script is told to do besides the steps of clients. Times are those of Redis. */
export type Upkeep =
  | { readonly kind: 'reserve' | 'unreserve'; readonly addresses: readonly Ipv4Address[] }
  | {
      readonly kind: 'restore'
      readonly state: 'o' | 'b' | 'd'
      /** To whom the address may be lent. */
      readonly replica: string
      readonly client: string
      readonly requested: Ipv4Address
      readonly expiresAt: Instant
    }
  | LendingUpkeep
  | { readonly kind: 'rehold'; readonly client: string; readonly requested: Ipv4Address; readonly expiresAt: Instant }

/** What becomes of addresses that are lent to a replica. `time` in milliseconds. */
export type LendingUpkeep =
  | {
      readonly kind: 'lend'
      readonly replica: string
      /** First and last address. */
      readonly range: readonly [Ipv4Address, Ipv4Address]
      /** How many it has of these, and how many percent of what is free it wants. */
      readonly have: number
      readonly percent: number
      readonly time: number
    }
  | {
      readonly kind: 'extend'
      readonly replica: string
      readonly addresses: readonly Ipv4Address[]
      readonly time: number
    }
  | { readonly kind: 'takeBack'; readonly replica: string; readonly addresses: readonly Ipv4Address[] }
  | ({ readonly kind: 'relend' } & Lending)

/** To lend an address again, into books that have lost that it is lent. */
export function relending({ address, replica, expiresAt }: Lending): LendingUpkeep {
  return { kind: 'relend', address, replica, expiresAt }
}

const LETTERS = { offered: 'o', bound: 'b', declined: 'd' } as const

/** To put a lease or a quarantine into books that do not have it. */
export function restoring({ state, client, address, expiresAt }: Lease, replica: string): Upkeep {
  return { kind: 'restore', state: LETTERS[state], client, requested: address, expiresAt, replica }
}

/** What the script answers; times are those of Redis. */
export interface Answer {
  readonly status: 'ok' | 'late' | 'lost'
  readonly now: Instant
  /** How many changes the books have seen. */
  readonly seq: number
  readonly results: readonly ((LeaseRecord & Pick<Lease, 'known'>) | 'lent' | undefined)[]
  /** What the books say now of every address of which they say something else. */
  readonly changes: readonly LeaseRecord[]
  /** What is lent now, of the addresses that the run was about. */
  readonly lent: readonly LendingChange[]
  /** For each `lend`: how many addresses the replica should have. */
  readonly wanted: readonly number[]
}

const STATES: Readonly<Record<string, LeaseRecord['state']>> = { o: 'offered', b: 'bound', d: 'declined', f: 'free' }

/** Somebody watches: for so many milliseconds, leases that end by themselves are told of. */
const WATCHED_FOR = 15_000

/** The work of one run of the script; a pool that several steps share goes over once. */
export function encodeWork(steps: readonly (LeaseStep | Upkeep)[], watched: boolean): string {
  const pools = new Map<Pool, number>()
  const poolOf = (pool: Pool) => {
    const known = pools.get(pool)
    if (known !== undefined) return known
    pools.set(pool, pools.size + 1)
    return pools.size
  }
  const encoded = steps.map((step) => {
    if ('claim' in step) return { kind: step.kind, pool: poolOf(step.pool), ...step.claim }
    if (step.kind === 'hold') return { ...onAddress(step), time: milliseconds(step.time) }
    return step.kind === 'release' || step.kind === 'free' ? onAddress(step) : step
  })
  return JSON.stringify({
    pools: [...pools.keys()].map(encodePool),
    steps: encoded,
    ...(watched && { watch: WATCHED_FOR }),
  })
}

/** The script calls it `requested`, whoever asks. */
function onAddress<S extends { readonly address: Ipv4Address }>({ address, ...rest }: S) {
  return { ...rest, requested: address }
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

type Reply = [
  status: Answer['status'],
  now: string,
  seq: string,
  results: ([] | [string, string, string, string, ('known' | null)?])[],
  changes: [string, string][],
  lent: [string, string][],
  wanted: string[],
]

export function decodeAnswer(reply: unknown): Answer {
  const [status, now, seq, results, changes, lent, wanted] = reply as Reply
  return {
    status,
    now: Number(now) as Instant,
    seq: Number(seq),
    results: results.map(decodeResult),
    changes: changes.map(([address, row]) => decodeRow(address, row)),
    lent: lent.map(([address, packed]) => decodeLending(address, packed)),
    wanted: wanted.map(Number),
  }
}

function decodeResult([state, address, expiresAt, client, known]: Reply[3][number]): Answer['results'][number] {
  if (state === undefined) return undefined
  if (state === 'l') return 'lent'
  const record = recordOf(state, address!, expiresAt!, client!)
  return known === 'known' ? { ...record, known: true } : record
}

/** until|replica, or nothing. */
export function decodeLending(text: string, packed: string): LendingChange {
  const address = Number(text) as Ipv4Address
  const [, expiresAt, replica] = /^(\d+)\|(.*)$/s.exec(packed) ?? []
  if (expiresAt === undefined || replica === undefined) return { address, lending: undefined }
  return { address, lending: { address, replica, expiresAt: Number(expiresAt) as Instant } }
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
  /** Present when it is about to whom the address is lent. */
  readonly lent?: LendingChange
  /** Present when it is about who the address is kept for. */
  readonly hold?: Hold | undefined
}

export function decodeChange([id, fields]: readonly [id: string, fields: readonly string[]]): Change {
  const values = new Map<string, string>()
  for (let i = 0; i < fields.length; i += 2) values.set(fields[i]!, fields[i + 1]!)
  const record = decodeRow(values.get('address')!, values.get('row')!)
  const lent = values.get('lent')
  const told = values.get('kind') as LeaseEvent['kind'] | ''
  const kind = told === '' && record.state === 'bound' && lent === undefined ? 'renewed' : told
  const { address } = record
  const client = values.get('client') ?? record.client
  const expiresAt = Number(values.get('until')) as Instant
  const event = kind === '' ? undefined : { at: Number(values.get('at')) as Instant, kind, client, address, expiresAt }
  const seq = Number(id.split('-')[0])
  const change = { seq, record, event, ...(lent !== undefined && { lent: decodeLending(String(address), lent) }) }
  if (kind !== 'reserved' && kind !== 'unreserved') return change
  return { ...change, hold: kind === 'reserved' ? decodeHold(String(address), values.get('hold')!) : undefined }
}

/** until|client */
export function decodeHold(address: string, packed: string): Hold {
  const [, expiresAt, client] = /^(\d+)\|(.*)$/s.exec(packed)!
  return { client: client!, address: Number(address) as Ipv4Address, expiresAt: Number(expiresAt) as Instant }
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

/**
 * The results on the clock of the caller, whose `now` is the `now` of the answer. What became of an address that is lent only the replica
 * knows that has it: its client must not be told that it has no lease.
 */
export function resultsOf(answer: Answer, now: Instant): StepResult[] {
  return answer.results.map((lease) => {
    if (lease === 'lent') return 'unavailable'
    if (lease === undefined || lease.state === 'free') return 'refused'
    return shifted({ ...lease, state: lease.state }, now, answer.now)
  })
}
