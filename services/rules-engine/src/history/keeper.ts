import { NO_HISTORY, type BootHistory } from '@reboots/rules'
import type { HistoryStore } from '../ports.ts'

/** Machines without a record that are remembered: anybody can make up MACs. Of the others there are as many as records. */
const MOST_STRANGERS = 10_000

/** Something that happened to a machine. */
export interface Happened {
  readonly subject: string
  readonly change: (history: BootHistory) => BootHistory
}

/** Histories that are others now; undefined: forgotten. */
export type Changed = ReadonlyMap<string, BootHistory | undefined>
export type Listener = (changed: Changed, revision: bigint) => void

/** What is remembered of all machines, in memory and in the store. */
export class HistoryKeeper {
  readonly #store: HistoryStore
  readonly #mostStrangers: number
  readonly #known = new Map<string, BootHistory>()
  /** Those heard of last are at the end. */
  readonly #strangers = new Map<string, BootHistory>()
  readonly #listeners = new Set<Listener>()
  #revision = 0n

  constructor(store: HistoryStore, mostStrangers = MOST_STRANGERS) {
    this.#store = store
    this.#mostStrangers = mostStrangers
    for (const [subject, history] of store.load()) this.#placeOf(subject).set(subject, history)
  }

  /** Counts changes since this keeper was made. */
  get revision(): bigint {
    return this.#revision
  }

  get size(): number {
    return this.#known.size + this.#strangers.size
  }

  *all(): Generator<readonly [string, BootHistory]> {
    yield* this.#known
    yield* this.#strangers
  }

  of(subject: string): BootHistory | undefined {
    return this.#placeOf(subject).get(subject)
  }

  /** Takes notice of it all, or throws what the store throws and has taken notice of nothing. What is known already changes nothing. */
  apply(events: readonly Happened[]): void {
    const changed = new Map<string, BootHistory | undefined>()
    for (const { subject, change } of events) {
      const before = changed.get(subject) ?? this.of(subject) ?? NO_HISTORY
      const after = change(before)
      if (after !== before) changed.set(subject, after)
    }
    for (const subject of this.#superfluous(changed)) changed.set(subject, undefined)
    if (changed.size === 0) return
    this.#store.save(changed)
    for (const [subject, history] of changed) {
      const place = this.#placeOf(subject)
      place.delete(subject)
      if (history !== undefined) place.set(subject, history)
    }
    this.#revision++
    for (const listener of this.#listeners) listener(changed, this.#revision)
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #placeOf(subject: string): Map<string, BootHistory> {
    return subject.startsWith('record:') ? this.#known : this.#strangers
  }

  /** The strangers that have to make room. */
  *#superfluous(changed: Changed): Generator<string> {
    const strangers = [...changed.keys()].filter((subject) => this.#placeOf(subject) === this.#strangers)
    let over = this.#strangers.size - this.#mostStrangers
    for (const subject of strangers) if (!this.#strangers.has(subject)) over++
    for (const subject of [...this.#strangers.keys(), ...strangers]) {
      if (over <= 0) return
      if (this.#strangers.has(subject) && changed.has(subject)) continue
      over--
      yield subject
    }
  }
}
