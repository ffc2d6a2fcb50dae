import { readFileSync } from 'node:fs'
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit, type Document, type Node } from 'yaml'
import { ConfigError } from './config-error.ts'

/** A configuration file, read, with the places of its values. */
export interface Source {
  readonly values: Readonly<Record<string, unknown>>
  /** `file:line:col` of the value at a path, or of the nearest thing around it that exists. */
  placeOf(path: readonly PropertyKey[]): string
  /** `file:line:col` of the key at a path. */
  placeOfKey(path: readonly PropertyKey[]): string
}

/** What a configuration without a file is read from. */
export const NO_SOURCE: Source = { values: {}, placeOf: () => '', placeOfKey: () => '' }

/** Reads a YAML (or JSON) text; `file` is what its places are called. ConfigError with every syntax error. */
export function readSource(text: string, file: string): Source {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${line}:${col}`
  }
  if (document.errors.length > 0) {
    throw new ConfigError(document.errors.map((error) => `${place(error.pos[0])} ${error.message}`))
  }
  const problems = danglingAliases(document, place)
  if (problems.length > 0) throw new ConfigError(problems)
  const values = valuesOf(document, place)
  if (values === null || values === undefined) return NO_SOURCE
  if (!isMap(document.contents)) throw new ConfigError([`${place(0)} must be a mapping of sections, such as "log:"`])
  return {
    values: withoutNulls(values) as Record<string, unknown>,
    placeOf: (path) => place(offsetOf(document, path, 'value')),
    placeOfKey: (path) => place(offsetOf(document, path, 'key')),
  }
}

function danglingAliases(document: Document, place: (offset: number) => string): string[] {
  const problems: string[] = []
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) === undefined)
        problems.push(`${place(startOf(alias) ?? 0)} *${alias.source}: there is no &${alias.source} before it`)
    },
  })
  return problems
}

/** The parser counts what aliases stand for, and gives up on too much. */
function valuesOf(document: Document, place: (offset: number) => string): unknown {
  try {
    return document.toJS()
  } catch (error) {
    throw new ConfigError([`${place(0)} ${(error as Error).message}`])
  }
}

/** The text of a file; ConfigError says why it cannot be read. */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigError([`${file}: cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`])
  }
}

/** `key:` with nothing behind it is a key that is not set. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (value === null || typeof value !== 'object') return value
  const kept = Object.entries(value).filter(([, inner]) => inner !== null)
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutNulls(inner)]))
}

function offsetOf(document: Document, path: readonly PropertyKey[], which: 'key' | 'value'): number {
  let node: unknown = document.contents
  let found = startOf(node) ?? 0
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document)
    let key: unknown
    if (isMap(node)) {
      const pair = node.items.find((item) => String(isScalar(item.key) ? item.key.value : item.key) === String(part))
      key = pair?.key
      node = pair?.value
    } else {
      node = isSeq(node) ? node.items[Number(part)] : undefined
    }
    found = (which === 'key' ? startOf(key) : undefined) ?? startOf(node) ?? startOf(key) ?? found
    if (node === undefined || node === null) break
  }
  return found
}

function startOf(node: unknown): number | undefined {
  return (node as Node | undefined)?.range?.[0]
}
