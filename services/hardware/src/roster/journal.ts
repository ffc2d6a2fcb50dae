import type { Entry } from '../records/entry.ts'

/** What one publication changed. */
export interface Revision {
  readonly revision: bigint
  readonly upserted: readonly Entry[]
  readonly deletedIds: readonly string[]
}

export interface JournalLimits {
  readonly revisions: number
  /** Octets of the changed machines. */
  readonly bytes: number
}

/** A reconnecting replica missed seconds; one that missed more than this is as well served with a snapshot. */
const LIMITS: JournalLimits = { revisions: 1024, bytes: 16 * 1024 * 1024 }

/** The recent revisions, without a gap, up to a limit: what a watcher that was away for a moment missed. */
export class Journal {
  readonly #limits: JournalLimits
  #revisions: Revision[] = []
  #bytes = 0

  constructor(limits = LIMITS) {
    this.#limits = limits
  }

  add(revision: Revision): void {
    this.#revisions.push(revision)
    this.#bytes += size(revision)
    while (
      this.#revisions.length > this.#limits.revisions ||
      (this.#bytes > this.#limits.bytes && this.#revisions.length > 0)
    ) {
      this.#bytes -= size(this.#revisions.shift()!)
    }
  }

  /** Everything after `revision` up to `current`; undefined if some of it is forgotten. */
  since(revision: bigint, current: bigint): readonly Revision[] | undefined {
    const missed = Number(current - revision)
    return missed > this.#revisions.length ? undefined : this.#revisions.slice(this.#revisions.length - missed)
  }
}

function size({ upserted, deletedIds }: Revision): number {
  return upserted.reduce((sum, { bytes }) => sum + bytes.length, 0) + deletedIds.reduce((sum, id) => sum + id.length, 0)
}
