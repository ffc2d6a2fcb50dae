import type { Path, Place } from '../records/problem.ts'
import { jsonEntries, jsonErrorOffset, jsonOffset, skipSpace, type Offsets } from './json-places.ts'
import { lineCounter } from './lines.ts'
import { SyntaxProblem, type SourceDocument } from './source-document.ts'

/** A JSON text, read by the engine itself; places are looked for only when one is asked for. SyntaxProblem if it is no JSON. */
export function readJson(text: string): SourceDocument {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    const place = lineCounter(text)(jsonErrorOffset(text))
    throw new SyntaxProblem([{ ...place, message: `no JSON: ${(error as Error).message}` }])
  }
  return { value, path: [], locate: jsonPlaces(text), faults: [] }
}

/** Remembers the entries of the root and of `items`: in a file of many machines these are asked for each of them. */
function jsonPlaces(text: string): (path: Path) => Place {
  const start = skipSpace(text, 0)
  const place = lineCounter(text)
  const known = new Map<string, Offsets>()
  const entries = (name: string, at: number): Offsets => {
    const found = known.get(name) ?? jsonEntries(text, at)
    known.set(name, found)
    return found
  }
  return (path) => {
    const [first, second] = path
    if (first === undefined) return place(start)
    const at = entries('', start).get(first)
    if (at === undefined) return place(start)
    if (first !== 'items' || second === undefined) return place(jsonOffset(text, at, path.slice(1)))
    const item = entries('items', at).get(second)
    return place(item === undefined ? at : jsonOffset(text, item, path.slice(2)))
  }
}
