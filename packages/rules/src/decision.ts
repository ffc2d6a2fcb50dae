import type { FirmwareBoot } from './firmware-boot.ts'
import type { Guard } from './guard.ts'
import type { Menu } from './menu.ts'

/** What the policy says a machine gets. */
export type Decision =
  | BootDecision
  | AskDecision
  /** Whoever sits at the machine chooses. */
  | { readonly kind: 'menu'; readonly menu: Menu }
  /** Fail fast, so that the firmware goes on to its disk. */
  | { readonly kind: 'local-disk' }
  /** Fail fast, because the machine must not boot from the network. */
  | { readonly kind: 'deny'; readonly reason: string }
  /** Silence, as if no server were there. */
  | { readonly kind: 'ignore'; readonly reason: string }

/** What is left when nobody else is asked. */
export type OwnDecision = Exclude<Decision, AskDecision>

/** An operator's server that speaks pixiecore's boot API says what is booted. Firmware gets iPXE, whose script is what the answer says. */
export interface AskDecision {
  readonly kind: 'ask'
  /** The server: `/v1/boot/<mac>` is added to it. No slash at its end. */
  readonly url: string
  /** How long an answer may take. */
  readonly withinMs: number
  /** How long the last good answer stands in for a server that does not answer. */
  readonly keepMs: number
  /** What happens if the server has nothing for the machine, or does not answer. */
  readonly otherwise: OwnDecision
}

export interface BootDecision {
  readonly kind: 'boot'
  readonly profile: string
  /** What firmware loads for it; absent: iPXE, whose script does the rest. */
  readonly firmware?: FirmwareBoot
}

export interface Verdict {
  readonly decision: Decision
  /** Name of the rule that decided, `otherwise`, or `guard`. */
  readonly rule: string
  /** Version of the policy it belongs to. */
  readonly version: string
  /** The class of DHCP configuration: of the rules that matched the first that gives one; absent if none does. */
  readonly dhcpClass?: string
  /** What was asked whether the machine boots too often; absent if nothing was. */
  readonly guard?: Guard
  /** The rules tried, in document order, up to the one that decided, and the guard if it was asked. */
  readonly trace: readonly Tried[]
}

export interface Tried {
  readonly rule: string
  readonly matched: boolean
  /** Why not, when it did not match because its condition could not be evaluated. */
  readonly error?: string
}
