import type { Destination, DhcpMessage } from '@reboots/protocol/dhcp'
import type { BootClient } from '@reboots/protocol/pxe'
import type { TargetSilence, Verdict } from '@reboots/rules'

/** Why a message that could be read gets no answer; a row of the README each. */
export type Silence =
  | 'not-a-client-message'
  | 'not-a-dhcp-message'
  | 'not-a-network-boot-client'
  | 'not-a-discover'
  | 'denied'
  | 'not-admitted'
  | 'too-early'
  | 'too-many-hops'
  | 'message-type-not-served'
  | 'http-client-at-boot-server'
  | 'other-server-selected'
  | 'unknown-boot-item'
  | 'boot-item-of-other-server'
  | 'local-disk-chosen'
  | 'credentials-wanted'
  | 'left-to-replica'
  | 'no-return-address'
  | 'not-synced'
  | 'policy-not-synced'
  | 'network-off'
  | 'unknown-machine'
  | TargetSilence

/** What is worth a field in the log line of the packet, whether it was answered or not. */
export interface Remarks {
  readonly client?: BootClient | undefined
  readonly verdict?: Verdict | undefined
  /** Title of the entry of a menu. */
  readonly chosen?: string | undefined
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
