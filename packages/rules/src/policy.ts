import type { ConfiguredLoader } from '@reboots/protocol/pxe'
import type { Decision, Tried } from './decision.ts'
import type { Condition } from './expression/condition.ts'
import type { Template } from './expression/template.ts'
import type { BootFiles } from './firmware-boot.ts'
import type { Guard } from './guard.ts'
import type { Menu } from './menu.ts'
import type { Problem } from './problem.ts'
import type { RuleIndex } from './rule-index.ts'
import type { Vars } from './vars.ts'

/**
 * A boot policy ready to decide: parsed, type-checked, its own tests passed. Made by `parsePolicy` only.
 * Immutable; a new version of the document is a new value.
 */
export interface Policy {
  /** Content hash of the document, as the caller of `parsePolicy` gave it. */
  readonly version: string
  readonly source: string
  /** In document order, which is the order they are tried in. */
  readonly rules: readonly Rule[]
  /** Which of them may match. */
  readonly index: RuleIndex
  readonly otherwise: Decision
  /** Asked before anything boots, where the rule has none of its own. */
  readonly guard: Guard | undefined
  /** Some rule or guard looks at `history`: only then do facts need one. */
  readonly readsHistory: boolean
  readonly profiles: ReadonlyMap<string, Profile>
  readonly menus: ReadonlyMap<string, Menu>
  /** Names of the DHCP classes that rules give. */
  readonly classes: ReadonlySet<string>
  /** Names of the tests in the document, all of which pass. */
  readonly tests: readonly string[]
  /** Names of the rules, and `otherwise`, that decide one of them; of those that only add something, that match in one. */
  readonly exercised: ReadonlySet<string>
  readonly marks: Marks
  /** Is told by `decide` of every rule whose condition could not be evaluated, and why; what is decided does not depend on it. */
  readonly failed?: (rule: string, why: string) => void
}

/** Where something stands in the document. */
export type Mark = Pick<Problem, 'line' | 'column' | 'path'>

/** Where the parts of a policy stand. */
export interface Marks {
  /** In the order of the rules. */
  readonly rules: readonly Mark[]
  readonly profiles: ReadonlyMap<string, Mark>
  readonly menus: ReadonlyMap<string, Mark>
  readonly otherwise: Mark
}

export interface Rule {
  readonly name: string
  readonly condition: Condition
  /** Absent: the rule only adds something, and the next one is tried. */
  readonly decision: Decision | undefined
  /** The class of DHCP configuration that it gives, whatever is decided. */
  readonly dhcpClass: string | undefined
  /** Instead of the policy's. */
  readonly guard: Guard | undefined
  /** Its entry in a trace when it did not match: made once, since almost every decision needs it. */
  readonly missed: Tried
}

/** Steps that one decision may take: each rule is tried. */
export function stepsOf(rules: readonly Rule[]): number {
  return rules.reduce((sum, { condition }) => sum + condition.steps, 0)
}

/** What a verdict names when no rule matched; no rule may have this name. */
export const OTHERWISE = 'otherwise'

/** What boots. `vars` are the profile's own variables, which its templates may name; `base` is the profile that it extends. */
export type Profile = ProfileKind & { readonly vars?: Vars; readonly base?: string }

export type ProfileKind =
  | {
      readonly kind: 'linux'
      readonly kernel: Template
      readonly initrd: readonly Template[]
      readonly args: readonly Template[]
    }
  | { readonly kind: 'script'; readonly script: Template }
  /** The script in the hardware record, as it stands there. */
  | { readonly kind: 'record-script' }
  | { readonly kind: 'chain'; readonly url: Template }
  /** A boot file that firmware loads by itself. */
  | { readonly kind: 'nbp'; readonly files: BootFiles }
  /** A boot loader that firmware loads by itself, and what it reads next. */
  | { readonly kind: ConfiguredLoader; readonly files: BootFiles; readonly config: Template }
  /** An image that UEFI loads by HTTP, and a disc image, which UEFI and iPXE boot from. */
  | { readonly kind: 'uefi-http' | 'iso'; readonly url: Template }
