import { readFile } from 'node:fs/promises'
import type { Problem } from '../records/problem.ts'
import { readText, type FileReading } from '../records/read-file.ts'
import { fingerprint, reason, type Root, type Tree, type TreeFile } from './file-tree.ts'

/** What is held of a file. */
export interface Held {
  readonly fingerprint: string
  /** The last reading that was one; undefined if there was none yet. */
  readonly good: FileReading | undefined
  /** What is wrong with it now. */
  readonly problems: readonly Problem[]
}

/** What is held of all files. */
export interface Holdings {
  /** Something is not as it was at the last look. */
  readonly changed: boolean
  /** In the order in which machines take precedence. */
  readonly files: readonly Held[]
  /** Of the configured paths themselves. */
  readonly problems: readonly Problem[]
  /** Something was read of every file and path at some time. */
  readonly complete: boolean
}

/** Remembers the readings of files, so that only what changed is read again and what cannot be read now is not forgotten. */
export class HeldFiles {
  #files = new Map<string, Held>()
  /** Of configured paths, at the last look; undefined before the first. */
  #failures: string | undefined
  readonly #roots = new Map<string, readonly TreeFile[]>()

  /** Reads what is new or changed in the tree. */
  async read(tree: Tree): Promise<Holdings> {
    const listed = tree.roots.map((root) => this.#list(root))
    const files = new Map<string, Held>()
    for (const file of listed.flat()) files.set(file.path, await this.#hold(file))
    const before = [...this.#files.values()]
    const problems = tree.roots.flatMap((root) => failure(root, this.#roots.has(root.path)))
    const failures = problems.map(({ message }) => message).join('\n')
    const changed = files.size !== before.length || [...files.values()].some((held, index) => held !== before[index])
    const failed = failures !== this.#failures
    this.#files = files
    this.#failures = failures
    return {
      changed: changed || failed,
      files: [...files.values()],
      problems,
      complete:
        tree.roots.every(({ path }) => this.#roots.has(path)) &&
        [...files.values()].every(({ good }) => good !== undefined),
    }
  }

  /** A configured path that is gone keeps the files it had: more often than not it is a volume that will be back. */
  #list(root: Root): readonly TreeFile[] {
    if (root.failure === undefined) this.#roots.set(root.path, root.files)
    return this.#roots.get(root.path) ?? []
  }

  async #hold(file: TreeFile): Promise<Held> {
    const before = this.#files.get(file.path)
    if (before?.fingerprint === file.fingerprint) return before
    const text = await readFile(file.path, 'utf8').catch((error: unknown) => ({ failure: reason(error) }))
    if (typeof text !== 'string') {
      const problems = [unreadable(file.path, `cannot be read: ${text.failure}`, before?.good)]
      return { fingerprint: '', good: before?.good, problems }
    }
    // Written while it was read: half a file must not pass for a whole one. Whoever writes it is heard of, and it is read again.
    if ((await fingerprint(file.path)) !== file.fingerprint)
      return before ?? { fingerprint: '', good: undefined, problems: [] }
    const reading = await readText(text, file.path)
    const good = reading.unreadable ? before?.good : reading
    const problems = reading.unreadable
      ? reading.problems.map((problem) => withConsequence(problem, good))
      : reading.problems
    return { fingerprint: file.fingerprint, good, problems }
  }
}

function failure({ path, failure }: Root, known: boolean): Problem[] {
  if (failure === undefined) return []
  const consequence = known ? 'the machines it had are still served' : 'none of its machines are served'
  return [
    {
      severity: 'unreadable',
      file: path,
      line: 1,
      column: 1,
      path: '',
      message: `cannot be read: ${failure}; ${consequence}`,
    },
  ]
}

function unreadable(file: string, message: string, good: FileReading | undefined): Problem {
  return withConsequence({ severity: 'unreadable', file, line: 1, column: 1, path: '', message }, good)
}

function withConsequence(problem: Problem, good: FileReading | undefined): Problem {
  const consequence =
    good === undefined ? 'no machine of this file is served' : 'the machines last read from this file are still served'
  return { ...problem, message: `${problem.message}; ${consequence}` }
}
