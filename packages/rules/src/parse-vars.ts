import type { Entry, Reader } from './document.ts'
import { BOOT_FILE_SCOPE, TEMPLATE_SCOPE, withVars } from './expression/environment.ts'
import { FROM_THE_WIRE, holdsSecret, type Template, type TemplateOptions } from './expression/template.ts'
import { LIMITS } from './limits.ts'
import type { ProfileKey } from './parse-profile-kind.ts'
import { readTemplate } from './parse-template.ts'
import type { Vars } from './vars.ts'

/** The variables of a profile, and what its templates see with them. */
export interface ReadVars {
  readonly vars: Vars | undefined
  readonly options: TemplateOptions
}

/** Reads the `vars` of a profile and of the one it extends, whose values give way. */
export function readVars(
  reader: Reader,
  places: readonly (Entry | undefined)[],
  kind: ProfileKey,
): ReadVars | undefined {
  // What firmware itself loads is rendered on the packet path, where nothing is known of the site.
  const scope = kind === 'uefiHttp' || kind === 'iso' ? BOOT_FILE_SCOPE : TEMPLATE_SCOPE
  const before = reader.problems.length
  const templates = new Map<string, Template>()
  for (const place of places.filter((each) => each !== undefined)) {
    const entries = reader.readMap(place, 'a mapping of texts') ?? []
    if (entries.length > LIMITS.listItems) {
      return reader.report(place, `${entries.length} variables; at most ${LIMITS.listItems} are allowed`)
    }
    for (const entry of entries) {
      const template = readVar(reader, entry, { scope })
      if (template !== undefined) templates.set(entry.key, template)
    }
  }
  if (reader.problems.length > before) return undefined
  if (templates.size === 0) return { vars: undefined, options: { scope } }
  const extended = withVars(scope, [...templates.keys()])
  const untrusted = [...templates.values()].some(isUntrusted) ? [...FROM_THE_WIRE, 'vars'] : FROM_THE_WIRE
  return { vars: { templates, view: extended.vars.view }, options: { scope: extended.scope, untrusted } }
}

function readVar(reader: Reader, entry: Entry, options: TemplateOptions): Template | undefined {
  const key = { node: entry.keyNode, path: entry.path }
  if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(entry.key) || entry.key === 'constructor') {
    return reader.report(key, 'the name of a variable is letters, digits and _')
  }
  const template = readTemplate(reader, entry, 'text', LIMITS.expressionCharacters, options)
  // Messages show the values of variables, and of the registry's password they must not.
  return template && holdsSecret(template)
    ? reader.report(entry, 'site.registry has to stand where it is used, not in a variable')
    : template
}

function isUntrusted({ parts }: Template): boolean {
  return parts.some((part) => typeof part !== 'string' && part.untrusted)
}
