import type { Seconds } from '../net/index.ts'

/** How long a silent client is tried, all times in milliseconds. */
export interface RetryPolicy {
  /** Retransmissions in a row, without an ACK that moves the transfer on, before it is given up. */
  readonly resends: number
  /** The least wait that measured round trips may bring it down to. */
  readonly floor: number
  /** The greatest wait that backing off may bring it up to. */
  readonly ceiling: number
}

/** With a first wait of 1 s: sends again after 1, 2, 4, 8, 8, 8, 8 s and gives up 8 s later. */
export const DEFAULT_RETRY: RetryPolicy = { resends: 7, floor: 600, ceiling: 8000 }

/** Milliseconds that the wait is longer than a round trip at least: on a steady link the deviation goes to nothing. */
const MARGIN = 200

/**
 * The wait before a retransmission.
 *
 * A client that asked for a timeout gets exactly that interval, every time (RFC 2349). For the others it follows the round
 * trips (RFC 6298 §2: smoothed mean plus four times the deviation) and doubles while the client stays silent.
 */
export class RetransmissionTimer {
  readonly #first: number
  readonly #fixed: boolean
  readonly #policy: RetryPolicy
  #smoothed: number | undefined
  #deviation = 0
  #silences = 0

  constructor(timeout: Seconds, fixed: boolean, policy: RetryPolicy) {
    this.#first = timeout * 1000
    this.#fixed = fixed
    this.#policy = policy
  }

  /** Milliseconds to wait for an answer to what is being sent now. */
  get wait(): number {
    if (this.#fixed) return this.#first
    const { floor, ceiling } = this.#policy
    const base =
      this.#smoothed === undefined
        ? this.#first
        : Math.max(floor, this.#smoothed + Math.max(MARGIN, 4 * this.#deviation))
    return Math.min(base * 2 ** this.#silences, Math.max(ceiling, this.#first))
  }

  /** Milliseconds within which an answer to what is sent now is to be expected, as far as round trips have been measured. */
  get roundTrip(): number {
    return this.#smoothed === undefined ? 0 : this.#smoothed + 4 * this.#deviation
  }

  /** The client has moved on. `roundTrip` in milliseconds, undefined when retransmissions make it uncertain which sending it answers. */
  heard(roundTrip: number | undefined): void {
    this.#silences = 0
    if (roundTrip === undefined) return
    if (this.#smoothed === undefined) {
      this.#smoothed = roundTrip
      this.#deviation = roundTrip / 2
      return
    }
    this.#deviation += (Math.abs(this.#smoothed - roundTrip) - this.#deviation) / 4
    this.#smoothed += (roundTrip - this.#smoothed) / 8
  }

  /** The wait is over without an answer; false: it was the last one. */
  silent(): boolean {
    this.#silences++
    return this.#silences <= this.#policy.resends
  }
}
