import type { Decision } from './decision.ts'
import { SiteContext } from './expression/facts-context.ts'
import { holdsSecret, render, renderList, type Insertion, type Template } from './expression/template.ts'
import type { Facts } from './facts.ts'
import type { Menu } from './menu.ts'
import type { Policy, Profile } from './policy.ts'
import type { RenderedBoot } from './rendered-boot.ts'
import type { SiteFacts } from './site.ts'

/**
 * What the decision means at the script stage, for this machine and site. Never throws: what does not work out is `failed` with
 * the place and the reason. The values are data for whoever writes the script, except the text of a script profile, which is
 * complete: there every inserted value was checked to stay one value of its line. `item` is the entry of a menu that was chosen, counted
 * from 1; without it, or when there is none of this number, the menu itself is what has to be done.
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
    case 'menu':
      return renderMenu(policy, decision.menu, facts, site, item)
    case 'boot': {
      const profile = policy.profiles.get(decision.profile)
      if (profile === undefined)
        return { kind: 'failed', message: `there is no profile ${JSON.stringify(decision.profile)}` }
      const rendered = renderProfile(profile, facts, new SiteContext(facts, site))
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
      return { kind: 'chain', url: `${site.http}/ipxe/binary/${boots.file}` }
    case 'elsewhere':
      return failed(`menu ${JSON.stringify(name)}`, 'other boot servers have this entry')
  }
}

function renderProfile(profile: Profile, facts: Facts, context: SiteContext): RenderedBoot {
  switch (profile.kind) {
    case 'linux':
      return renderLinux(profile, context)
    case 'chain': {
      const url = renderUrl('chain', profile.url, context)
      return typeof url === 'string' ? { kind: 'chain', url } : url
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

function renderLinux(profile: Profile & { readonly kind: 'linux' }, context: SiteContext): RenderedBoot {
  const kernel = renderUrl('linux.kernel', profile.kernel, context)
  if (typeof kernel !== 'string') return kernel
  const initrd: string[] = []
  for (const [index, template] of profile.initrd.entries()) {
    const url = renderUrl(`linux.initrd[${index}]`, template, context)
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

/** One item of a list is one text, none (empty text), or as many as the list it stands for. */
function renderItems(template: Template, context: SiteContext): string[] | { readonly failed: string } {
  const list = renderList(template, context, refuseInArgument)
  if (list !== undefined) return 'failed' in list ? list : list.filter((item) => item !== '')
  const rendered = render(template, context, refuseInArgument)
  return 'failed' in rendered ? rendered : rendered.text === '' ? [] : [rendered.text]
}

const URL_SHAPE = /^[a-z][a-z0-9+.-]*:\/\/[^\s/]/i

function renderUrl(where: string, template: Template, context: SiteContext): string | Failed {
  const rendered = render(template, context, refuseInArgument)
  if ('failed' in rendered) return failed(where, rendered.failed)
  const url = holdsSecret(template) ? 'the URL' : shown(rendered.text)
  if (!URL_SHAPE.test(rendered.text)) return failed(where, `${url} is not an absolute URL`)
  if (/\s/.test(rendered.text)) return failed(where, `${url} holds a blank`)
  return rendered.text
}

// eslint-disable-next-line no-control-regex -- these are the characters meant
const CONTROL = /[\u0000-\u001f\u007f\u0085\u2028\u2029]/

function refuseInArgument(value: string, where: Insertion): string | undefined {
  if (CONTROL.test(value)) return `${is(value, where)} a control character`
  if (where.untrusted && /\s/.test(value)) return `${is(value, where)} a blank`
  // A `$` could be completed to an expansion by the text behind it; in what the operator wrote, expansions are wanted.
  if (where.untrusted && value.includes('$')) return `${is(value, where)} $`
  return undefined
}

const SCRIPT_SPECIAL = ['$', '||', '&&', '\\', '"', "'"]

/** Words that separate commands; the halves of `&&` and `||` could be completed by a neighbour. */
const SEPARATORS: ReadonlySet<string> = new Set([';', '&', '|'])

/**
 * Refuses what would end the line or the quotes, start an expansion or a comment, or chain a command: iPXE has no escape for all
 * of them, and no quotes either, it only splits at blanks; those in a template are for whoever reads the argument. A `$` alone could
 * be completed by the text behind it.
 */
function refuseInScript(value: string, where: Insertion): string | undefined {
  if (CONTROL.test(value)) return `${is(value, where)} a control character`
  const words = value.split(/\s/)
  const special = SCRIPT_SPECIAL.find((text) => value.includes(text)) ?? words.find((each) => SEPARATORS.has(each))
  if (special !== undefined) return `${is(value, where)} ${special}`
  if (where.untrusted && !where.quoted && /[\s#]/.test(value)) {
    return `${is(value, where)} a blank or #: put the {{ }} between double quotes`
  }
  if (words.some((each) => each.startsWith('#'))) return `${is(value, where)} a word that begins with #`
  return undefined
}

/** Begins a refusal: shows the value unless it is a secret. */
function is(value: string, { expression }: Insertion): string {
  return holdsSecret(expression) ? 'has a value that holds' : `is ${shown(value)}, which holds`
}

function withShebang(script: string): string {
  return script.startsWith('#!ipxe') ? script : `#!ipxe\n${script}`
}

type Failed = { readonly kind: 'failed'; readonly message: string }

function failed(where: string, why: string): Failed {
  return { kind: 'failed', message: `${where}: ${why}` }
}

/** A value in a message, cut short. */
function shown(value: string): string {
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}...` : value)
}
