import { parse, Pair, Scalar, YAMLMap, YAMLSeq, type LineCounter, type Node } from 'yaml'

/**
 * Reads YAML as most policies are written, several times faster than the YAML library, which makes a million tokens of ten thousand
 * rules: block mappings and lists, flow collections and quoted texts on one line, plain scalars on one line, `|` and `>`, comments.
 * Undefined for everything else, whatever is wrong in it included: then the library has the word. A value that does come out is what
 * the library would make of it, node for node and place for place.
 */
export function parsePlainYaml(text: string, lines: LineCounter): Node | undefined {
  if (!text.endsWith('\n') || /[^\n -~\u00a0-\ud7ff\ue000-\ufefe]|^(?:---|\.\.\.|%)/m.test(text)) return undefined
  try {
    const root = new PlainReader(text).readDocument()
    for (let at = 0; at <= text.length; at = text.indexOf('\n', at) + 1) {
      lines.addNewLine(at)
      if (at === text.length) break
    }
    return root
  } catch (error) {
    if (error === NOT_PLAIN) return undefined
    throw error
  }
}

const NOT_PLAIN = new Error('not plain')
const MOST_DEPTH = 64

const KEY = /[A-Za-z_][A-Za-z0-9_./-]*(?=:[ \n])/y
const QUOTED_KEY = /(?:'(?:[^'\n]|'')*'|"[^"\\\n]*")(?=:[ \n])/y
/** What may begin a plain scalar, and go on in it: less than YAML allows, and nothing that means something. */
const PLAIN_IN_BLOCK = /[^\s\-?:,[\]{}#&*!|>'"%@`](?:[^\n:#]|:(?=\S)|(?<=\S)#)*/y
const PLAIN_IN_FLOW = /[^\s\-?:,[\]{}#&*!|>'"%@`](?:[^\n:#,[\]{}]|:(?=[^\s,[\]{}]))*/y
const SINGLE_QUOTED = /'(?:[^'\n]|'')*'/y
const DOUBLE_QUOTED = /"(?:[^"\\\n]|\\["\\/nt])*"/y
const BLOCK_HEADER = /([|>])(-?)\n/y
/** Plain scalars that may be something else than text: the library says what. */
const SPECIAL = /^(?:[\d.+~]|(?:null|true|false)$)/i

class PlainReader {
  readonly #text: string
  #at = 0
  /** Of the line that is read next; -1 at the end. */
  #column = 0
  #depth = 0
  readonly #special = new Map<string, unknown>()

  constructor(text: string) {
    this.#text = text
  }

  readDocument(): Node {
    this.#advance()
    const root = this.#readBlock()
    if (this.#column >= 0) throw NOT_PLAIN
    return root
  }

  /** Goes on to the next line that says something. */
  #advance(): void {
    for (let start = this.#at; ; start = this.#at) {
      while (this.#text[this.#at] === ' ') this.#at++
      const character = this.#text[this.#at]
      this.#column = character === undefined ? -1 : this.#at - start
      if (character !== '\n' && character !== '#') return
      this.#at = this.#text.indexOf('\n', this.#at) + 1
    }
  }

  /** The collection that begins here. */
  #readBlock(): Node {
    if (++this.#depth > MOST_DEPTH) throw NOT_PLAIN
    const node = this.#isItem() ? this.#readSequence() : this.#readMapping()
    this.#depth--
    return node
  }

  #readMapping(): YAMLMap {
    const [map, start, column] = [new YAMLMap(), this.#at, this.#column]
    const seen = new Set<string>()
    do {
      const key = this.#readKey(seen)
      map.items.push(new Pair<unknown>(key, this.#readValue(column)))
    } while (this.#column === column && !this.#isItem())
    return this.#ended(map, start, column)
  }

  #readSequence(): YAMLSeq {
    const [sequence, start, column] = [new YAMLSeq(), this.#at, this.#column]
    do {
      const dash = this.#at++
      this.#skipSpaces()
      const isBlock = this.#isItem() || this.#matches(KEY) || this.#matches(QUOTED_KEY)
      if (isBlock) this.#column = column + this.#at - dash
      sequence.items.push(isBlock ? this.#readBlock() : this.#readInline(column))
    } while (this.#column === column && this.#isItem())
    return this.#ended(sequence, start, column)
  }

  /** Deeper than what has ended is a text that goes on, or an indentation that belongs to nothing. */
  #ended<T extends YAMLMap | YAMLSeq>(node: T, start: number, column: number): T {
    if (this.#column > column) throw NOT_PLAIN
    return this.#placed(node, start)
  }

  #readKey(seen: Set<string>): Scalar<string> {
    const start = this.#at
    const plain = this.#take(KEY)
    const key = plain === undefined ? this.#unquoted(this.#take(QUOTED_KEY)) : plain
    if (key === undefined || seen.has(key) || (plain !== undefined && SPECIAL.test(key))) throw NOT_PLAIN
    seen.add(key)
    const node = this.#placed(new Scalar(key), start)
    this.#at++
    this.#skipSpaces()
    return node
  }

  /** What stands behind a key, or below it: deeper, or a list in the same column. */
  #readValue(column: number): Node {
    if (this.#text[this.#at] !== '\n' && this.#text[this.#at] !== '#') return this.#readInline(column)
    this.#advance()
    if (this.#column > column || (this.#column === column && this.#isItem())) return this.#readBlock()
    throw NOT_PLAIN
  }

  /** A value that begins in this line, inside of a collection in this column. */
  #readInline(column: number): Node {
    if (this.#matches(BLOCK_HEADER)) return this.#readBlockScalar(column)
    const node = this.#readFlow(PLAIN_IN_BLOCK)
    const end = this.#at
    this.#skipSpaces()
    const comment = this.#text[this.#at] === '#' && this.#at > end
    if (this.#text[this.#at] !== '\n' && !comment) throw NOT_PLAIN
    this.#at = this.#text.indexOf('\n', this.#at) + 1
    this.#advance()
    return node
  }

  #readFlow(plain: RegExp): Node {
    const start = this.#at
    switch (this.#text[start]) {
      case '{':
        return this.#readFlowCollection(new YAMLMap(), '}', (map, seen) => {
          const key = this.#readKey(seen)
          map.items.push(new Pair<unknown>(key, this.#readFlow(PLAIN_IN_FLOW)))
        })
      case '[':
        return this.#readFlowCollection(new YAMLSeq(), ']', (list) => list.items.push(this.#readFlow(PLAIN_IN_FLOW)))
      case "'":
        return this.#placed(new Scalar(this.#unquoted(this.#take(SINGLE_QUOTED))), start)
      case '"':
        return this.#placed(new Scalar(this.#unquoted(this.#take(DOUBLE_QUOTED))), start)
      case undefined:
      default: {
        const text = this.#take(plain)?.trimEnd()
        if (text === undefined) throw NOT_PLAIN
        this.#at = start + text.length
        return this.#placed(new Scalar(SPECIAL.test(text) ? this.#specialValue(text) : text), start)
      }
    }
  }

  #readFlowCollection<T extends YAMLMap | YAMLSeq>(
    node: T,
    end: string,
    readItem: (node: T, seen: Set<string>) => void,
  ): T {
    if (++this.#depth > MOST_DEPTH) throw NOT_PLAIN
    const start = this.#at++
    const seen = new Set<string>()
    node.flow = true
    this.#skipSpaces()
    while (this.#text[this.#at] !== end) {
      if (node.items.length > 0) {
        if (this.#text[this.#at++] !== ',') throw NOT_PLAIN
        this.#skipSpaces()
      }
      readItem(node, seen)
      this.#skipSpaces()
    }
    this.#at++
    this.#depth--
    return this.#placed(node, start)
  }

  #readBlockScalar(column: number): Scalar<string> {
    const start = this.#at
    const header = this.#take(BLOCK_HEADER)!
    const indentation = / */y
    indentation.lastIndex = this.#at
    const indent = indentation.exec(this.#text)![0].length
    const lines: string[] = []
    for (;;) {
      const end = this.#text.indexOf('\n', this.#at)
      const line = this.#text.slice(this.#at, end)
      const spaces = line.length - line.trimStart().length
      if (end < 0 || (line.trim() !== '' && spaces < indent)) {
        // Between the text and what is around it there is nothing.
        if (end >= 0 && spaces > column) throw NOT_PLAIN
        break
      }
      lines.push(line.slice(indent))
      this.#at = end + 1
    }
    while (lines.at(-1)?.trim() === '') lines.pop()
    const folded = header.startsWith('>')
    const odd = folded ? /^ |^$| $/ : /^ +$/
    if (indent <= column || lines.length === 0 || lines[0] === '' || lines.some((line) => odd.test(line)))
      throw NOT_PLAIN
    const node = this.#placed(new Scalar(lines.join(folded ? ' ' : '\n') + (header.includes('-') ? '' : '\n')), start)
    this.#advance()
    return node
  }

  #unquoted(quoted: string | undefined): string | undefined {
    if (quoted === undefined) throw NOT_PLAIN
    return quoted.startsWith("'") ? quoted.slice(1, -1).replaceAll("''", "'") : (JSON.parse(quoted) as string)
  }

  #specialValue(text: string): unknown {
    if (!this.#special.has(text)) this.#special.set(text, parse(text))
    return this.#special.get(text)
  }

  #placed<T extends Node>(node: T, start: number): T {
    node.range = [start, this.#at, this.#at]
    return node
  }

  #isItem(): boolean {
    return this.#text[this.#at] === '-' && this.#text[this.#at + 1] === ' '
  }

  #skipSpaces(): void {
    while (this.#text[this.#at] === ' ') this.#at++
  }

  #matches(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at
    return pattern.test(this.#text)
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    this.#at += found?.length ?? 0
    return found
  }
}
