import type { LeaseStep, StepResult } from '@reboots/leases'
import type { Destination, DhcpMessage } from '@reboots/protocol/dhcp'
import type { BootClient } from '@reboots/protocol/pxe'
import type { Verdict } from '@reboots/rules'
import type { DhcpDecision, DhcpPending } from '@reboots/runtime'

/** Why a message that could be read gets no answer; a row of the README each. */
export type Silence =
  | 'not-a-client-message'
  | 'not-a-dhcp-message'
  | 'message-type-not-served'
  | 'too-many-hops'
  | 'untrusted-relay'
  | 'denied'
  | 'relay-too-fast'
  | 'client-too-fast'
  | 'not-synced'
  | 'policy-not-synced'
  | 'unknown-machine'
  | 'dhcp-disabled'
  | 'no-address'
  | 'wrong-network'
  | 'unknown-network'
  | 'no-client-identity'
  | 'no-free-address'
  | 'address-in-use'
  | 'address-quarantined'
  | 'probe-conflict'
  | 'leases-unavailable'
  | 'other-server-selected'
  | 'not-authoritative'
  | 'no-client-address'
  | 'declined'
  | 'released'
  | 'not-the-owner'

/** What is worth a field in the log line of the packet, whether it was answered or not. */
export interface Remarks {
  readonly client?: BootClient | undefined
  readonly verdict?: Verdict | undefined
  /** The class of configuration that the policy gives, whether there is one or not. */
  readonly dhcpClass?: string | undefined
  readonly note?: string | undefined
  /** The machine, and by what, if it was not found by its MAC. */
  readonly found?: string | undefined
  /** Addresses that were to be offered, and that somebody without a lease uses. */
  readonly conflicts?: readonly string[] | undefined
}

export interface Reply extends Remarks {
  readonly reply: DhcpMessage
  readonly to: Destination
}

export interface Silent extends Remarks {
  readonly silent: Silence
}

/** What becomes of one message: exactly one of the two. */
export type Outcome = Reply | Silent

/** A message that has to wait for a step in the lease store: an ACK leaves when its lease is durable (RFC 2131 §3.1 step 4). */
export type Pending = DhcpPending<Outcome, LeaseStep, StepResult>

/** What becomes of one message, at once or after a step. */
export type Decision = DhcpDecision<Outcome, LeaseStep, StepResult>

/** The decision with something done to its outcome, sooner or later. */
export function mapped(decision: Decision, change: (outcome: Outcome) => Outcome): Decision {
  if ('step' in decision) {
    return { step: decision.step, conclude: (result) => mapped(decision.conclude(result), change) }
  }
  if ('probe' in decision) {
    return { probe: decision.probe, resume: (result) => mapped(decision.resume(result), change) }
  }
  return change(decision)
}
