import type { Firmware } from '@reboots/protocol/pxe'
import type { Decision } from './decision.ts'
import { SiteContext } from './expression/facts-context.ts'
import { render } from './expression/template.ts'
import type { Facts } from './facts.ts'
import type { Menu } from './menu.ts'
import type { Policy, Profile } from './policy.ts'
import { refuseInScript } from './refuse.ts'
import { failed, renderItems, renderUrl } from './render-value.ts'
import type { RenderedBoot } from './rendered-boot.ts'
import type { SiteFacts } from './site.ts'
import { setVars } from './vars.ts'

/**
 * What the decision means at the script stage, for this machine and site. Never throws: what does not work out is `failed` with
 * the place and the reason. The values are data for whoever writes the script, except the text of a script profile, which is
 * complete: there every inserted value was checked to stay one value of its line. `item` is the entry of a menu that was chosen, counted
 * from 1; without it, or when there is none of this number, the menu itself is what has to be done. Of `ask` it is what happens without an answer.
 */
export function renderBoot(
  policy: Policy,
  decision: Decision,
  facts: Facts,
  site: SiteFacts,
  item?: number,
): RenderedBoot {
  switch (decision.kind) {
    case 'local-disk':
      return { kind: 'exit', message: 'booting from the local disk' }
    case 'deny':
    case 'ignore':
      return { kind: 'exit', message: decision.reason }
    case 'ask':
      return renderBoot(policy, decision.otherwise, facts, site, item)
    case 'menu':
      return renderMenu(policy, decision.menu, facts, site, item)
    case 'boot': {
      const profile = policy.profiles.get(decision.profile)
      if (profile === undefined)
        return { kind: 'failed', message: `there is no profile ${JSON.stringify(decision.profile)}` }
      const rendered = renderProfile(profile, facts, site)
      return rendered.kind === 'failed'
        ? { kind: 'failed', message: `profile ${JSON.stringify(decision.profile)}, ${rendered.message}` }
        : rendered
    }
  }
}

function renderMenu(
  policy: Policy,
  { name, prompt, timeoutSeconds, entries }: Menu,
  facts: Facts,
  site: SiteFacts,
  item: number | undefined,
): RenderedBoot {
  const own = entries
    .map(({ title, boots }, index) => ({ item: index + 1, title, boots }))
    .filter(({ boots }) => boots.kind !== 'elsewhere')
  const chosen = own.find((entry) => entry.item === item) ?? (timeoutSeconds === 0 ? own[0] : undefined)
  if (chosen === undefined) {
    return { kind: 'menu', prompt, timeoutSeconds, entries: own.map(({ item, title }) => ({ item, title })) }
  }
  const { boots } = chosen
  switch (boots.kind) {
    case 'boot':
    case 'local-disk':
      return renderBoot(policy, boots, facts, site)
    case 'file':
      return { kind: 'chain', url: fileUrl(site, boots.file) }
    case 'elsewhere':
      return failed(`menu ${JSON.stringify(name)}`, 'other boot servers have this entry')
  }
}

function renderProfile(profile: Profile, facts: Facts, site: SiteFacts): RenderedBoot {
  const context = new SiteContext(facts, site)
  const wrong = setVars(profile.vars, context)
  if (wrong !== undefined) return { kind: 'failed', message: wrong }
  switch (profile.kind) {
    case 'linux':
      return renderLinux(profile, context, site)
    case 'chain':
    case 'uefi-http': {
      const url = renderUrl(profile.kind === 'chain' ? 'chain' : 'uefiHttp', profile.url, context, site.http)
      return typeof url === 'string' ? { kind: 'chain', url } : url
    }
    case 'iso': {
      const url = renderUrl('iso', profile.url, context, site.http)
      return typeof url === 'string' ? { kind: 'iso', url } : url
    }
    case 'nbp':
    case 'grub':
    case 'pxelinux': {
      const file = profile.files[facts.client.firmware as Firmware]
      if (file === undefined) return failed(profile.kind, `there is no boot file for ${facts.client.firmware}`)
      const url = fileUrl(site, file)
      return profile.kind === 'pxelinux'
        ? { kind: 'pxelinux', url, directory: directoryOf(file) }
        : { kind: 'chain', url }
    }
    case 'script': {
      const text = render(profile.script, context, refuseInScript)
      return 'failed' in text ? failed('ipxe.script', text.failed) : { kind: 'script', text: withShebang(text.text) }
    }
    case 'record-script': {
      const { contents } = facts.machine.netboot.ipxe
      return contents.trim() === ''
        ? failed('ipxe.recordScript', 'the hardware record has no iPXE script')
        : { kind: 'script', text: withShebang(contents) }
    }
  }
}

/** With the slashes around it. */
function directoryOf(file: string): string {
  return file.slice(0, file.lastIndexOf('/') + 1).replace(/^\/*/, '/')
}

/** Where iPXE finds a boot file that firmware would load by its name. */
function fileUrl(site: SiteFacts, file: string): string {
  return `${site.http}/ipxe/binary/${file.split('/').map(encodeURIComponent).join('/')}`
}

function renderLinux(
  profile: Profile & { readonly kind: 'linux' },
  context: SiteContext,
  site: SiteFacts,
): RenderedBoot {
  const kernel = renderUrl('linux.kernel', profile.kernel, context, site.http)
  if (typeof kernel !== 'string') return kernel
  const initrd: string[] = []
  for (const [index, template] of profile.initrd.entries()) {
    const url = renderUrl(`linux.initrd[${index}]`, template, context, site.http)
    if (typeof url !== 'string') return url
    initrd.push(url)
  }
  const args: string[] = []
  for (const [index, template] of profile.args.entries()) {
    const items = renderItems(template, context)
    if (!Array.isArray(items)) return failed(`linux.args[${index}]`, items.failed)
    args.push(...items)
  }
  return { kind: 'linux', kernel, initrd, args }
}

function withShebang(script: string): string {
  return script.startsWith('#!ipxe') ? script : `#!ipxe\n${script}`
}
