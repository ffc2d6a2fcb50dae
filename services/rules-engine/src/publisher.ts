import { createHash } from 'node:crypto'
import type { Policy } from '@reboots/rules'

/** A policy that was accepted. */
export interface Publication {
  /** Of its entry in the history. */
  readonly revision: bigint
  readonly version: string
  readonly document: string
  readonly policy: Policy
}

export type Listener = (publication: Publication) => void

/** The policy in force, and those who want to know of the next. */
export class Publisher {
  readonly #listeners = new Set<Listener>()
  #current: Publication

  constructor(first: Publication) {
    this.#current = first
  }

  get current(): Publication {
    return this.#current
  }

  publish(publication: Publication): void {
    this.#current = publication
    for (const listener of this.#listeners) listener(publication)
  }

  /** Gives the policy in force at once, and then each that is published. Returns how to stop. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener)
    listener(this.#current)
    return () => void this.#listeners.delete(listener)
  }
}

/** First 12 hexadecimal digits of the SHA-256 of the document: equal documents have equal versions in every replica. */
export function versionOf(document: string): string {
  return createHash('sha256').update(document).digest('hex').slice(0, 12)
}
