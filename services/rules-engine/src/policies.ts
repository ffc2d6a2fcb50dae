import type { Instant } from '@reboots/protocol/net'
import { ConfigError, type Log } from '@reboots/runtime'
import { accept, type Accepted } from './accept.ts'
import type { Draft, Entry, EntryHead, Origin, PolicySource, SignedDocument, VersionStore } from './ports.ts'
import { Publisher, versionOf, type Listener, type Publication } from './publisher.ts'
import { Refusal } from './refusal.ts'
import { TRUST_ALL, type Trust } from './trust.ts'
import { entryNamed } from './versions.ts'

export interface Surroundings {
  readonly source: PolicySource
  readonly store: VersionStore
  readonly trust: Trust
  readonly now: () => Instant
  readonly log: Log
}

/** Who changes something, and why, in their own words. */
export interface Account {
  readonly by: string
  readonly why: string
}

export interface Change extends Account {
  /** The version that is to be replaced, `*` for whichever is in force. */
  readonly replaces: string
}

export interface Applied {
  readonly entry: EntryHead
  /** It was in force already; nothing has changed. */
  readonly unchanged: boolean
}

/** What has become of a look at the source. */
export type Reload = 'published' | 'unchanged'

/**
 * The policy in force, how it got there, and how another gets there. One thing is done at a time here; that replicas do not contradict
 * each other is up to the store, in whose order everything is published.
 */
export class Policies {
  readonly #surroundings: Surroundings
  readonly #publisher: Publisher
  #entry: Entry
  /** Entries up to here have been looked at, whether they could be published or not. */
  #seen: number
  /** What was accepted last: it is about to come back from the store. */
  #accepted: Accepted | undefined
  #turn: Promise<unknown> = Promise.resolve()

  /** Begins with an entry that was accepted. */
  constructor(surroundings: Surroundings, entry: Entry, accepted: Accepted) {
    this.#surroundings = surroundings
    this.#entry = entry
    this.#seen = entry.revision
    this.#publisher = new Publisher(publicationOf(entry, accepted))
  }

  get current(): Publication {
    return this.#publisher.current
  }

  subscribe(listener: Listener): () => void {
    return this.#publisher.subscribe(listener)
  }

  /** Where the policy in force comes from, and how long it stays, for people. */
  get origin(): string {
    const { source, store } = this.#surroundings
    const from = source.origin === 'file' ? `the file ${source.name}` : 'this API'
    const until = store.durable ? `kept in ${store.name}` : 'forgotten when rules-engine restarts'
    return `changed by ${from}, versions ${until}`
  }

  /** @throws Refusal `not-accepted` */
  check(signed: SignedDocument, name: string): Accepted {
    return (this.#accepted = accept(signed, name, this.#surroundings.trust))
  }

  /** A document that is only to be looked at: nobody has to vouch for it. @throws Refusal `not-accepted` */
  look(signed: SignedDocument, name: string): Accepted {
    return accept(signed, name, TRUST_ALL)
  }

  /** Checks a document and puts it in force, in the file too if that is where the policy comes from. @throws Refusal */
  apply(signed: SignedDocument, name: string, change: Change): Promise<Applied> {
    return this.#alone(async () => {
      await this.#expect(change)
      const accepted = this.check(signed, name)
      if (accepted.version === this.current.version) return { entry: this.#entry, unchanged: true }
      return this.#replace(accepted, change, 'apply')
    })
  }

  /** Puts an earlier version in force again; without a name the one before. @throws Refusal */
  rollback(name: string, change: Change): Promise<Applied> {
    return this.#alone(async () => {
      await this.#expect(change)
      const heads = await this.#surroundings.store.heads()
      const head = name === '' ? heads.find(({ version }) => version !== this.current.version) : entryNamed(heads, name)
      const entry = head && (await this.#surroundings.store.get(head.revision))
      if (entry === undefined) throw new Refusal('not-found', 'no other version has been in force before')
      if (entry.version === this.current.version) return { entry: this.#entry, unchanged: true }
      return this.#replace(this.check(entry, `version ${entry.version}`), change, 'rollback')
    })
  }

  /** The latest first, as the store has it. */
  heads(): Promise<readonly EntryHead[]> {
    return this.#surroundings.store.heads()
  }

  /** The entry that a name stands for, see `entryNamed`. The one in force is had without the store. @throws Refusal `not-found` */
  async version(name: string): Promise<Entry> {
    if (name === '') return this.#entry
    const { store } = this.#surroundings
    const entry = await store.get(entryNamed(await store.heads(), name).revision)
    if (entry === undefined) throw new Refusal('not-found', `version ${name} is no longer remembered`)
    return entry
  }

  /** Publishes what others have added to the store. */
  catchUp(): Promise<void> {
    return this.#alone(() => this.#catchUp())
  }

  /** Publishes the document of the source if that is what counts. @throws Refusal, and what reading throws */
  reload(): Promise<Reload> {
    return this.#alone(async () => {
      const { source, trust } = this.#surroundings
      if (source.origin !== 'file') return 'unchanged'
      const signed = await source.read()
      if (versionOf(signed.document) === this.current.version) return 'unchanged'
      this.#accepted = accept(signed, source.name, trust)
      await this.#append(this.#accepted, { replaces: '*', ...accountOf(source) }, 'file')
      return 'published'
    })
  }

  /** One after the other, whatever becomes of those before. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work, work)
    this.#turn = turn.catch(() => {})
    return turn
  }

  async #expect({ replaces }: Change): Promise<void> {
    await this.#catchUp()
    if (replaces === '')
      throw new Refusal('bad-request', 'replaces: the version that is to be replaced, or * for whichever is in force')
    if (replaces !== '*' && replaces !== this.current.version) throw this.#conflict(replaces)
  }

  #conflict(replaces: string): Refusal {
    const { version, by, at, revision } = this.#entry
    const when = new Date(at).toISOString()
    return new Refusal(
      'conflict',
      `version ${version} is in force (#${revision}, by ${by}, ${when}), not ${replaces}: look at what it changed, and apply to that`,
    )
  }

  /** The file first: if the process ends in between, it is read at the next start. */
  async #replace(accepted: Accepted, change: Change, origin: Origin): Promise<Applied> {
    const { source } = this.#surroundings
    await source.write?.(accepted).catch((error: unknown) => {
      if (!(error instanceof ConfigError)) throw error
      throw new Refusal(
        'elsewhere',
        `the policy comes from ${source.name}, which cannot be written from here: change it where it comes from (${error.problems.join('; ')})`,
      )
    })
    const entry = await this.#append(accepted, change, origin)
    if (entry === undefined) throw this.#conflict(change.replaces)
    return { entry, unchanged: false }
  }

  /** Undefined: somebody else was faster. What there is now is published either way. */
  async #append(accepted: Accepted, change: Change, origin: Origin): Promise<Entry | undefined> {
    const { store, now } = this.#surroundings
    const draft = draftOf(accepted, change, origin, now())
    const entry = await store.append(draft, change.replaces, this.#entry.revision)
    await this.#catchUp()
    return entry
  }

  async #catchUp(): Promise<void> {
    const { store, log } = this.#surroundings
    const heads = await store.heads()
    if ((heads[0]?.revision ?? 0) < this.#entry.revision) {
      log.warn({ revision: this.#entry.revision, version: this.#entry.version }, 'the store has lost what is in force')
      return store.restore(this.#entry)
    }
    for (const { revision } of heads.toReversed()) {
      if (revision <= this.#seen) continue
      const entry = await store.get(revision)
      this.#seen = revision
      if (entry !== undefined) this.#publish(entry)
    }
  }

  /** What is not accepted here (another replica may be newer, or trust others) is left out. */
  #publish(entry: Entry): void {
    const { log, trust } = this.#surroundings
    const { revision, version, by, why, origin } = entry
    try {
      const known = this.#accepted?.version === version ? this.#accepted : undefined
      const accepted = known ?? accept(entry, `version ${version}`, trust)
      this.#entry = entry
      this.#publisher.publish(publicationOf(entry, accepted))
      log.info({ version, revision, by, why, origin, rules: entry.rules }, 'new policy published')
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      log.error({ version, revision, why: error.message, kept: this.current.version }, 'a policy is not accepted here')
    }
  }
}

/** The entry that a document becomes. */
export function draftOf(accepted: Accepted, { by, why }: Account, origin: Origin, at: Instant): Draft {
  const { version, document, signature, policy } = accepted
  const counts = { rules: policy.rules.length, tests: policy.tests.length }
  return { version, at, by, why, origin, ...counts, document, signature }
}

/** Who has put a document there that nobody has applied. */
export function accountOf({ name, origin }: PolicySource): Account {
  return { by: 'rules-engine', why: origin === 'file' ? `read from ${name}` : name }
}

function publicationOf({ revision }: Entry, { version, document, policy }: Accepted): Publication {
  return { revision: BigInt(revision), version, document, policy }
}
