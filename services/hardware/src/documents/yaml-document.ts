import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
  type YAMLError,
} from 'yaml'
import type { Path, Place } from '../records/problem.ts'
import { SyntaxProblem, type Fault } from './source-document.ts'

/** What the YAML library makes of a text. */
export interface Composed {
  readonly value: unknown
  locate(path: Path): Place
  /** Keys written twice. */
  readonly faults: readonly Fault[]
}

/** Any YAML of one document, read by the library: slow (about 3 MB/s) and complete. SyntaxProblem if it is none. */
export function composeYaml(text: string): Composed {
  const lines = new LineCounter()
  const document = compose(text, lines)
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const faultAt = (offset: number, message: string): Fault => ({ ...place(offset), message })
  const faultOf = ({ pos, message }: YAMLError): Fault => faultAt(pos[0], firstLine(message))
  const twice = document.errors.filter(({ code }) => code === 'DUPLICATE_KEY')
  if (document.errors.length > twice.length) throw new SyntaxProblem(document.errors.slice(0, MOST_FAULTS).map(faultOf))
  const faults = twice.map(({ pos }) => faultAt(pos[0], 'this key is written twice; leave one'))
  const locate = (path: Path): Place => place(offsetOf(document, path))
  const merges = badMerges(document).map((offset) => faultAt(offset, BAD_MERGE))
  if (merges.length > 0) throw new SyntaxProblem(merges.slice(0, MOST_FAULTS))
  return { value: faults.length > 0 ? undefined : valueOf(document), locate, faults }
}

const MOST_FAULTS = 5
const BAD_MERGE = '"<<" takes in a mapping, or an alias of one, and this is neither'

/** The library reads `<<` as a symbol of that name. */
function isMergeKey(value: unknown): boolean {
  return value === '<<' || (typeof value === 'symbol' && value.description === '<<')
}

/** Where `<<` stands before something it cannot take in; the library throws for those when it makes the value. */
function badMerges(document: Document): number[] {
  const offsets: number[] = []
  const isMapping = (node: unknown): boolean => isMap(isAlias(node) ? node.resolve(document) : node)
  visit(document, {
    Pair(_, { key, value }) {
      if (!isScalar(key) || !isMergeKey(key.value)) return
      const source = isAlias(value) ? value.resolve(document) : value
      const sound = isSeq(source) ? source.items.every(isMapping) : isMap(source)
      if (!sound) offsets.push(startOf(key) ?? 0)
    },
  })
  return offsets
}

function compose(text: string, lineCounter: LineCounter): Document {
  try {
    return parseDocument(text, { lineCounter, prettyErrors: false, merge: true, logLevel: 'silent' })
  } catch (error) {
    // The library recurses once per level of nesting.
    if (!(error instanceof RangeError)) throw error
    throw new SyntaxProblem([{ line: 1, column: 1, message: 'nests too deep to be read' }])
  }
}

function valueOf(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    // An alias without an anchor, more aliases than a record could need, or nesting too deep.
    if (!(error instanceof ReferenceError || error instanceof RangeError)) throw error
    throw new SyntaxProblem([{ line: 1, column: 1, message: firstLine(error.message) }])
  }
}

function firstLine(message: string): string {
  return message.split('\n')[0]!
}

function offsetOf(document: Document, path: Path): number {
  let node: unknown = document.contents
  let found = startOf(node) ?? 0
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document)
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(part))
      if (pair === undefined) return found
      found = startOf(pair.value) ?? startOf(pair.key) ?? found
      node = pair.value
    } else {
      node = isSeq(node) ? node.items[Number(part)] : undefined
      found = startOf(node) ?? found
    }
  }
  return found
}

function startOf(node: unknown): number | undefined {
  return (node as Node | undefined | null)?.range?.[0]
}
