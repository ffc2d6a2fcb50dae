import { parsePolicy, PolicyError, type Policy } from '@reboots/rules'
import type { SignedDocument } from './ports.ts'
import { versionOf } from './publisher.ts'
import { notAccepted } from './refusal.ts'
import type { Trust } from './trust.ts'

/** A document that may come into force. */
export interface Accepted extends SignedDocument {
  readonly version: string
  readonly policy: Policy
}

/**
 * Whether somebody vouches for a document, everything in it is in order, and all of its tests pass. `name` is what problems call it.
 * @throws Refusal `not-accepted` with every problem
 */
export function accept(signed: SignedDocument, name: string, trust: Trust): Accepted {
  const against = trust.reasonAgainst(signed)
  if (against !== undefined) throw notAccepted([{ source: name, line: 1, column: 1, path: '', message: against }])
  const version = versionOf(signed.document)
  try {
    return { ...signed, version, policy: parsePolicy(signed.document, name, version) }
  } catch (error) {
    if (error instanceof PolicyError) throw notAccepted(error.problems)
    throw error
  }
}
