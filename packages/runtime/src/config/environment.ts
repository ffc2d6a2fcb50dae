import { parse } from 'yaml'
import { z } from 'zod'
import { nearest } from '../nearest.ts'
import { unwrap, type Field, type Schema } from './schema.ts'
import { SECTION_NAMES } from './sections.ts'

/** Names below REBOOTS_ that are not settings of a section. */
const NOT_SETTINGS = new Set(['REBOOTS_CONFIG', 'REBOOTS_KOFFI', 'REBOOTS_GIT_REV'])

/**
 * Kubernetes puts variables into every container for each Service of the namespace; one called `reboots-dhcp` makes
 * REBOOTS_DHCP_SERVICE_HOST, REBOOTS_DHCP_PORT=udp://… and REBOOTS_DHCP_PORT_67_UDP_ADDR.
 */
function isServiceLink(name: string, value: string): boolean {
  return /_SERVICE_(HOST|PORT)|_PORT_\d+_(TCP|UDP|SCTP)/.test(name) || /^(tcp|udp|sctp):\/\//.test(value)
}

/** The fields that are set in an environment, with their values; an empty variable counts as not set. */
export function readEnvironment(
  env: NodeJS.ProcessEnv,
  fields: readonly Field[],
): { readonly set: ReadonlyMap<Field, unknown>; readonly problems: readonly string[] } {
  const byName = new Map(fields.map((field) => [field.env, field]))
  const set = new Map<Field, unknown>()
  const problems: string[] = []
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('REBOOTS_') || text === undefined || text === '') continue
    if (isServiceLink(name, text) || NOT_SETTINGS.has(name)) continue
    const field = byName.get(name)
    if (field !== undefined) set.set(field, valueOf(text, field.schema))
    else problems.push(...unknownVariable(name, fields))
  }
  return { set, problems }
}

/** A variable of a section this service does not read is not its business; a near miss of a section's name is. */
function unknownVariable(name: string, fields: readonly Field[]): string[] {
  const own = new Set(fields.map((field) => field.path[0]!))
  const section = SECTION_NAMES.find((known) => name.startsWith(`REBOOTS_${known.toUpperCase()}_`))
  if (section !== undefined && !own.has(section)) return []
  const close = nearest(
    name,
    fields.map((field) => field.env),
  )
  if (section === undefined && close === undefined) return []
  return [`${name}: unknown variable${close === undefined ? '' : `, did you mean ${close}?`}`]
}

/** Text as the kind of value its field takes: lists separated by commas, maps as `key=value` separated by commas, or YAML. */
function valueOf(text: string, schema: Schema): unknown {
  const inner = unwrap(schema)
  if (inner instanceof z.ZodString) return text
  if (/^\s*[[{]/.test(text)) return yamlOr(text)
  if (inner instanceof z.ZodArray) return listOf(text).map((item) => scalarOf(item, inner.def.element))
  if (inner instanceof z.ZodRecord) {
    return Object.fromEntries(listOf(text).map((pair) => pairOf(pair, inner.def.valueType)))
  }
  return scalarOf(text, schema)
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

function pairOf(text: string, schema: Schema): [string, unknown] {
  const [key, ...rest] = text.split('=')
  return [key!.trim(), scalarOf(rest.join('=').trim(), schema)]
}

/** Text stays text where the field takes it (`007`, `off`); otherwise it is read as YAML would. */
function scalarOf(text: string, schema: Schema): unknown {
  if (z.core.safeParse(schema, text).success) return text
  const read = yamlOr(text)
  return z.core.safeParse(schema, read).success ? read : text
}

function yamlOr(text: string): unknown {
  try {
    return parse(text) as unknown
  } catch {
    return text
  }
}
