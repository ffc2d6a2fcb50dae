import type { Client, Load, Result } from './clients.ts'

/** At most this share of the exchanges may be lost. */
const LOSS = 0.01
/** Of the rate begun this much has to be completed: what waits in buffers when the time is over was not served in time. */
const COMPLETED = 0.95

export interface SearchOptions {
  readonly from: number
  /** No rate above this is tried: the client cannot do more. */
  readonly to: number
  readonly seconds: number
  readonly clients: number
  /** Rates are told apart down to this share. */
  readonly precision: number
  /** A rate counts as not served when it has failed so often in a row. */
  readonly tries: number
  /** False when there is no time for another attempt. */
  inTime(): boolean
}

export interface Found {
  /** Exchanges per second, 0 when not even the lowest was served. */
  readonly rate: number
  /** The highest rate tried was served: the limit is the client's. */
  readonly atLimit: boolean
}

/** The highest rate with less than 1 % loss: doubled until it fails, then halved in between.  */
export async function highestRate(client: Client, options: SearchOptions): Promise<Found> {
  const served = (rate: number) => attempt(client, { ...options, rate: Math.round(rate) }, options.tries)
  let low = 0
  let best = 0
  let high = options.from
  for (;;) {
    const rate = await served(high)
    if (rate === undefined) break
    low = high
    best = rate
    if (high >= options.to) return { rate: best, atLimit: true }
    high = Math.min(high * 2, options.to)
  }
  while (high - low > high * options.precision && options.inTime()) {
    const middle = (low + high) / 2
    const rate = await served(middle)
    if (rate === undefined) high = middle
    else [low, best] = [middle, rate]
  }
  return { rate: best, atLimit: false }
}

/** Exchanges completed per second, undefined when too many were lost. */
async function attempt(client: Client, load: Load, tries: number): Promise<number | undefined> {
  for (let i = 0; i < tries; i++) {
    const result = await client(load)
    if (isServed(result, load)) return result.completed / load.seconds
  }
  return undefined
}

export function isServed({ begun, completed, rate }: Result, load: Load): boolean {
  return begun > 0 && completed > begun * (1 - LOSS) && rate >= load.rate * COMPLETED
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
