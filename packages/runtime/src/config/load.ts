import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { didYouMean } from '../nearest.ts'
import { ConfigError } from './config-error.ts'
import { readEnvironment } from './environment.ts'
import { describeIssue } from './problems.ts'
import { fieldsOf, isRequiredObject, isSecret, unwrap, envName, type Field, type Schema } from './schema.ts'
import { SECTION_NAMES } from './sections.ts'
import { NO_SOURCE, readSource, readText, type Source } from './source.ts'

export interface LoadOptions {
  /** Default: the environment of the process. */
  readonly env?: NodeJS.ProcessEnv
  /** Default: what REBOOTS_CONFIG names, else no file. */
  readonly file?: string
  /** Taken for what is in the file, which is not read then. */
  readonly text?: string
}

export interface Loaded<T> {
  readonly config: T
  /** The file that was read, absolute. */
  readonly file: string | undefined
  /** What relative paths in the configuration are relative to: the file's directory, else the current one. */
  readonly directory: string
  /** What was in the file; empty without one. */
  readonly text: string
  /** Where a value is set: `file:line:col`, or the name of its variable; of a value that is not set, where it would belong. */
  readonly placeOf: (path: readonly PropertyKey[]) => string
}

type Values = Record<string, unknown>

/**
 * One YAML file and the environment (REBOOTS_<SECTION>_<KEY>, which wins) as a typed configuration. Sections of other services
 * are not looked at. Throws ConfigError with every problem at once: `file:line:col path: message`, or the variable's name.
 */
export function loadConfig<S extends z.ZodObject>(shape: S, options: LoadOptions = {}): Loaded<z.infer<S>> {
  const env = options.env ?? process.env
  const named = options.file ?? env['REBOOTS_CONFIG']
  const file = named === undefined || named === '' ? undefined : resolve(named)
  const text = file === undefined ? '' : (options.text ?? readText(file))
  const source = file === undefined ? NO_SOURCE : readSource(text, file)
  const fields = fieldsOf(shape)
  const environment = readEnvironment(env, fields)
  const values = filled(overlaid(ownSections(source.values, shape), environment.set), shape)
  const parsed = z.safeParse(shape, values)
  const issues = parsed.success ? [] : parsed.error.issues
  const problems = [
    ...unknownSections(source),
    ...unknownKeys(ownSections(source.values, shape), shape, source, []),
    ...environment.problems,
    ...issues.flatMap((issue) => describe(issue, values, environment.set, source, secretsOf(fields))),
  ]
  if (problems.length > 0 || !parsed.success) throw new ConfigError(problems)
  return {
    config: parsed.data,
    file,
    directory: file === undefined ? process.cwd() : dirname(file),
    text,
    placeOf: (path) => variableOf(path, environment.set) ?? source.placeOf(path),
  }
}

/** The variable that sets the value at a path, or a part of it. */
function variableOf(path: readonly PropertyKey[], set: ReadonlyMap<Field, unknown>): string | undefined {
  const found = [...set.keys()].find((field) =>
    field.path.every((part, index) => index >= path.length || path[index] === part),
  )
  return found?.env
}

function ownSections(values: Readonly<Values>, shape: z.ZodObject): Values {
  return Object.fromEntries(Object.entries(values).filter(([name]) => name in shape.shape))
}

function unknownSections(source: Source): string[] {
  const known: readonly string[] = SECTION_NAMES
  return Object.keys(source.values)
    .filter((name) => !known.includes(name))
    .map((name) => `${source.placeOfKey([name])} ${name}: unknown section${didYouMean(name, known)}`)
}

function unknownKeys(value: unknown, schema: Schema, source: Source, path: readonly PropertyKey[]): string[] {
  const inner = unwrap(schema)
  if (inner instanceof z.ZodArray && Array.isArray(value)) {
    return value.flatMap((item, index) => unknownKeys(item, inner.def.element, source, [...path, index]))
  }
  if (typeof value !== 'object' || value === null) return []
  if (inner instanceof z.ZodRecord) {
    return Object.entries(value).flatMap(([key, item]) =>
      unknownKeys(item, inner.def.valueType, source, [...path, key]),
    )
  }
  if (!(inner instanceof z.ZodObject)) return []
  const known: Readonly<Record<string, Schema>> = inner.shape
  return Object.entries(value).flatMap(([key, item]) => {
    const here = [...path, key]
    if (Object.hasOwn(known, key)) return unknownKeys(item, known[key]!, source, here)
    return [`${source.placeOfKey(here)} ${here.join('.')}: unknown key${didYouMean(key, Object.keys(known))}`]
  })
}

/** The values with those of the environment laid over them; what is a mapping in both is merged. */
function overlaid(values: Values, set: ReadonlyMap<Field, unknown>): Values {
  const result = structuredClone(values)
  for (const [field, value] of set) {
    let place: Values = result
    for (const part of field.path.slice(0, -1)) place = place[part] = mappingOf(place[part])
    const last = field.path.at(-1)!
    place[last] = isMapping(value) && isMapping(place[last]) ? { ...place[last], ...value } : value
  }
  return result
}

function isMapping(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function mappingOf(value: unknown): Values {
  return isMapping(value) ? value : {}
}

function filled(values: Values, schema: z.ZodObject): Values {
  const result = { ...values }
  for (const [key, inner] of Object.entries(schema.shape) as [string, Schema][]) {
    if (result[key] === undefined && isRequiredObject(inner)) result[key] = {}
    const object = unwrap(inner)
    if (object instanceof z.ZodObject && isMapping(result[key])) result[key] = filled(result[key], object)
  }
  return result
}

function secretsOf(fields: readonly Field[]): ReadonlySet<string> {
  return new Set(fields.filter(({ schema }) => isSecret(schema)).map(({ path }) => path.join('.')))
}

function describe(
  issue: z.core.$ZodIssue,
  values: Values,
  set: ReadonlyMap<Field, unknown>,
  source: Source,
  secrets: ReadonlySet<string>,
): readonly string[] {
  // Unknown keys are found before, with their places and the nearest name.
  if (issue.code === 'unrecognized_keys') return []
  const path = issue.path
  const value = path.reduce<unknown>((inner, key) => (inner as Values | undefined)?.[key as string], values)
  const name = path.join('.')
  const message = secrets.has(name) ? 'must be text: put it between quotes' : describeIssue(issue, value)
  const variable = [...set.keys()].find((field) => field.path.every((part, index) => path[index] === part))
  if (variable !== undefined) return [`${variable.env}: ${message}`]
  const place = source.placeOf(path)
  const settable = value === undefined && path.every((part) => typeof part === 'string')
  return [`${place} ${name}: ${message}${settable ? ` (or set ${envName(path)})` : ''}`.trimStart()]
}
