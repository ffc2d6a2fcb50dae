import type { Instant, Ipv4Address, Seconds } from '@reboots/protocol/net'
import type { AddressEntry, AddressRange, Claim, Lease, Pool } from './lease.ts'

/** One step of one client, or of an operator on its behalf, as LeaseTable has them. */
export type LeaseStep =
  | { readonly kind: 'offer' | 'bind' | 'decline'; readonly pool: Pool; readonly claim: Claim }
  | { readonly kind: 'release'; readonly client: string; readonly address: Ipv4Address }
  | HoldStep
  | FreeStep

/** Keeps an address for a client. What it leads to is a promise, so its lease is `offered`. */
export interface HoldStep {
  readonly kind: 'hold'
  readonly client: string
  readonly address: Ipv4Address
  /** INFINITE: until it is freed. */
  readonly time: Seconds
}

/** Ends what a client has of an address: its lease or its quarantine, the hold, or both. */
export interface FreeStep {
  readonly kind: 'free'
  readonly client: string
  readonly address: Ipv4Address
  readonly what: 'all' | 'lease' | 'hold'
}

/**
 * What became of a step: the lease it led to, or why it led to none. `refused`: this client cannot have that. `unavailable`: the store
 * cannot be asked now, and nothing is known; the client must get silence and will ask again.
 */
export type StepResult = Lease | 'refused' | 'unavailable'

/** Leases that outlive the process, and that several processes may share. */
export interface LeaseStore {
  /**
   * Carries out the steps in their order. Resolves when what they changed is durable (an ACK may leave then, RFC 2131 §3.1
   * step 4), with one result for each step; never rejects. Steps of one call are made durable together.
   */
  run(steps: readonly LeaseStep[], now: Instant): Promise<readonly StepResult[]>
  /**
   * Carries out a step that nothing has to wait for, such as an offer where nobody else keeps the books; undefined, and nothing has
   * happened: it is one for `run`.
   */
  attempt(step: LeaseStep, now: Instant): StepResult | undefined
  /** The lease on an address, as far as it is known without waiting. */
  at(address: Ipv4Address, now: Instant): Lease | undefined
  /** Every lease that is not free, in the order of addresses. */
  list(now: Instant): AsyncIterable<Lease>
  /** From now on only a claim that names it as its reservation gets this address. */
  reserve(address: Ipv4Address): void
  unreserve(address: Ipv4Address): void
  /** For /readyz: why it cannot be asked; undefined when it can. */
  readonly problem: string | undefined
  close(): Promise<void>
}

/**
 * What happened to an address. A client got it (`bound`), has it for longer (`renewed`), gave it back (`released`), or found it in use by
 * someone else (`declined`); a lease or a quarantine ended by itself (`expired`); it is kept for a client from now on (`reserved`), or no
 * more (`unreserved`). Renewed and expired are told to those who watch, and not remembered.
 */
export interface LeaseEvent {
  readonly at: Instant
  readonly kind: 'bound' | 'renewed' | 'released' | 'expired' | 'declined' | 'reserved' | 'unreserved'
  readonly client: string
  readonly address: Ipv4Address
  /** When the lease, the quarantine or the hold was to end, as far as it was known at the time. */
  readonly expiresAt: Instant
}

/** The books cannot be asked now; the message says why. */
export class LeasesUnavailable extends Error {
  override readonly name = 'LeasesUnavailable'
}

/** An address, or everything of a client. */
export type Subject = Ipv4Address | string

/** A store that remembers, within bounds, what happened. */
export interface LeaseLedger extends LeaseStore {
  /** Addresses taken, by state, as far as that is known without waiting. */
  count(now: Instant): Readonly<Record<Lease['state'], number>>
  /**
   * Every address of a range that is taken or kept, ascending, in pieces; others have their turn between them, so each piece tells what
   * was so when it was read. Rejects with LeasesUnavailable.
   */
  entries(now: Instant, within: AddressRange): AsyncIterable<readonly AddressEntry[]>
  /** What the books say of an address, or of each that the client has, had last, or is kept for it. Rejects as `entries` does. */
  look(subject: Subject, now: Instant): Promise<readonly AddressEntry[]>
  /** Who had an address when, or what a client had; the latest first. Rejects as `entries` does. `now`: by which clock times are told. */
  history(subject: Subject, now?: Instant): Promise<readonly LeaseEvent[]>
  /**
   * Tells of every event from now on, also those of other replicas; `lost`: some of them cannot be told, so ask `entries` again. What ends by
   * itself is told when the next steps are run, be there any or not. The function it returns ends the telling.
   */
  watch(listener: (news: LeaseEvent | 'lost') => void): () => void
}
