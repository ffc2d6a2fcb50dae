/**
 * The plain part of YAML that machine records are nearly always written in, read about ten times as fast as the library reads it:
 * block mappings and sequences, one-line scalars, `[a, b]`, literal text. Anything else (anchors, tags, folded text, escapes,
 * numbers that are no decimal integers, a key written twice…) is not read at all, so that the library decides what it means.
 */
export function readBlockYaml(text: string): { readonly value: unknown } | undefined {
  if (UNUSUAL.test(text)) return undefined
  try {
    return { value: new BlockReader(text).document() }
  } catch (error) {
    if (error === NOT_PLAIN) return undefined
    throw error
  }
}

// Tabs, control characters, and what some take for a line break.
// eslint-disable-next-line no-control-regex
const UNUSUAL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff]/
const NOT_PLAIN = new Error('not plain YAML')
const DEEPEST = 40

const KEY = /^(?:([A-Za-z0-9_./](?:[A-Za-z0-9_./:-]*[A-Za-z0-9_./-])?)|"([^"\\]*)"|'([^']*)') *:(?: +(.*))?$/
const DOUBLE_QUOTED = /^"([^"\\]*)"(?: +#.*)?$/
const SINGLE_QUOTED = /^'((?:[^']|'')*)'(?: +#.*)?$/
const FLOW_LIST = /^\[([A-Za-z0-9_./@, -]*)\](?: +#.*)?$/
const EMPTY = /^(\[\]|\{\})(?: +#.*)?$/
const LITERAL = /^\|(-?)(?: +#.*)?$/
const NULL = /^(?:~|[Nn]ull|NULL)$/
const BOOLEAN = /^(?:([Tt]rue|TRUE)|[Ff]alse|FALSE)$/
const INTEGER = /^-?[0-9]+$/
// Hexadecimal, octal, floating point, infinite: seldom, and the library knows them.
const OTHER_NUMBER = /^(?:0[xo]|[-+]?\.(?:[0-9]|inf|nan)|[-+]?[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?$|\+)/i

function notPlain(): never {
  throw NOT_PLAIN
}

class BlockReader {
  readonly #lines: string[]
  /** Columns before the text of each line; -1 for lines that say nothing: blank and comments. */
  readonly #indents: number[]
  #at = 0

  constructor(text: string) {
    this.#lines = text.split('\n')
    this.#indents = this.#lines.map(indentOf)
    if (this.#lines[0]!.startsWith('---')) {
      if (!/^---(?: +#.*| *)$/.test(this.#lines[0]!)) notPlain()
      this.#indents[0] = -1
    }
    this.#skip()
  }

  document(): unknown {
    if (this.#ended()) return null
    const value = this.#node(this.#indent(), 0)
    if (!this.#ended()) notPlain()
    return value
  }

  #skip(): void {
    while (this.#indents[this.#at] === -1) this.#at++
  }

  #ended(): boolean {
    return this.#at >= this.#lines.length
  }

  #indent(): number {
    return this.#ended() ? -1 : this.#indents[this.#at]!
  }

  #content(): string {
    return this.#lines[this.#at]!.slice(this.#indents[this.#at])
  }

  #node(indent: number, level: number): unknown {
    if (level > DEEPEST) notPlain()
    return isItem(this.#content()) ? this.#sequence(indent, level) : this.#mapping(indent, level)
  }

  #sequence(indent: number, level: number): unknown[] {
    const items: unknown[] = []
    while (this.#indent() === indent && isItem(this.#content())) {
      const rest = this.#content().slice(1).trimStart()
      if (rest === '' || rest[0] === '#') items.push(this.#below(indent, level, false))
      else if (rest[0] === '-' && isItem(rest)) notPlain()
      else if (KEY.test(rest)) {
        // `- key: value` begins a mapping in the column of its key.
        this.#indents[this.#at] = this.#lines[this.#at]!.length - rest.length
        items.push(this.#mapping(this.#indent(), level + 1))
      } else {
        items.push(scalar(rest))
        this.#next(indent)
      }
    }
    return items
  }

  #mapping(indent: number, level: number): Record<string, unknown> {
    const mapping: Record<string, unknown> = {}
    while (this.#indent() === indent && !isItem(this.#content())) {
      const match = KEY.exec(this.#content()) ?? notPlain()
      const key = keyOf(match)
      if (Object.hasOwn(mapping, key)) notPlain()
      const rest = (match[4] ?? '').trimEnd()
      mapping[key] = this.#value(rest, indent, level)
    }
    return mapping
  }

  #value(rest: string, indent: number, level: number): unknown {
    if (rest === '' || rest[0] === '#') return this.#below(indent, level, true)
    const literal = LITERAL.exec(rest)
    if (literal) return this.#literal(indent, literal[1] === '-')
    const value = scalar(rest)
    this.#next(indent)
    return value
  }

  /** What stands on the lines below a key or dash that has nothing beside it. A list may stand in the column of its key. */
  #below(indent: number, level: number, ofKey: boolean): unknown {
    this.#at++
    this.#skip()
    const below = this.#indent()
    const listHere = ofKey && below === indent && isItem(this.#content())
    if (below > indent || listHere) {
      const value = this.#node(below, level + 1)
      if (this.#indent() > indent) notPlain()
      return value
    }
    return null
  }

  /** To the next line; one that is indented deeper would go on with the scalar. */
  #next(indent: number): void {
    this.#at++
    this.#skip()
    if (this.#indent() > indent) notPlain()
  }

  #literal(indent: number, strip: boolean): string {
    const lines: string[] = []
    let width = -1
    for (this.#at++; this.#at < this.#lines.length; this.#at++) {
      const line = this.#lines[this.#at]!
      const blank = line.trim() === ''
      const own = line.length - line.trimStart().length
      if (!blank && own <= indent) break
      if (width < 0) width = blank ? notPlain() : own
      if (blank ? line.length > width : own < width) notPlain()
      lines.push(line.slice(width))
    }
    this.#skip()
    while (lines.at(-1) === '') lines.pop()
    if (lines.length === 0 || this.#indent() > indent) notPlain()
    return lines.join('\n') + (strip ? '' : '\n')
  }
}

function indentOf(line: string): number {
  let at = 0
  while (line.charCodeAt(at) === 0x20) at++
  return at === line.length || line[at] === '#' ? -1 : at
}

function isItem(content: string): boolean {
  return content === '-' || content.startsWith('- ')
}

function keyOf([, bare, double, single]: RegExpExecArray): string {
  const key = bare ?? double ?? single ?? notPlain()
  if (key === '__proto__' || (bare !== undefined && typeof plain(bare) !== 'string')) notPlain()
  return key
}

function scalar(written: string): unknown {
  switch (written.charAt(0)) {
    case '"':
      return (DOUBLE_QUOTED.exec(written) ?? notPlain())[1]
    case "'":
      return (SINGLE_QUOTED.exec(written) ?? notPlain())[1]!.replaceAll("''", "'")
    case '[':
    case '{':
      return collection(written)
    default: {
      const comment = written.indexOf(' #')
      return plain((comment < 0 ? written : written.slice(0, comment)).trimEnd())
    }
  }
}

function collection(written: string): unknown {
  const empty = EMPTY.exec(written)
  if (empty) return empty[1] === '[]' ? [] : {}
  const items = (FLOW_LIST.exec(written) ?? notPlain())[1]!.split(',').map((item) => item.trim())
  return items.map((item) => (item === '' ? notPlain() : plain(item)))
}

/** The core schema of YAML 1.2 for scalars without quotes. */
function plain(written: string): unknown {
  if (!/^[A-Za-z0-9_./~$=(-]/.test(written) || written === '-' || written.startsWith('- ')) notPlain()
  if (written.includes(': ') || written.endsWith(':') || /^(?:---|\.\.\.)/.test(written)) notPlain()
  if (NULL.test(written)) return null
  const boolean = BOOLEAN.exec(written)
  if (boolean) return boolean[1] !== undefined
  if (INTEGER.test(written)) return Number.parseInt(written, 10)
  return OTHER_NUMBER.test(written) ? notPlain() : written
}
