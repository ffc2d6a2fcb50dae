import type { ConfiguredLoader } from '@reboots/protocol/pxe'
import { historySubject, type RenderedBoot, type Sent } from '@reboots/rules'
import type { Decided } from './decide-request.ts'

/**
 * What a script makes a machine boot; undefined for one that does not: a menu, an end, or a loader that asks for its configuration next,
 * which is the boot then.
 */
export function bootSent(decided: Decided, rendered: RenderedBoot['kind'], item?: number): Sent | undefined {
  if (rendered === 'menu' || rendered === 'exit' || rendered === 'failed') return undefined
  const profile = profileOf(decided.decision, item)
  const kind = decided.policy.profiles.get(profile)?.kind
  return kind === 'grub' || kind === 'pxelinux' ? undefined : sentTo(decided, profile)
}

/** What the configuration of a loader makes it boot. */
export function configSent(decided: Decided, loader: ConfiguredLoader): Sent {
  const { decision, policy } = decided
  const choices = decision.kind === 'menu' ? decision.menu.entries.map(({ boots }) => boots) : [decision]
  const profiles = choices.flatMap((boots) => (boots.kind === 'boot' ? [boots.profile] : []))
  return sentTo(decided, profiles.find((profile) => policy.profiles.get(profile)?.kind === loader) ?? '')
}

function sentTo({ mac, rule, facts: { machine, now } }: Decided, profile: string): Sent {
  return { subject: historySubject(machine, mac), boot: { at: now, profile, rule } }
}

/** Empty for a file of a menu. Without a choice the script of a menu is that of its first entry. */
function profileOf(decision: Decided['decision'], item: number | undefined): string {
  if (decision.kind === 'boot') return decision.profile
  if (decision.kind !== 'menu') return ''
  const { entries } = decision.menu
  const { boots } = entries[(item ?? 1) - 1] ?? entries[0]!
  return boots.kind === 'boot' ? boots.profile : ''
}
