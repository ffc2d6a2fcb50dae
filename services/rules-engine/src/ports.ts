import type { Instant, MacAddress } from '@reboots/protocol/net'
import type { BootHistory, MachineFacts, Sighting } from '@reboots/rules'
import type { Found, Traits } from '@reboots/runtime'

/** A machine's interface as decisions need it. */
export interface KnownMachine {
  readonly facts: MachineFacts
  /** Its network, `192.0.2.0/24`; empty if the record has no address. */
  readonly subnet: string
}

/** What Decide and Impact need to know of machines. */
export interface Machines {
  byMac(mac: MacAddress): KnownMachine | undefined
  byId(id: string): readonly KnownMachine[]
  /** Every interface of every machine. */
  values(): Iterable<KnownMachine>
  readonly matching: boolean
  byTraits(traits: Traits<Sighting>): Found<KnownMachine> | undefined
  /** Why no records have been received so far; undefined once there have been. */
  readonly problem: string | undefined
}

/** Where histories of boots outlive the process. */
export interface HistoryStore {
  load(): Iterable<readonly [string, BootHistory]>
  /** Keeps what has changed; undefined: is forgotten. All of it, or it throws. */
  save(changed: ReadonlyMap<string, BootHistory | undefined>): void
  close(): void
}

/** A policy document, and who vouches for it. */
export interface SignedDocument {
  readonly document: string
  /** Detached Ed25519 signature of its UTF-8, 64 octets; empty: none. */
  readonly signature: Uint8Array
}

/** Where a policy document comes from that nobody has applied. */
export interface PolicySource {
  /** Its name in problems: a path, or what stands for it. */
  readonly name: string
  /** What counts when it and the history differ: a file always, the policy that ships until another is applied. */
  readonly origin: 'file' | 'shipped'
  /** The document as it is now. Rejects if it cannot be read. */
  read(): Promise<SignedDocument>
  /** Puts another in its place. Rejects with ConfigError when it cannot be written, and then it is as it was. Absent: no need to. */
  write?(signed: SignedDocument): Promise<void>
  /** Calls back some time after the document may have changed, once for changes that come together. Until `close`. */
  watch(changed: () => void): void
  close(): void
}

export type Origin = 'shipped' | 'file' | 'apply' | 'rollback'

/** What came into force at some time, without the document. */
export interface EntryHead {
  /** Counts entries; never used twice. */
  readonly revision: number
  /** Content hash of the document. */
  readonly version: string
  readonly at: Instant
  readonly by: string
  readonly why: string
  readonly origin: Origin
  readonly rules: number
  readonly tests: number
}

export interface Entry extends EntryHead, SignedDocument {}

export type Draft = Omit<Entry, 'revision'>

/** Every policy that came into force, the latest of which is in force. Every call rejects with StoreGone while the store cannot be reached. */
export interface VersionStore {
  /** For people: where it is. */
  readonly name: string
  /** A restart finds everything again. */
  readonly durable: boolean
  /** The latest first, at most as many as are kept. */
  heads(): Promise<readonly EntryHead[]>
  get(revision: number): Promise<Entry | undefined>
  /**
   * Adds an entry, in one step, if `replaces` is the version of the latest one or `*`; undefined, and nothing is added, if not. Its revision
   * is above `known` in any case.
   */
  append(draft: Draft, replaces: string, known: number): Promise<Entry | undefined>
  /** Puts an entry back under its own revision where the store has none as late: it has forgotten what is in force. */
  restore(entry: Entry): Promise<void>
  /** Calls back when somebody else may have added something, and when the store is back. Until `close`. */
  watch(changed: () => void): void
  close(): Promise<void>
}

/** The store cannot be reached; nothing has changed as far as is known. */
export class StoreGone extends Error {}
