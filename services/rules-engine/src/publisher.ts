import { createHash } from 'node:crypto'
import { parsePolicy, type Policy } from '@reboots/rules'

/** A policy that was accepted. */
export interface Publication {
  /** Counts from 1 since this server started. */
  readonly revision: bigint
  readonly version: string
  readonly document: string
  readonly policy: Policy
}

export type Listener = (publication: Publication) => void

/** The policy in force, and those who want to know of the next. */
export interface Publisher {
  readonly current: Publication
  readonly listeners: number
  /**
   * Checks a document and, if it is another than the one in force, publishes it; false if it is the same.
   * @throws PolicyError if it is not accepted; then nothing changes
   */
  publish(document: string, source: string): boolean
  /** Gives the policy in force at once, and then each that is published. Returns how to stop. */
  subscribe(listener: Listener): () => void
}

/** @throws PolicyError if the first document is not accepted: there is no publisher without a policy */
export function createPublisher(document: string, source: string): Publisher {
  const listeners = new Set<Listener>()
  let current = publicationOf(document, source, 1n)
  return {
    get current() {
      return current
    },
    get listeners() {
      return listeners.size
    },
    publish(document, source) {
      if (versionOf(document) === current.version) return false
      current = publicationOf(document, source, current.revision + 1n)
      for (const listener of listeners) listener(current)
      return true
    },
    subscribe(listener) {
      listeners.add(listener)
      listener(current)
      return () => void listeners.delete(listener)
    },
  }
}

function publicationOf(document: string, source: string, revision: bigint): Publication {
  const version = versionOf(document)
  return { revision, version, document, policy: parsePolicy(document, source, version) }
}

/** First 12 hexadecimal digits of the SHA-256 of the document: equal documents have equal versions in every replica. */
export function versionOf(document: string): string {
  return createHash('sha256').update(document).digest('hex').slice(0, 12)
}
