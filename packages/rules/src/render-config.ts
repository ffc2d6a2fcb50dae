import type { ConfiguredLoader } from '@reboots/protocol/pxe'
import type { Decision } from './decision.ts'
import { SiteContext } from './expression/facts-context.ts'
import { render } from './expression/template.ts'
import type { Facts } from './facts.ts'
import type { Policy } from './policy.ts'
import { refuseInGrub, refuseInPxelinux, type Refuse } from './refuse.ts'
import type { SiteFacts } from './site.ts'
import { setVars } from './vars.ts'

const REFUSE: Readonly<Record<ConfiguredLoader, Refuse>> = { grub: refuseInGrub, pxelinux: refuseInPxelinux }

/**
 * The configuration that a boot loader gets for what was decided: the text, why the profile does not work out for this machine, or
 * undefined if nothing that was decided is for this loader. Of a menu it is the first entry for this loader that counts: which one was chosen is
 * not known any more. Never throws.
 */
export function renderConfig(
  policy: Policy,
  decision: Decision,
  facts: Facts,
  site: SiteFacts,
  loader: ConfiguredLoader,
): { readonly text: string } | { readonly failed: string } | undefined {
  const names = decision.kind === 'menu' ? decision.menu.entries.map(({ boots }) => boots) : [decision]
  for (const boots of names) {
    const profile = boots.kind === 'boot' ? policy.profiles.get(boots.profile) : undefined
    if (profile?.kind !== 'grub' && profile?.kind !== 'pxelinux') continue
    if (profile.kind !== loader) continue
    const context = new SiteContext(facts, site)
    const wrong = setVars(profile.vars, context)
    const rendered = wrong === undefined ? render(profile.config, context, REFUSE[loader]) : { failed: wrong }
    return 'failed' in rendered ? { failed: `${loader}.config, ${rendered.failed}` } : rendered
  }
  return undefined
}
