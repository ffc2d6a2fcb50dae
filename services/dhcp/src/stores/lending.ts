import type { AddressRange } from '@reboots/leases'
import type { Instant, Ipv4Address } from '@reboots/protocol/net'
import type { Answer, LendingUpkeep } from './redis-wire.ts'
import type { Share } from './share.ts'

/** How much each replica keeps for new clients that come while Redis is gone. */
export interface Split {
  /** Of the free addresses of each range. */
  readonly percent: number
  /** Milliseconds that an address is kept, counted from when Redis was last reached; no lease is given for longer. */
  readonly time: number
  /** All ranges of the pools, as they are now. */
  ranges(): readonly AddressRange[]
}

const CHUNK = 500
/** Loans are renewed when less than this part of them is left. */
const RENEWED_AT = 0.75

/** Milliseconds between two visits. */
export function visitInterval({ time }: Split): number {
  return Math.min(Math.max(time / 10, 100), 10_000)
}

/** Asks Redis for what becomes of a replica's share while all is well. Rejects as `ask` does; what Redis did not confirm is not counted on. */
export class Lender {
  readonly #share: Share
  readonly #replica: string
  readonly #split: Split
  readonly #ask: (work: readonly LendingUpkeep[]) => Promise<Answer>

  constructor(share: Share, replica: string, split: Split, ask: (work: readonly LendingUpkeep[]) => Promise<Answer>) {
    this.#share = share
    this.#replica = replica
    this.#split = split
    this.#ask = ask
  }

  /** Gives back, renews and borrows, so that the share is what it should be. */
  async visit(now: Instant): Promise<void> {
    this.#share.giveBackOutside(this.#split.ranges())
    await this.giveBack()
    await this.#extend(this.#share.endingBefore((now + RENEWED_AT * this.#split.time) as Instant))
    for (const range of this.#split.ranges()) await this.#borrow(range)
    await this.giveBack()
  }

  /** Finds out what is lent to this replica still, and renews that. */
  confirm(): Promise<void> {
    return this.#extend(this.#share.endingBefore(Number.MAX_SAFE_INTEGER as Instant))
  }

  /** All of it is free for everybody. */
  leave(): Promise<void> {
    this.#share.giveBackOutside([])
    return this.giveBack()
  }

  async giveBack(): Promise<void> {
    const { returning } = this.#share
    for (let i = 0; i < returning.length; i += CHUNK) {
      const addresses = returning.slice(i, i + CHUNK)
      await this.#ask([{ kind: 'takeBack', replica: this.#replica, addresses }])
      this.#share.returned(addresses)
    }
  }

  async #extend(all: readonly Ipv4Address[]): Promise<void> {
    for (let i = 0; i < all.length; i += CHUNK) {
      const addresses = all.slice(i, i + CHUNK)
      const { lent } = await this.#ask([{ kind: 'extend', replica: this.#replica, addresses, time: this.#split.time }])
      this.#share.extend(
        addresses,
        lent.flatMap(({ lending }) => lending ?? []),
      )
    }
  }

  async #borrow(range: AddressRange): Promise<void> {
    const { percent, time } = this.#split
    const have = this.#share.countIn(range)
    const { first, last } = range
    const { lent, wanted } = await this.#ask([
      { kind: 'lend', replica: this.#replica, range: [first, last], have, percent, time },
    ])
    this.#share.add(lent.flatMap(({ lending }) => (lending?.replica === this.#replica ? lending : [])))
    this.#share.giveBackFrom(range, have - wanted[0]!)
  }
}
