import type { rules } from '@reboots/api'
import type { Instant } from '@reboots/protocol/net'
import { lintPolicy, type Histories, type ImpactReport, type Problem } from '@reboots/rules'
import type { Accepted } from './accept.ts'
import { impactOn } from './impact.ts'
import { onDecide } from './on-decide.ts'
import type { Account, Applied, Change, Policies } from './policies.ts'
import { StoreGone, type Entry, type EntryHead, type Machines, type SignedDocument } from './ports.ts'
import { Refusal } from './refusal.ts'
import type { Shadow, Trial } from './shadow.ts'
import { readSignature } from './trust.ts'

/** A document as it came over the network. */
export interface GivenDocument {
  readonly document: string
  /** What problems call it; empty: `policy`. */
  readonly source: string
  /** As in a file: octets, or their base64. */
  readonly signature: Uint8Array
}

export interface Checked {
  readonly accepted: Accepted | undefined
  readonly problems: readonly Problem[]
  /** What is allowed and most likely not meant. */
  readonly warnings: readonly Problem[]
}

export interface AppliedDocument extends Applied {
  readonly warnings: readonly Problem[]
}

/** A version, empty for the one in force; or a document that is none yet. */
export type Under = { readonly version: string } | Omit<GivenDocument, 'signature'>

/** Versions, and what changes between them. */
export interface Impacted extends ImpactReport {
  readonly before: string
  readonly after: string
}

export const MOST_LISTED = 1000
const LISTED = 100
/** Machines that are named of each difference. */
const EXAMPLES = 10

/** What can be asked of the policy, whichever way it is asked. Rejects with Refusal. */
export class Operations {
  readonly #policies: Policies
  readonly #shadow: Shadow
  readonly #machines: Machines
  readonly #histories: Histories
  readonly #now: () => Instant

  constructor(policies: Policies, shadow: Shadow, machines: Machines, histories: Histories, now: () => Instant) {
    this.#policies = policies
    this.#shadow = shadow
    this.#machines = machines
    this.#histories = histories
    this.#now = now
  }

  get origin(): string {
    return this.#policies.origin
  }

  get version(): string {
    return this.#policies.current.version
  }

  /** The latest first: `limit` of them (0: 100), of those before a revision (0: all). */
  async list(limit: number, before: number): Promise<readonly EntryHead[]> {
    if (limit > MOST_LISTED) throw new Refusal('bad-request', `limit: at most ${MOST_LISTED}`)
    const heads = await reached(this.#policies.heads())
    return heads.filter(({ revision }) => before === 0 || revision < before).slice(0, limit || LISTED)
  }

  get(name: string): Promise<Entry> {
    return reached(this.#policies.version(name))
  }

  check(given: GivenDocument): Checked {
    try {
      const accepted = this.#policies.check(signed(given), nameOf(given))
      return { accepted, problems: [], warnings: lintPolicy(accepted.policy) }
    } catch (error) {
      if (error instanceof Refusal && error.kind === 'not-accepted')
        return { accepted: undefined, problems: error.problems, warnings: [] }
      throw error
    }
  }

  async apply(given: GivenDocument, change: Change): Promise<AppliedDocument> {
    const applied = await reached(this.#policies.apply(signed(given), nameOf(given), told(change)))
    return { ...applied, warnings: lintPolicy(this.#policies.look(signed(given), nameOf(given)).policy) }
  }

  rollback(name: string, change: Change): Promise<Applied> {
    return reached(this.#policies.rollback(name, told(change)))
  }

  /** Under the version in force, one of the history, or a document. */
  async explain(request: rules.DecideRequest, under: Under): Promise<rules.DecideResponse> {
    const policy = await this.#policyOf(under)
    const answer = onDecide(request, { policy }, this.#machines, this.#histories, this.#now())
    if ('code' in answer) throw new Refusal('bad-request', answer.details)
    return answer.response
  }

  /** What changes for the machines there are, if a document takes the place of the policy in force. */
  async impact(given: Omit<GivenDocument, 'signature'>, examples: number): Promise<Impacted> {
    const after = this.#policies.look(unsigned(given.document), nameOf(given))
    const { policy, version } = this.#policies.current
    const both = [policy, after.policy] as const
    const report = await impactOn(this.#machines, both, this.#histories, this.#now(), examples || EXAMPLES)
    return { before: version, after: after.version, ...report }
  }

  /** Tries a document out on the decisions that are made from now on. Gives its version. */
  startShadow(given: Omit<GivenDocument, 'signature'>, account: Account): string {
    const { by, why } = told({ ...account, replaces: '*' })
    const accepted = this.#policies.look(unsigned(given.document), nameOf(given))
    if (accepted.version === this.version)
      throw new Refusal('bad-request', `version ${this.version} is in force already`)
    this.#shadow.start(accepted, { by, why })
    return accepted.version
  }

  stopShadow(): void {
    this.#shadow.stop()
  }

  shadow(examples: number): Trial {
    const trial = this.#shadow.trial(examples || EXAMPLES)
    if (trial === undefined) throw new Refusal('not-found', 'no policy is tried out')
    return trial
  }

  async #policyOf(under: Under) {
    if ('document' in under) return this.#policies.look(unsigned(under.document), nameOf(under)).policy
    if (under.version === '') return this.#policies.current.policy
    const entry = await this.get(under.version)
    return this.#policies.look(entry, `version ${entry.version}`).policy
  }
}

function unsigned(document: string): SignedDocument {
  return { document, signature: new Uint8Array() }
}

function signed({ document, signature }: GivenDocument): SignedDocument {
  return { document, signature: readSignature(signature) }
}

function nameOf({ source }: Pick<GivenDocument, 'source'>): string {
  return source === '' ? 'policy' : source
}

const LONGEST_ACCOUNT = 1000

/** Somebody has to have done it. */
function told(change: Change): Change {
  if (change.by.trim() === '') throw new Refusal('bad-request', 'by: who does this')
  for (const key of ['by', 'why'] as const)
    if (change[key].length > LONGEST_ACCOUNT)
      throw new Refusal('bad-request', `${key}: longer than ${LONGEST_ACCOUNT} characters`)
  return change
}

async function reached<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof StoreGone) throw new Refusal('unavailable', `the versions cannot be reached: ${error.message}`)
    throw error
  }
}
