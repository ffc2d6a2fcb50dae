import { holdsSecret, type Insertion } from './expression/template.ts'

/** What an inserted value would be, besides a value, at the place where it stands. Each says what is wrong with it, or undefined. */
export type Refuse = (value: string, where: Insertion) => string | undefined

// eslint-disable-next-line no-control-regex -- these are the characters meant
const CONTROL = /[\u0000-\u001f\u007f\u0085\u2028\u2029]/

/** Nothing may end the line. */
export function isControl(value: string, where: Insertion): string | undefined {
  return CONTROL.test(value) ? `${is(value, where)} a control character` : undefined
}

/** An argument of a kernel, or a URL. */
export function refuseInArgument(value: string, where: Insertion): string | undefined {
  const control = isControl(value, where)
  if (control !== undefined) return control
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
export function refuseInScript(value: string, where: Insertion): string | undefined {
  const control = isControl(value, where)
  if (control !== undefined) return control
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

/** What means something to GRUB's shell outside of quotes. */
const GRUB_SPECIAL = /[$\\"'`;|&<>{}#]/

/** Between double quotes GRUB goes on expanding, and outside of quotes blanks separate words. */
export function refuseInGrub(value: string, where: Insertion): string | undefined {
  const control = isControl(value, where)
  if (control !== undefined) return control
  const special = where.quoted ? /[$\\"`]/.exec(value) : GRUB_SPECIAL.exec(value)
  if (special !== null) return `${is(value, where)} ${special[0]}`
  if (where.untrusted && !where.quoted && /\s/.test(value)) {
    return `${is(value, where)} a blank: put the {{ }} between double quotes`
  }
  return undefined
}

/** PXELINUX has lines and words, and nothing else. */
export function refuseInPxelinux(value: string, where: Insertion): string | undefined {
  const control = isControl(value, where)
  if (control !== undefined) return control
  return where.untrusted && /\s/.test(value) ? `${is(value, where)} a blank` : undefined
}

/** A value in a message, cut short. */
export function shown(value: string): string {
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}...` : value)
}
