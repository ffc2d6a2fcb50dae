import { looksLikeMac } from '../documents/mac-key.ts'
import { isMapping } from './cursor.ts'
import type { Format } from './format.ts'
import { quote, type Finding, type Path } from './problem.ts'
import { smeeMap } from './smee-map.ts'
import { tinkJson } from './tink-json.ts'
import { v1alpha1 } from './v1alpha1.ts'
import { v1alpha2 } from './v1alpha2.ts'

/** A part of a document that is one machine's record. */
export interface Located {
  readonly format: Format
  readonly value: unknown
  readonly path: Path
}

export type Detected = { readonly record: Located } | { readonly finding: Finding }

const VERSIONS: Readonly<Record<string, Format>> = {
  'tinkerbell.org/v1alpha1': v1alpha1,
  'tinkerbell.org/v1alpha2': v1alpha2,
}

/** The records of a document, in its order, each told by its own shape: formats may be mixed, even in one list. */
export function* detect(value: unknown, path: Path, level = 0): Generator<Detected> {
  if (value === null || value === undefined) return
  // A bound, or a document could choose the depth of the stack.
  if (level > DEEPEST_LIST) yield refused(path, `a list within lists; ${EXPECTED}`)
  else if (Array.isArray(value)) yield* list(value, path, level)
  else if (isMapping(value)) yield* mapping(value, path, level)
  else yield refused(path, `${quote(value)} is no machine record; ${EXPECTED}`)
}

/** A sequence of `List` objects is as far as it goes. */
const DEEPEST_LIST = 2

const EXPECTED =
  'write a Tinkerbell Hardware object (apiVersion: tinkerbell.org/v1alpha1), a tink document (network.interfaces) or a map by MAC address'

function* list(items: readonly unknown[], path: Path, level: number): Generator<Detected> {
  for (const [index, item] of items.entries()) yield* detect(item, [...path, index], level + 1)
}

type Mapping = Readonly<Record<string, unknown>>

function* mapping(value: Mapping, path: Path, level: number): Generator<Detected> {
  const kind = own(value, 'kind')
  const items = own(value, 'items')
  if (Array.isArray(items) && (kind === undefined || isListKind(kind))) yield* list(items, [...path, 'items'], level)
  else if (kind !== undefined || own(value, 'apiVersion') !== undefined) yield object(value, path)
  else if (own(value, 'network') !== undefined) yield { record: { format: tinkJson, value, path } }
  else if (own(value, 'spec') !== undefined) yield { record: { format: formatOfSpec(own(value, 'spec')), value, path } }
  else yield* map(value, path)
}

function isListKind(kind: unknown): boolean {
  return typeof kind === 'string' && kind.endsWith('List')
}

/** A Kubernetes object; kinds other than Hardware are often in the same file and are nothing to complain of loudly. */
function object(value: Mapping, path: Path): Detected {
  const kind = own(value, 'kind')
  const version = own(value, 'apiVersion')
  if (kind !== undefined && kind !== 'Hardware') {
    return { finding: { severity: 'warning', path, message: `kind ${quote(kind)} is no machine: passed over` } }
  }
  if (version === undefined) return { record: { format: formatOfSpec(own(value, 'spec')), value, path } }
  const format = typeof version === 'string' && Object.hasOwn(VERSIONS, version) ? VERSIONS[version] : undefined
  if (format !== undefined) return { record: { format, value, path } }
  return refused([...path, 'apiVersion'], `${quote(version)} is not known; write ${Object.keys(VERSIONS).join(' or ')}`)
}

function formatOfSpec(spec: unknown): Format {
  return isMapping(spec) && Object.hasOwn(spec, 'networkInterfaces') ? v1alpha2 : v1alpha1
}

/** Smee's map, known by its keys. One key that looks like a MAC is enough: the others are then mistakes to point at. */
function* map(value: Mapping, path: Path): Generator<Detected> {
  const keys = Object.keys(value)
  if (keys.length > 0 && !keys.some(looksLikeMac)) yield refused(path, `is no machine record; ${EXPECTED}`)
  else for (const key of keys) yield { record: { format: smeeMap, value: value[key], path: [...path, key] } }
}

function own(value: Mapping, key: string): unknown {
  return Object.hasOwn(value, key) ? (value[key] ?? undefined) : undefined
}

function refused(path: Path, message: string): Detected {
  return { finding: { severity: 'refused', path, message } }
}
