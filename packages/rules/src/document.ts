import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
  type Scalar,
} from 'yaml'
import { LIMITS } from './limits.ts'
import { suggestion } from './nearest.ts'
import { parsePlainYaml } from './plain-yaml.ts'
import type { Mark } from './policy.ts'
import type { Problem } from './problem.ts'

/** The YAML parser's words where ours are clearer. */
const WORDS: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: 'a second document; a file holds one policy',
  RESOURCE_EXHAUSTION: 'nested too deeply',
}

/** What is behind some of them, most of the time: conditions in CEL that YAML takes for something of its own. */
const HINTS: readonly (readonly [of: RegExp, hint: string])[] = [
  [/^Unresolved tag: !/, 'a text that begins with "!" needs quotes'],
  [/^Unexpected scalar at node end/, 'a text that begins with a quote needs quotes around all of it'],
  [/^Nested mappings are not allowed/, 'a text with ": " in it needs quotes'],
]

function inOurWords(code: string, message: string): string {
  const hint = HINTS.find(([of]) => of.test(message))?.[1]
  return WORDS[code] ?? (hint === undefined ? message : `${message}; ${hint}`)
}

/** A value of the document with its place: `rules[2].when`. */
export interface Place {
  readonly node: Node | null
  readonly path: string
  /** The key in front of it: where a value that is missing altogether is reported. */
  readonly keyNode?: Node
}

/** One entry of a mapping. */
export interface Entry extends Place {
  readonly key: string
  readonly keyNode: Node
}

/**
 * A YAML document being read. Every `read…` returns undefined for what is not of the shape asked for, and has then reported it:
 * reading goes on and collects the other problems. Every `report…` returns undefined, to end such a reading with.
 */
export class Reader {
  readonly problems: Problem[] = []
  readonly root: Place
  readonly #source: string
  readonly #text: string
  readonly #lines = new LineCounter()

  constructor(text: string, source: string) {
    this.#text = text
    this.#source = source
    this.root = { node: this.#parse(), path: '' }
  }

  #parse(): Node | null {
    if (this.#text.length > LIMITS.documentCharacters) {
      this.reportAt(0, '', `longer than ${LIMITS.documentCharacters} characters`)
      return null
    }
    const plain = parsePlainYaml(this.#text, this.#lines)
    if (plain !== undefined) return plain
    let document: Document.Parsed
    try {
      document = parseDocument(this.#text, { lineCounter: this.#lines, prettyErrors: false, stringKeys: true })
    } catch (error) {
      this.reportAt(0, '', error instanceof RangeError ? 'nested too deeply' : String(error))
      return null
    }
    for (const { pos, code, message } of [...document.errors, ...document.warnings]) {
      this.reportAt(pos[0], '', inOurWords(code, message))
      // The parser ran out of stack and says so as if it were a syntax error, then complains about every level.
      if (code === 'RESOURCE_EXHAUSTION') break
    }
    if (document.errors.length > 0) return null
    if (document.contents === null) this.reportAt(0, '', 'the document is empty')
    return document.contents
  }

  /** No further problem is reported: reading on would only cost time, above all looking for names like the ones that are wrong. */
  get full(): boolean {
    return this.problems.length >= LIMITS.problems
  }

  reportAt(offset: number, path: string, message: string): undefined {
    if (this.full) return
    const { line, col } = this.#lines.linePos(offset)
    this.problems.push({ source: this.#source, line: Math.max(1, line), column: Math.max(1, col), path, message })
  }

  report(place: Place, message: string): undefined {
    return this.reportAt((place.node ?? place.keyNode)?.range?.[0] ?? 0, place.path, message)
  }

  /** Where a place is; of an entry, its key. */
  markOf(place: Place | Entry): Mark {
    const { line, col } = this.#lines.linePos((place.keyNode ?? place.node)?.range?.[0] ?? 0)
    return { line, column: col, path: place.path }
  }

  /** Reports a problem inside the text of a scalar, `offset` UTF-16 units into its value. */
  reportInText(place: Place, offset: number, message: string): undefined {
    return this.reportAt(isScalar(place.node) ? this.#offsetIn(place.node, offset) : 0, place.path, message)
  }

  /**
   * Where in the document a place in a scalar's value is. What YAML changes on the way (indentation, folded lines) is white
   * space, so the other characters are counted; a double-quoted text with escapes is only known as a whole.
   */
  #offsetIn(node: Scalar, offset: number): number {
    const [start, end] = node.range ?? [0, 0]
    const raw = this.#text.slice(start, end)
    const value = String(node.value)
    if (raw.startsWith('"') && raw.includes('\\')) return start
    const block = raw.startsWith('|') || raw.startsWith('>')
    let at = block ? raw.indexOf('\n') + 1 : raw.startsWith('"') || raw.startsWith("'") ? 1 : 0
    for (let seen = 0; at < raw.length; at++) {
      if (/\s/.test(raw[at]!)) continue
      while (seen < value.length && /\s/.test(value[seen]!)) seen++
      if (seen >= offset) return start + at
      if (raw.startsWith("'") && raw[at] === "'" && raw[at + 1] === "'") at++
      seen++
    }
    return Math.max(start, end - 1)
  }

  /** The entries of a mapping, in document order. */
  readMap(place: Place, what: string): Entry[] | undefined {
    const { node } = place
    if (!isMap(node)) return this.#mismatch(place, what)
    const entries: Entry[] = []
    for (const pair of node.items) {
      const keyNode = pair.key as Node
      const key = String(isScalar(keyNode) ? keyNode.value : '')
      const path = place.path === '' ? key : `${place.path}.${key}`
      entries.push({ key, keyNode, path, node: pair.value as Node | null })
    }
    return entries
  }

  /** A mapping of which only these keys may be there; the others are reported with the nearest name. */
  readRecord<K extends string>(place: Place, what: string, keys: readonly K[]): Partial<Record<K, Entry>> | undefined {
    const entries = this.readMap(place, what)
    if (entries === undefined) return undefined
    const found: Partial<Record<K, Entry>> = {}
    for (const entry of entries) {
      const known = keys.find((key) => key === entry.key)
      if (known !== undefined) found[known] = entry
      else {
        const hint = suggestion(entry.key, keys)
        const choice = hint === '' ? `; ${keys.join(', ')} are known` : hint
        this.report({ node: entry.keyNode, path: place.path }, `unknown key ${JSON.stringify(entry.key)}${choice}`)
      }
    }
    return found
  }

  readList(place: Place, what: string, most: number): Place[] | undefined {
    if (!isSeq(place.node)) return this.#mismatch(place, what)
    const { items } = place.node
    if (items.length > most) {
      return this.report(place, `${items.length} items; at most ${most} are allowed`)
    }
    return items.map((node, index) => ({ node: node as Node | null, path: `${place.path}[${index}]` }))
  }

  readText(place: Place, what: string, most: number): string | undefined {
    const { node } = place
    if (!isScalar(node) || typeof node.value !== 'string') return this.#mismatch(place, what)
    if (node.value.length > most) {
      return this.report(place, `longer than ${most} characters`)
    }
    return node.value
  }

  #mismatch(place: Place, what: string): undefined {
    const found = isAlias(place.node) ? 'an alias (anchors and aliases are not supported)' : kindOf(place.node)
    return this.report(place, `expected ${what}, found ${found}`)
  }
}

function kindOf(node: Node | null): string {
  if (isMap(node)) return 'a mapping'
  if (isSeq(node)) return 'a list'
  const value = isScalar(node) ? node.value : undefined
  if (typeof value === 'string') return 'text'
  if (typeof value === 'number' || typeof value === 'boolean')
    return `the ${typeof value} ${value} (quotes make it text)`
  return 'nothing'
}
