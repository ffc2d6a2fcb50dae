import { NEVER, type Lease, type LeaseStep, type Pool, type StepResult } from '@reboots/leases'
import { INFINITE, type Instant, type Ipv4Address, type Seconds } from '@reboots/protocol/net'

export const at = (seconds: number) => (1_700_000_000_000 + seconds * 1000) as Instant
const ip = (address: number) => address as Ipv4Address

interface More {
  readonly reserved?: number
  readonly pool?: Pool
  readonly time?: number
  readonly what?: 'all' | 'lease' | 'hold'
}

/** Each case has addresses and times of its own, so that all of them can meet in one store. */
export class Place {
  static #next = 0
  readonly base: number
  readonly start: number
  constructor() {
    this.base = 0x0a000000 + 256 * ++Place.#next
    this.start = 1_000_000 * Place.#next
  }
  now = (seconds: number) => at(this.start + seconds)
  ip = (address: number) => ip(this.base + address)
  name = (client: string) => `${client} of ${this.base}`

  pool(last: number, terms: Partial<Pool> = {}): Pool {
    const ranges = last < 1 ? [] : [{ first: this.ip(1), last: this.ip(last) }]
    const times = { leaseTime: 3600 as Seconds, offerTime: 60 as Seconds, quarantineTime: 86_400 as Seconds }
    return { ranges, ...times, ...terms }
  }

  step(kind: LeaseStep['kind'], client: string, requested?: number, more: More = {}): LeaseStep {
    const named = this.name(client)
    const subject = { client: named, address: this.ip(requested ?? 0) }
    if (kind === 'release') return { kind, ...subject }
    if (kind === 'hold') return { kind, ...subject, time: (more.time ?? 100) as Seconds }
    if (kind === 'free') return { kind, ...subject, what: more.what ?? 'all' }
    const claim = {
      client: named,
      requested: requested === undefined ? undefined : this.ip(requested),
      reserved: more.reserved === undefined ? undefined : this.ip(more.reserved),
    }
    return { kind, pool: more.pool ?? this.pool(3), claim }
  }

  /** A result in few words: who, the address, the state, the seconds left. */
  brief = (result: StepResult | Lease | undefined, seconds: number) => {
    if (result === undefined || typeof result === 'string') return result
    const left = result.expiresAt === NEVER ? 'for ever' : (result.expiresAt - this.now(seconds)) / 1000
    return [result.client.split(' ')[0], result.address - this.base, result.state, left] as const
  }
}

export type Brief = ReturnType<Place['brief']>
type Row = readonly [seconds: number, step: (place: Place) => LeaseStep, result: Brief]
const does =
  (...step: Parameters<Place['step']>) =>
  (place: Place) =>
    place.step(...step)

/** With a pool of so many addresses. */
const doesIn =
  (last: number, ...step: Parameters<Place['step']>) =>
  (place: Place) =>
    place.step(step[0], step[1], step[2], { ...step[3], pool: place.pool(last) })

/** Steps one after the other, with what each leads to. */
export const STORIES: Readonly<Record<string, readonly Row[]>> = {
  'an offer is bound, renewed and given back': [
    [0, does('offer', 'a'), ['a', 1, 'offered', 60]],
    [1, does('bind', 'a', 1), ['a', 1, 'bound', 3600]],
    [1800, does('bind', 'a', 1), ['a', 1, 'bound', 3600]],
    [1900, does('release', 'a', 1), ['a', 1, 'bound', 3500]],
    [1901, does('release', 'a', 1), 'refused'],
    [1902, does('offer', 'b'), ['b', 2, 'offered', 60]],
    [1903, does('offer', 'a'), ['a', 1, 'offered', 60]],
  ],
  'what another holds is refused until it expires': [
    [0, does('bind', 'a', 2), ['a', 2, 'bound', 3600]],
    [1, does('bind', 'b', 2), 'refused'],
    [3599, does('bind', 'b', 2), 'refused'],
    [3600, does('bind', 'b', 2), ['b', 2, 'bound', 3600]],
    [3601, does('bind', 'a', 2), 'refused'],
  ],
  'binding frees what the client held before': [
    [0, does('bind', 'a', 1), ['a', 1, 'bound', 3600]],
    [1, does('bind', 'a', 2), ['a', 2, 'bound', 3600]],
    [2, does('bind', 'b', 1), ['b', 1, 'bound', 3600]],
  ],
  'newcomers get what nobody had, then what is free for longest, then nothing': [
    [0, does('bind', 'a', 2), ['a', 2, 'bound', 3600]],
    [0, does('bind', 'b', 3), ['b', 3, 'bound', 3600]],
    [1, does('release', 'b', 3), ['b', 3, 'bound', 3599]],
    [2, does('release', 'a', 2), ['a', 2, 'bound', 3598]],
    [3, does('offer', 'c'), ['c', 1, 'offered', 60]],
    [4, does('offer', 'd'), ['d', 3, 'offered', 60]],
    [5, does('offer', 'e'), ['e', 2, 'offered', 60]],
    [6, does('offer', 'f'), 'refused'],
    [64, does('offer', 'f'), ['f', 1, 'offered', 60]],
  ],
  'a declined address is nobody’s until the quarantine ends': [
    [0, does('bind', 'a', 1), ['a', 1, 'bound', 3600]],
    [1, does('decline', 'b', 1), 'refused'],
    [2, does('decline', 'a', 1), ['a', 1, 'declined', 86_400]],
    [3, does('bind', 'a', 1), 'refused'],
    [4, does('offer', 'a', 1), ['a', 2, 'offered', 60]],
    [86_402, does('bind', 'c', 1), ['c', 1, 'bound', 3600]],
  ],
  'a reservation outside of the pool wins over what the client holds': [
    [0, does('bind', 'a', 1), ['a', 1, 'bound', 3600]],
    [1, does('offer', 'a', 1, { reserved: 77 }), ['a', 77, 'offered', 60]],
    [2, does('bind', 'a', 77, { reserved: 77 }), ['a', 77, 'bound', 3600]],
    [3, does('bind', 'b', 77), 'refused'],
    [4, does('offer', 'b'), ['b', 2, 'offered', 60]],
  ],
  'a pool that is made smaller and larger again loses no address': [
    [0, does('bind', 'a', 1), ['a', 1, 'bound', 3600]],
    [0, does('offer', 'b'), ['b', 2, 'offered', 60]],
    [0, does('offer', 'c'), ['c', 3, 'offered', 60]],
    [1, does('release', 'a', 1), ['a', 1, 'bound', 3599]],
    [100, doesIn(2, 'offer', 'd'), ['d', 1, 'offered', 60]],
    [101, does('offer', 'e'), ['e', 3, 'offered', 60]],
    [102, does('offer', 'f'), ['f', 2, 'offered', 60]],
    [103, does('offer', 'g'), 'refused'],
  ],
  'who has an address that is in no pool any more keeps it to the end, and does not get it again': [
    [0, does('bind', 'a', 3), ['a', 3, 'bound', 3600]],
    [1, doesIn(2, 'bind', 'a', 3), 'refused'],
    [2, does('bind', 'b', 3), 'refused'],
    [3, doesIn(2, 'bind', 'a', 1), ['a', 1, 'bound', 3600]],
    [4, does('bind', 'b', 3), 'refused'],
    [3600, does('bind', 'b', 3), ['b', 3, 'bound', 3600]],
  ],
  'an address that is kept for a client is nobody else’s until that ends, whatever the client does': [
    [0, does('hold', 'a', 2), ['a', 2, 'offered', 100]],
    [1, does('offer', 'b', 2), ['b', 1, 'offered', 60]],
    [2, does('bind', 'b', 2), 'refused'],
    [3, does('offer', 'a', 3), ['a', 2, 'offered', 60]],
    [4, does('bind', 'a', 2), ['a', 2, 'bound', 3600]],
    [5, does('release', 'a', 2), ['a', 2, 'bound', 3599]],
    [6, does('offer', 'c'), ['c', 3, 'offered', 60]],
    [7, does('offer', 'd'), 'refused'],
    [99, does('bind', 'd', 2), 'refused'],
    [100, does('bind', 'd', 2), ['d', 2, 'bound', 3600]],
  ],
  'keeping it again is for longer or shorter, and what another has is not kept': [
    [0, does('hold', 'a', 1), ['a', 1, 'offered', 100]],
    [1, does('hold', 'a', 1, { time: INFINITE }), ['a', 1, 'offered', 'for ever']],
    [2, does('hold', 'b', 1), 'refused'],
    [3, does('bind', 'b', 2), ['b', 2, 'bound', 3600]],
    [4, does('hold', 'a', 2), 'refused'],
    [5, does('hold', 'b', 2, { time: 10 }), ['b', 2, 'offered', 10]],
    [6, does('decline', 'b', 2), ['b', 2, 'declined', 86_400]],
    [7, does('hold', 'b', 2), 'refused'],
    [8, does('hold', 'a', 1, { time: 2 }), ['a', 1, 'offered', 2]],
    [10, does('bind', 'b', 1), ['b', 1, 'bound', 3600]],
  ],
  'what is freed is named with its client: the lease, what is kept, or both; and a quarantine': [
    [0, does('hold', 'a', 1), ['a', 1, 'offered', 100]],
    [1, does('bind', 'a', 1), ['a', 1, 'bound', 3600]],
    [2, does('free', 'b', 1), 'refused'],
    [3, does('free', 'a', 1, { what: 'lease' }), ['a', 1, 'bound', 3598]],
    [4, does('bind', 'b', 1), 'refused'],
    [5, does('bind', 'a', 1), ['a', 1, 'bound', 3600]],
    [6, does('free', 'a', 1, { what: 'hold' }), ['a', 1, 'offered', 94]],
    [7, does('free', 'a', 1, { what: 'hold' }), 'refused'],
    [8, does('hold', 'a', 1), ['a', 1, 'offered', 100]],
    [9, does('free', 'a', 1), ['a', 1, 'bound', 3596]],
    [10, does('bind', 'b', 1), ['b', 1, 'bound', 3600]],
    [11, does('decline', 'b', 1), ['b', 1, 'declined', 86_400]],
    [12, does('free', 'b', 1), ['b', 1, 'declined', 86_399]],
    [13, does('bind', 'c', 1), ['c', 1, 'bound', 3600]],
  ],
  'a client that several are kept for gets the lowest that it may have': [
    [0, does('hold', 'a', 3), ['a', 3, 'offered', 100]],
    [1, does('hold', 'a', 2), ['a', 2, 'offered', 100]],
    [2, does('hold', 'a', 9), ['a', 9, 'offered', 100]],
    [3, does('offer', 'a'), ['a', 2, 'offered', 60]],
    [4, does('bind', 'a', 9), 'refused'],
  ],
  'names that need care come back as they are': [
    [0, does('bind', '1,2|3:ü"\\%', 1), ['1,2|3:ü"\\%', 1, 'bound', 3600]],
    [1, does('bind', '1,2|3:ü"\\%', 1), ['1,2|3:ü"\\%', 1, 'bound', 3600]],
    [2, does('bind', '1', 2), ['1', 2, 'bound', 3600]],
  ],
}
