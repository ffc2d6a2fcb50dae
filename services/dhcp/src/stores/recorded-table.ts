import {
  LeaseTable,
  NEVER,
  runStep,
  type AddressEntry,
  type AddressRange,
  type Hold,
  type LeaseEvent,
  type LeaseRecord,
  type LeaseStep,
  type StepResult,
  type Subject,
} from '@reboots/leases'
import type { Instant, Ipv4Address } from '@reboots/protocol/net'
import { ascending } from './ascending.ts'
import { eventOf, isRemembered } from './lease-events.ts'
import { isTaken } from './taken.ts'

/** What some steps changed that must outlive the process: offers need not. */
export interface Changes {
  /** What the books said of each address before; to take the steps back. */
  readonly before: Map<Ipv4Address, LeaseRecord>
  /** What they say now. */
  readonly after: Map<Ipv4Address, LeaseRecord>
  /** The same of who addresses are kept for. */
  readonly holdsBefore: Map<Ipv4Address, Hold | undefined>
  readonly holds: Map<Ipv4Address, Hold | undefined>
  readonly events: LeaseEvent[]
  /** Everything that watchers are to be told, in its order; empty while there are none. */
  readonly news: LeaseEvent[]
}

export function noChanges(): Changes {
  return { before: new Map(), after: new Map(), holdsBefore: new Map(), holds: new Map(), events: [], news: [] }
}

/** For a table that outlives nothing: only events are noted. */
export function noRecords(): Changes {
  return { before: NOTHING, after: NOTHING, holdsBefore: NOTHING, holds: NOTHING, events: [], news: [] }
}

/** Keeps nothing; one for all, because new maps for every message would be half of what it allocates. */
class Forgetful extends Map<Ipv4Address, never> {
  override set(): this {
    return this
  }
}

const NOTHING = new Forgetful()

/**
 * A lease goes to disk an eighth longer than it is: what is renewed soon need not be written again. A machine that starts asks three times
 * within a minute, as firmware, as iPXE and as a system. After a crash an address may be kept that much longer, and nobody has it twice.
 */
function lasting(record: LeaseRecord, now: Instant): LeaseRecord {
  const { state, expiresAt } = record
  if (state !== 'bound' || expiresAt === NEVER) return record
  return { ...record, expiresAt: Math.ceil(expiresAt + (expiresAt - now) / 8) as Instant }
}

/** A table that notes what its steps change. */
export class RecordedTable {
  readonly table = new LeaseTable((before) => this.#touched.push(before))
  readonly #isWatched: () => boolean
  #touched: LeaseRecord[] = []
  #changes = noChanges()
  /** What ended by itself since the last steps. */
  #ended: (LeaseRecord | Hold)[] = []

  /** More is noted while somebody watches. */
  constructor(isWatched: () => boolean) {
    this.#isWatched = isWatched
    this.table.lapsed = (ended) => {
      if (!('state' in ended) || (isWatched() && ended.state !== 'offered')) this.#ended.push(ended)
    }
  }

  /** Carries out the steps and enters what they changed in `changes`, after what ended by itself before. */
  run(steps: readonly LeaseStep[], now: Instant, changes: Changes): StepResult[] {
    this.#changes = changes
    this.table.expire(now)
    if (this.#ended.length > 0) this.#noteEnded()
    return steps.map((step) => {
      this.#touched = []
      const held = step.kind === 'hold' || step.kind === 'free' ? this.table.holdOn(step.address) : undefined
      const result = runStep(this.table, step, now)
      if (step.kind !== 'offer') for (const before of this.#touched) this.#note(before, now)
      if (step.kind === 'hold' || step.kind === 'free') this.#noteHold(step.address, held, now)
      return result
    })
  }

  #note(before: LeaseRecord, now: Instant): void {
    const after = this.table.record(before.address)!
    const { before: first, after: last } = this.#changes
    if (!this.table.isDurable(after.address)) {
      if (!first.has(after.address)) first.set(after.address, before)
      if (before.state === 'offered' && after.state === 'free') return
      last.set(after.address, lasting(after, now))
    }
    const event = eventOf(before, after, now, this.#isWatched())
    if (event) this.#happened(event)
  }

  #noteHold(address: Ipv4Address, before: Hold | undefined, now: Instant): void {
    const after = this.table.holdOn(address)
    if (after?.expiresAt === before?.expiresAt && after?.client === before?.client) return
    const { holdsBefore, holds } = this.#changes
    if (!holdsBefore.has(address)) holdsBefore.set(address, before)
    holds.set(address, after)
    this.#happened({ at: now, kind: after === undefined ? 'unreserved' : 'reserved', ...(after ?? before)! })
  }

  #noteEnded(): void {
    for (const ended of this.#ended) {
      const { client, address, expiresAt } = ended
      const isHold = !('state' in ended)
      if (isHold) this.#changes.holds.set(address, undefined)
      this.#happened({ at: expiresAt, kind: isHold ? 'unreserved' : 'expired', client, address, expiresAt })
    }
    this.#ended = []
  }

  #happened(event: LeaseEvent): void {
    if (isRemembered(event)) this.#changes.events.push(event)
    if (this.#isWatched()) this.#changes.news.push(event)
  }

  /** The changes are on disk, and `since` what was noted meanwhile. */
  kept(changes: Changes, since: Changes): void {
    for (const record of changes.after.values()) if (!since.after.has(record.address)) this.table.markDurable(record)
  }

  /** Whether the step leads to nothing that is not on disk already. */
  isKept(step: LeaseStep, now: Instant): boolean {
    return step.kind === 'bind' && this.table.wouldBeDurable(step.pool, step.claim, now)
  }

  takeBack(changes: Changes): void {
    for (const record of changes.before.values()) this.table.put(record)
    for (const [address, hold] of changes.holdsBefore) this.table.putHold(address, hold)
  }

  /** Ascending, in pieces between which others have their turn. */
  async *entries(now: Instant, { first, last }: AddressRange): AsyncGenerator<AddressEntry[]> {
    for await (const piece of ascending(this.table.addresses(), (address) => first <= address && address <= last)) {
      yield piece.map((address) => this.table.entry(address, now)!).filter(isTaken)
    }
  }

  look(subject: Subject, now: Instant): AddressEntry[] {
    const addresses = typeof subject === 'number' ? [subject] : this.table.addressesOf(subject)
    return addresses.map((address) => this.table.entry(address, now)).filter((entry) => entry !== undefined)
  }
}
