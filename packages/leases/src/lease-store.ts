import type { Instant, Ipv4Address } from '@reboots/protocol/net'
import type { Claim, Lease, Pool } from './lease.ts'

/** One step of one client, as LeaseTable has them. */
export type LeaseStep =
  | { readonly kind: 'offer' | 'bind' | 'decline'; readonly pool: Pool; readonly claim: Claim }
  | { readonly kind: 'release'; readonly client: string; readonly address: Ipv4Address }

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

/** What happened to an address: a client got it, gave it back, or found it in use by someone else. A renewal is no event. */
export interface LeaseEvent {
  readonly at: Instant
  readonly kind: 'bound' | 'released' | 'declined'
  readonly client: string
  readonly address: Ipv4Address
  /** When the lease or the quarantine was to end, as far as it was known at the time. */
  readonly expiresAt: Instant
}

/** A store that remembers, within bounds, what happened. */
export interface LeaseLedger extends LeaseStore {
  /** Addresses taken, by state, as far as that is known without waiting. */
  count(now: Instant): Readonly<Record<Lease['state'], number>>
  /** Who had an address when; the latest first. Rejects when the store cannot be asked. */
  history(address: Ipv4Address): Promise<readonly LeaseEvent[]>
  /** Tells of every event from now on, also those of other replicas; the function it returns ends that. */
  watch(listener: (event: LeaseEvent) => void): () => void
}
