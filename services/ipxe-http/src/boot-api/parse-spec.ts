import type { RenderedBoot } from '@reboots/rules'
import { isImageName } from './spec.ts'

/** What a boot API says of a machine; or why that is nothing, which counts as "not this machine" as pixiecore has it. */
export type Told = Extract<RenderedBoot, { readonly kind: 'linux' | 'script' }> | { readonly wrong: string }

class Wrong extends Error {}

/** Reads the answer of a boot API. `server` is the URL that `/v1/boot/<mac>` was added to; relative URLs are resolved as pixiecore does. */
export function parseBootSpec(text: string, server: string): Told {
  try {
    const spec: unknown = JSON.parse(text)
    if (!isRecord(spec)) throw new Wrong('it is no JSON object')
    const script = textIn(spec, 'ipxe-script')
    if (script !== '') return { kind: 'script', text: withShebang(script) }
    return linuxOf(spec, `${server}/v1`)
  } catch (error) {
    if (error instanceof Wrong) return { wrong: error.message }
    if (error instanceof SyntaxError) return { wrong: 'it is not JSON' }
    throw error
  }
}

function linuxOf(spec: Readonly<Record<string, unknown>>, base: string): Told {
  const kernel = textIn(spec, 'kernel')
  if (kernel === '') throw new Wrong('it has neither kernel nor ipxe-script')
  const initrd: unknown = spec['initrd'] ?? []
  if (!isTexts(initrd)) throw new Wrong('initrd is no list of texts')
  const message = textIn(spec, 'message')
  return {
    kind: 'linux',
    kernel: absolute(kernel, base),
    initrd: initrd.map((url) => absolute(url, base)),
    args: commandLine(spec['cmdline'], base),
    ...(message === '' ? {} : { message }),
  }
}

/** One text, or (its older form) what is to be on the line by name: true, a text, or `{ url }`, in the order of the names. */
function commandLine(cmdline: unknown, base: string): string[] {
  const words = isRecord(cmdline)
    ? Object.keys(cmdline)
        .toSorted((a, b) => (a < b ? -1 : 1))
        .map((name) => wordOf(name, cmdline[name], base))
    : expanded(cmdline ?? '', base).split(/\s+/)
  return words.filter((word) => word !== '' && !isImageName(word))
}

function wordOf(name: string, value: unknown, base: string): string {
  if (typeof value === 'boolean') return name
  if (typeof value === 'string') return `${name}=${JSON.stringify(value)}`
  if (isRecord(value) && typeof value['url'] === 'string') return `${name}=${absolute(value['url'], base)}`
  throw new Wrong(`cmdline says nothing usable of ${JSON.stringify(name.slice(0, 80))}`)
}

/** The two things that templates of the API are made of: a URL, and a text as it stands. */
const INSERTION = /\{\{\s*(?:URL\s+)?("(?:[^"\\]|\\.)*")\s*\}\}/g

function expanded(template: unknown, base: string): string {
  if (typeof template !== 'string') throw new Wrong('cmdline is neither text nor object')
  const rest = template.replaceAll(INSERTION, '')
  if (rest.includes('{{')) throw new Wrong('cmdline has a {{ }} that is no URL "…"')
  return template.replaceAll(INSERTION, (insertion, quoted: string) => {
    const text = JSON.parse(quoted) as string
    return /^\{\{\s*URL/.test(insertion) ? absolute(text, base) : text
  })
}

/** Machines fetch it themselves, so a file of the asking side is of no use. */
const FETCHED = new Set(['http:', 'https:', 'ftp:', 'tftp:', 'nfs:'])

function absolute(text: string, base: string): string {
  const url = URL.parse(text, base)
  if (url === null || !FETCHED.has(url.protocol)) {
    throw new Wrong(`${JSON.stringify(text.slice(0, 80))} is no URL that a machine can fetch`)
  }
  // As written where it is whole, since iPXE may fill in settings of its own.
  return URL.canParse(text) ? text : url.href
}

function textIn(spec: Readonly<Record<string, unknown>>, name: string): string {
  const value = spec[name] ?? ''
  if (typeof value !== 'string') throw new Wrong(`${name} is no text`)
  return value
}

function withShebang(script: string): string {
  if (!script.startsWith('#!ipxe')) throw new Wrong('ipxe-script does not begin with #!ipxe')
  return script
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}
