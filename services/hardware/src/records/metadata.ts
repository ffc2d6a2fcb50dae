import { isMapping, type Report } from './cursor.ts'
import type { Format } from './format.ts'
import type { Path } from './problem.ts'

/** Deeper than any record, and shallow enough for protobuf readers, which stop at 100 nested messages (three per level here). */
export const DEEPEST = 20

/** A copy of the whole record that kubectl leaves in every object it applied. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

type Tree = { [key: string]: unknown }

export interface Metadata {
  readonly value: Tree
  /** Something was nested deeper than DEEPEST and is not in it. */
  readonly tooDeep: boolean
}

/** What the record calls metadata, with the leftover fields beside it, each at its own path (the index of a list as a key). */
export function metadataOf(
  own: Readonly<Record<string, unknown>>,
  leftovers: Report['leftovers'],
  record: Path,
  format: Format,
): Metadata {
  const depth = { exceeded: false }
  const tree = plain(own, 0, depth) as Tree
  for (const { path, value } of leftovers) {
    const place = format.metadataPath(path.slice(record.length)).map(String)
    if (place.length > 0 && !place.includes('__proto__')) graft(tree, place, plain(value, place.length, depth))
  }
  return { value: tree, tooDeep: depth.exceeded }
}

/** Puts the value into the tree; what the record calls metadata was there first and stays. */
function graft(tree: Tree, place: readonly string[], value: unknown): void {
  let branch = tree
  for (const key of place.slice(0, -1)) {
    if (!Object.hasOwn(branch, key)) branch[key] = {}
    const next = branch[key]
    if (!isMapping(next)) return
    branch = next
  }
  const last = place.at(-1)!
  if (!Object.hasOwn(branch, last)) branch[last] = value
}

/** A copy that google.protobuf.Struct can hold: mappings, lists, text, finite numbers, booleans, null. */
function plain(value: unknown, level: number, depth: { exceeded: boolean }): unknown {
  if (level > DEEPEST) {
    depth.exceeded = true
    return null
  }
  if (Array.isArray(value)) return value.map((item) => plain(item, level + 1, depth))
  if (isMapping(value)) {
    const kept = Object.entries(value).filter(([key]) => key !== '__proto__' && key !== LAST_APPLIED)
    return Object.fromEntries(kept.map(([key, inner]) => [key, plain(inner, level + 1, depth)]))
  }
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  return typeof value === 'string' || typeof value === 'boolean' ? value : null
}
