import type { Path, Place } from '../records/problem.ts'

/** One document of a file, or a part of one that stands for itself: an item of a list, an entry of a map by MAC. */
export interface SourceDocument {
  readonly value: unknown
  /** Where the value is in its document: the paths of findings begin with it. */
  readonly path: Path
  /** Where the value at a path (from the document's root) is written; the nearest thing around it if there is none. */
  locate(path: Path): Place
  /** Keys written twice: nothing in here can be trusted, but the rest of the file can. */
  readonly faults: readonly Fault[]
}

export interface Fault extends Place {
  readonly message: string
}

/** A text that is neither YAML nor JSON: nothing of the file can be used. */
export class SyntaxProblem extends Error {
  override readonly name = 'SyntaxProblem'
  readonly faults: readonly Fault[]

  constructor(faults: readonly Fault[]) {
    super(faults[0]?.message ?? 'not readable')
    this.faults = faults
  }
}
