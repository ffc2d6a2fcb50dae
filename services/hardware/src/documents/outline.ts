import type { Path, Place } from '../records/problem.ts'
import { looksLikeMac } from './mac-key.ts'

/** A run of lines that can be read by itself and holds one record. */
export interface Unit {
  readonly text: string
  /** Line of its document's file where it begins, from 1. */
  readonly line: number
  /** Where it is in the document; and how the text by itself leads to the same value. */
  readonly path: Path
  readonly within: Path
  /** Where the record begins, */
  readonly start: Place
  /** which is the place of every path of up to so many parts. */
  readonly reach: number
}

/**
 * The records of a document that is a list of them, told by indentation alone: a sequence, a `List` object with `items`, or a map
 * by MAC. In block style whatever belongs to an item is indented deeper than its dash, so the items can be cut apart and read, or
 * looked for a place in, one by one. Undefined for any other document, and for one that is not so regular.
 */
export function outline(text: string, firstLine: number): readonly Unit[] | undefined {
  const lines = text.split('\n')
  const first = lines.findIndex((line) => !isNothing(line))
  const opening = lines[first]
  if (opening === undefined) return undefined
  if (isItem(opening, 0)) return sequence(lines, { from: first, to: lines.length, indent: 0 }, firstLine, [])
  const key = /^["']?([0-9A-Za-z:-]+?)["']? *:(?: |$)/.exec(opening)?.[1]
  if (key !== undefined && looksLikeMac(key)) return byMac(lines, first, firstLine)
  return listObject(lines, firstLine)
}

interface Range {
  readonly from: number
  readonly to: number
  readonly indent: number
}

function sequence(lines: readonly string[], range: Range, firstLine: number, path: Path): Unit[] | undefined {
  const starts: number[] = []
  for (let at = range.from; at < range.to; at++) {
    const line = lines[at]!
    if (isItem(line, range.indent)) starts.push(at)
    else if (!isNothing(line) && indentOf(line) <= range.indent) return undefined
  }
  return starts.map((start, index) => ({
    text: lines.slice(start, starts[index + 1] ?? range.to).join('\n'),
    line: firstLine + start,
    path: [...path, index],
    within: [0],
    reach: path.length + 1,
    start: { line: firstLine + start, column: /^\s*- */.exec(lines[start]!)![0].length + 1 },
  }))
}

function byMac(lines: readonly string[], first: number, firstLine: number): Unit[] | undefined {
  const starts: number[] = []
  for (let at = first; at < lines.length; at++) {
    if (!isNothing(lines[at]!) && indentOf(lines[at]!) === 0) starts.push(at)
  }
  // With one of these keys the whole is something else, and with an item it is a mistake.
  if (
    starts.some(
      (start) => isItem(lines[start]!, 0) || /^["']?(?:kind|apiVersion|items|network|spec)\b/.test(lines[start]!),
    )
  )
    return undefined
  return starts.map((start, index) => ({
    text: lines.slice(start, starts[index + 1] ?? lines.length).join('\n'),
    line: firstLine + start,
    path: [],
    within: [],
    reach: 1,
    start: { line: firstLine + start, column: 1 },
  }))
}

function listObject(lines: readonly string[], firstLine: number): Unit[] | undefined {
  const kind = lines.find((line) => line.startsWith('kind:'))
  const items = lines.findIndex((line) => /^items: *(?:#.*)?$/.test(line))
  if (items < 0 || (kind !== undefined && !/^kind: *["']?\w*List["']? *(?:#.*)?$/.test(kind))) return undefined
  const from = lines.findIndex((line, at) => at > items && !isNothing(line))
  if (from < 0 || !isItem(lines[from]!, indentOf(lines[from]!))) return undefined
  const indent = indentOf(lines[from]!)
  const end = lines.findIndex((line, at) => at > from && isKey(line))
  return sequence(lines, { from, to: end < 0 ? lines.length : end, indent }, firstLine, ['items'])
}

function isKey(line: string): boolean {
  return !isNothing(line) && indentOf(line) === 0 && !isItem(line, 0)
}

function isNothing(line: string): boolean {
  return /^\s*(?:#|$)/.test(line) || /^---(?:\s+#|\s*$)/.test(line)
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length
}

function isItem(line: string, indent: number): boolean {
  return line[indent] === '-' && (line.length === indent + 1 || line[indent + 1] === ' ') && indentOf(line) === indent
}
