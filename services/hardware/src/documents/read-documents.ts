import type { Path, Place } from '../records/problem.ts'
import { readBlockYaml } from './block-yaml.ts'
import { readJson } from './json-document.ts'
import { outline, type Unit } from './outline.ts'
import { SyntaxProblem, type Fault, type SourceDocument } from './source-document.ts'
import { composeYaml } from './yaml-document.ts'

/**
 * The documents of a YAML or JSON text, in its order, one at a time so that the reader can pause between them; a document that
 * is a list of records comes record by record. SyntaxProblem, when the place is reached, if the text is neither.
 */
export function* readDocuments(written: string): Generator<SourceDocument> {
  const text = written.replace(/^\ufeff/, '').replaceAll('\r\n', '\n')
  for (const chunk of split(text)) yield* readChunk(chunk)
}

interface Chunk {
  readonly text: string
  /** Line of the file where it begins, from 1. */
  readonly line: number
}

/** Cuts at the lines that begin or end a document: in whatever they stand, they can be nothing else (YAML 1.2.2 §9.1.2). */
function* split(text: string): Generator<Chunk> {
  const marker = /^(?:---|\.\.\.)(?=\s|$)/gm
  let from = 0
  let line = 1
  for (;;) {
    marker.lastIndex = from + 1
    const end = marker.exec(text)?.index ?? text.length
    const chunk = text.slice(from, end)
    // An end marker becomes a comment: it has nothing behind it.
    if (!isProlog(chunk)) yield { text: chunk.startsWith('...') ? `#${chunk.slice(1)}` : chunk, line }
    if (end === text.length) return
    line += countNewlines(chunk)
    from = end
  }
}

/** Directives stand before a `---`. Of those there are, `%YAML` says what is assumed here, and tags are not followed. */
function isProlog(chunk: string): boolean {
  return /^\s*(?:#.*\s+)*%/.test(chunk)
}

function countNewlines(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++
  return count
}

/** JSON up to this size that is no JSON may still be YAML in braces. */
const LARGEST_FLOW = 4 * 1024 * 1024

function* readChunk({ text, line }: Chunk): Generator<SourceDocument> {
  const body = text.startsWith('---') ? `   ${text.slice(3)}` : text
  const json = /^\s*[[{]/.test(body) ? tryJson(body, line) : undefined
  if (json !== undefined) return yield json
  // An alias may stand for something in another record.
  const units = /(?:^|[\s,[{:-])\*\w/m.test(text) ? undefined : outline(text, line)
  if (units === undefined) yield readUnit({ text, line, path: [], within: [], reach: 0, start: startOf(text, line) })
  else for (const unit of units) yield readUnit(unit)
}

function tryJson(body: string, line: number): SourceDocument | undefined {
  try {
    const document = readJson(body)
    return { ...document, locate: (path) => moved(document.locate(path), line) }
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error
    if (body.length > LARGEST_FLOW) throw movedProblem(error, line)
    return undefined
  }
}

/** The fast reader if it can, else the library, which is also asked for places: findings are few, records are many. */
function readUnit({ text, line, path, within, reach, start }: Unit): SourceDocument {
  const composed = once(() => composeAt(text, line))
  const locate = (wanted: Path): Place => {
    if (wanted.length <= reach) return start
    return moved(composed().locate([...within, ...wanted.slice(path.length)]), line)
  }
  const plain = readBlockYaml(text)
  const faults = plain === undefined ? composed().faults.map((fault) => movedFault(fault, line)) : []
  const whole = plain === undefined ? composed().value : plain.value
  const value = within.reduce<unknown>(
    (inner, index) => (inner as readonly unknown[] | undefined)?.[Number(index)],
    whole,
  )
  return { value, path, locate, faults }
}

function composeAt(text: string, line: number): ReturnType<typeof composeYaml> {
  try {
    return composeYaml(text)
  } catch (error) {
    throw error instanceof SyntaxProblem ? movedProblem(error, line) : error
  }
}

function startOf(text: string, line: number): Place {
  const lines = text.split('\n')
  const first = lines.findIndex((each) => !/^\s*(?:#|$)/.test(each) && !/^---(?:\s+#|\s*$)/.test(each))
  const indent = /^\s*/.exec(lines[first] ?? '')![0].length
  return { line: line + Math.max(first, 0), column: indent + 1 }
}

function moved({ line, column }: Place, by: number): Place {
  return { line: line + by - 1, column }
}

function movedFault(fault: Fault, by: number): Fault {
  return { message: fault.message, ...moved(fault, by) }
}

function movedProblem(problem: SyntaxProblem, by: number): SyntaxProblem {
  return new SyntaxProblem(problem.faults.map((fault) => movedFault(fault, by)))
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => (made ??= { value: make() }).value
}
