import { isMap, isScalar, isSeq, type Node } from 'yaml'
import type { Entry, Reader } from './document.ts'
import type { FieldType } from './fact-schema.ts'

/** Facts as a test writes them: any part of them. */
export interface Fields {
  readonly [name: string]: unknown
}

/** Reads the fields that are there, each checked against its type; a name that no fact has is reported with the nearest. */
export function readFields(
  reader: Reader,
  place: Entry,
  schema: { readonly [field: string]: FieldType },
): Fields | undefined {
  const found = reader.readRecord(place, 'facts', Object.keys(schema))
  if (found === undefined) return undefined
  const fields: Record<string, unknown> = {}
  for (const [name, entry] of Object.entries(found)) {
    const type = schema[name]
    if (entry === undefined || type === undefined) continue
    fields[name] = typeof type === 'string' ? readValue(reader, entry, type) : readFields(reader, entry, type)
  }
  return fields
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  bool: 'true or false',
  int: 'a whole number',
  'list<string>': 'a list of texts',
  'map<string, string>': 'a mapping of texts',
  'map<string, dyn>': 'a mapping',
}

function readValue(reader: Reader, entry: Entry, type: string): unknown {
  const value = plain(entry.node)
  if (!fits(value, type)) reader.report(entry, `expected ${WORDS[type]}`)
  return value
}

function fits(value: unknown, type: string): boolean {
  switch (type) {
    case 'string':
      return typeof value === 'string'
    case 'bool':
      return typeof value === 'boolean'
    case 'int':
      return Number.isSafeInteger(value)
    case 'list<string>':
      return Array.isArray(value) && value.every((item) => typeof item === 'string')
    case 'map<string, string>':
      return isMapping(value) && Object.values(value).every((item) => typeof item === 'string')
    default:
      return isMapping(value)
  }
}

function isMapping(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Plain values of a node; what is neither mapping, list nor scalar (an alias) has none. */
function plain(node: Node | null): unknown {
  if (isScalar(node)) return node.value
  if (isSeq(node)) return node.items.map((item) => plain(item as Node))
  if (!isMap(node)) return undefined
  return Object.fromEntries(
    node.items.map((pair) => [String((pair.key as { value?: unknown }).value), plain(pair.value as Node | null)]),
  )
}
