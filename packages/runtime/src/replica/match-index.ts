import type { hardware } from '@reboots/api'

/** What whoever asks shows of itself besides its MAC. Octets in lower-case hexadecimal; empty: not shown. */
export interface Traits<F = unknown> {
  /** Option 61. */
  readonly clientId: string
  /** Relay agent sub-options 1 and 2, RFC 3046. */
  readonly circuitId: string
  readonly remoteId: string
  /** Option 97 as SMBIOS prints it. */
  readonly uuid: string
  /** What conditions look at; asked for only when there are some, and nothing else told who this is. */
  readonly facts: F
}

/** What a machine was found by, in the order that is looked. */
export type FoundBy = 'client-id' | 'circuit-id' | 'uuid' | 'condition'

export interface Found<T> {
  readonly value: T
  readonly by: FoundBy
}

/** True, false, or why the condition could not be evaluated. Never throws. */
export type Condition<F> = (facts: F) => boolean | string

/** Turns the text of a condition into one; an Error for what the hardware service should have refused. */
export type CompileCondition<F> = (when: string) => Condition<F>

interface Entry<T> {
  /** Machine and interface: what conditions are ordered by, and what is told of. */
  readonly id: string
  readonly place: number
  readonly value: T
}

interface Conditional<T, F> extends Entry<T> {
  readonly test: Condition<F>
  failed: boolean
}

export interface MatchIndexOptions<F> {
  /** Absent: conditions are not looked at. */
  readonly compile?: CompileCondition<F> | undefined
  /** A condition that could not be evaluated; `first`: it is the first time since its record changed. */
  readonly failed?: ((id: string, why: string, first: boolean) => void) | undefined
}

/** The hardware service lets no more through; these are tried for every message of a client that nobody knows. */
const MOST_CONDITIONS = 100

/** Interfaces by what their records' `match` names. Empty for most sites: then nothing is computed for anybody. */
export class MatchIndex<T, F> {
  readonly #clientIds = new Map<string, Entry<T>>()
  readonly #circuits = new Map<string, Entry<T>>()
  readonly #uuids = new Map<string, Entry<T>>()
  #conditions: readonly Conditional<T, F>[] = []
  readonly #options: MatchIndexOptions<F>

  constructor(options: MatchIndexOptions<F>) {
    this.#options = options
  }

  get empty(): boolean {
    return (
      this.#clientIds.size === 0 && this.#circuits.size === 0 && this.#uuids.size === 0 && this.#conditions.length === 0
    )
  }

  /** Throws, having added nothing, for a condition that is none. */
  add(match: hardware.Match, entry: Entry<T>): void {
    const { compile } = this.#options
    const test = match.when === '' || compile === undefined ? undefined : compile(match.when)
    for (const id of match.clientIds) this.#clientIds.set(id, entry)
    const { circuitId, remoteId, uuid } = match
    if (circuitId !== '' || remoteId !== '') this.#circuits.set(circuitKey(circuitId, remoteId), entry)
    if (uuid !== '') this.#uuids.set(uuid, entry)
    if (test === undefined) return
    const conditions = [...this.#conditions, { ...entry, test, failed: false }]
    this.#conditions = conditions.toSorted(inOrder).slice(0, MOST_CONDITIONS)
  }

  /** The same `match` as was added. */
  remove({ clientIds, circuitId, remoteId, uuid, when }: hardware.Match, id: string): void {
    for (const clientId of clientIds) removeOwn(this.#clientIds, clientId, id)
    removeOwn(this.#circuits, circuitKey(circuitId, remoteId), id)
    removeOwn(this.#uuids, uuid, id)
    if (when !== '') this.#conditions = this.#conditions.filter((condition) => condition.id !== id)
  }

  /** Client identifier, then circuit and remote id together, each alone, UUID, then conditions in the order of their machines' ids. */
  find(traits: Traits<F>): Found<T> | undefined {
    return (
      found(this.#byClientId(traits), 'client-id') ??
      found(this.#byCircuit(traits), 'circuit-id') ??
      found(this.#byUuid(traits), 'uuid') ??
      found(this.#byCondition(traits), 'condition')
    )
  }

  #byClientId(traits: Traits<F>): Entry<T> | undefined {
    return this.#clientIds.size === 0 ? undefined : this.#clientIds.get(traits.clientId)
  }

  #byCircuit(traits: Traits<F>): Entry<T> | undefined {
    if (this.#circuits.size === 0) return undefined
    const { circuitId, remoteId } = traits
    return (
      this.#circuits.get(circuitKey(circuitId, remoteId)) ??
      this.#circuits.get(circuitKey(circuitId, '')) ??
      this.#circuits.get(circuitKey('', remoteId))
    )
  }

  #byUuid(traits: Traits<F>): Entry<T> | undefined {
    return this.#uuids.size === 0 ? undefined : this.#uuids.get(traits.uuid)
  }

  #byCondition(traits: Traits<F>): Entry<T> | undefined {
    if (this.#conditions.length === 0) return undefined
    const { facts } = traits
    return this.#conditions.find((condition) => this.#holds(condition, facts))
  }

  #holds(condition: Conditional<T, F>, facts: F): boolean {
    const result = condition.test(facts)
    if (typeof result === 'boolean') return result
    this.#options.failed?.(condition.id, result, !condition.failed)
    condition.failed = true
    return false
  }
}

function found<T>(entry: Entry<T> | undefined, by: FoundBy): Found<T> | undefined {
  return entry === undefined ? undefined : { value: entry.value, by }
}

/** Never that of two empty ids, which nobody is found by. */
function circuitKey(circuitId: string, remoteId: string): string {
  return `${circuitId}/${remoteId}`
}

function removeOwn<T>(map: Map<string, Entry<T>>, key: string, id: string): void {
  if (map.get(key)?.id === id) map.delete(key)
}

function inOrder(one: Entry<unknown>, other: Entry<unknown>): number {
  if (one.id !== other.id) return one.id < other.id ? -1 : 1
  return one.place - other.place
}
