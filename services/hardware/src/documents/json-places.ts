import type { Path } from '../records/problem.ts'

/** Where the value of each key or index of a container begins; a key written twice is there once, as JSON.parse has it: the last. */
export type Offsets = ReadonlyMap<string | number, number>

/**
 * The entries of the array or object at `start`, in a text that JSON.parse has accepted. What is nested in them is passed over
 * without being looked at; of anything that is no container there are none.
 */
export function jsonEntries(text: string, start: number): Offsets {
  const entries = new Map<string | number, number>()
  const isObject = text[start] === '{'
  if (!isObject && text[start] !== '[') return entries
  let at = skipSpace(text, start + 1)
  for (let index = 0; text[at] !== '}' && text[at] !== ']' && at < text.length; index++) {
    let key: string | number = index
    if (isObject) {
      const end = endOfString(text, at)
      key = JSON.parse(text.slice(at, end)) as string
      at = skipSpace(text, skipSpace(text, end) + 1)
    }
    entries.set(key, at)
    at = skipSpace(text, endOfValue(text, at))
    if (text[at] === ',') at = skipSpace(text, at + 1)
  }
  return entries
}

/** Offset of the value at a path below the value at `start`, or of the deepest thing on the way to it that exists. */
export function jsonOffset(text: string, start: number, path: Path): number {
  let at = start
  for (const part of path) {
    const next = jsonEntries(text, at).get(part)
    if (next === undefined) return at
    at = next
  }
  return at
}

export function skipSpace(text: string, from: number): number {
  let at = from
  while (at < text.length && text.charCodeAt(at) <= 0x20) at++
  return at
}

/** Behind the closing quote of the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  let at = start
  for (;;) {
    at = text.indexOf('"', at + 1)
    if (at < 0) return text.length
    let escapes = 0
    while (text[at - 1 - escapes] === '\\') escapes++
    if (escapes % 2 === 0) return at + 1
  }
}

function endOfValue(text: string, start: number): number {
  let at = start
  let depth = 0
  do {
    const character = text[at]
    if (character === '"') at = endOfString(text, at)
    else {
      if (character === '{' || character === '[') depth++
      if (character === '}' || character === ']') depth--
      at++
    }
    if (depth === 0 && isEnd(text[at])) return at
  } while (at < text.length)
  return at
}

function isEnd(character: string | undefined): boolean {
  return character === undefined || character === ',' || character === '}' || character === ']' || character <= ' '
}

/** Offset of the first token that cannot stand where it stands: JSON.parse refuses a text without always saying where. */
export function jsonErrorOffset(text: string): number {
  const open: string[] = []
  let expected: readonly Token[] = VALUE
  for (let at = skipSpace(text, 0); ;) {
    const found = tokenAt(text, at)
    if (found === undefined || !expected.includes(found.token)) return at
    const { token, end } = found
    if (token === '{' || token === '[') open.push(token)
    if (token === '}' || token === ']') open.pop()
    expected = after(token, expected, open.at(-1))
    at = skipSpace(text, end)
    if (expected.length === 0) return at
  }
}

type Token = 'value' | 'text' | '{' | '}' | '[' | ']' | ',' | ':'

const VALUE: readonly Token[] = ['value', 'text', '{', '[']
const PUNCTUATION: readonly string[] = ['{', '}', '[', ']', ',', ':'] satisfies Token[]
const LITERAL = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y
// eslint-disable-next-line no-control-regex
const BAD_IN_STRING = /[\u0000-\u001f]|\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4})/

function tokenAt(text: string, at: number): { readonly token: Token; readonly end: number } | undefined {
  const character = text.charAt(at)
  if (PUNCTUATION.includes(character)) return { token: character as Token, end: at + 1 }
  if (character !== '"') {
    LITERAL.lastIndex = at
    return LITERAL.test(text) ? { token: 'value', end: LITERAL.lastIndex } : undefined
  }
  const end = endOfString(text, at)
  const inside = text.slice(at + 1, end - 1).replaceAll('\\\\', '')
  return text[end - 1] !== '"' || BAD_IN_STRING.test(inside) ? undefined : { token: 'text', end }
}

function after(token: Token, before: readonly Token[], open: string | undefined): readonly Token[] {
  if (token === '{') return ['text', '}']
  if (token === '[') return [...VALUE, ']']
  if (token === ':') return VALUE
  if (token === ',') return open === '{' ? ['text'] : VALUE
  // A string is a key where nothing but a key may stand.
  if (token === 'text' && !before.includes('value')) return [':']
  return open === undefined ? [] : [',', open === '{' ? '}' : ']']
}
