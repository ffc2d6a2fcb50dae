import { readDocuments } from '../documents/read-documents.ts'
import { SyntaxProblem, type Fault, type SourceDocument } from '../documents/source-document.ts'
import { detect } from './detect.ts'
import { entryOf, originAt, type Entry } from './entry.ts'
import { formatPath, type Finding, type Problem } from './problem.ts'
import { readRecord } from './read-record.ts'

/** What a file says. */
export interface FileReading {
  /** In the order of the file. */
  readonly entries: readonly Entry[]
  readonly problems: readonly Problem[]
  /** The text is neither YAML nor JSON: nothing is known of what it should have said. */
  readonly unreadable: boolean
}

/** More than any record, and well below what a gRPC message may have by default (4 MiB). */
const LARGEST_MACHINE_BYTES = 1024 * 1024

/** How long the reader works before it lets others have a turn: calls are answered and health is told while a large file is read. */
const TURN_MS = 20

/** Reads a text; never throws. `file` is how problems and origins name it. */
export async function readText(text: string, file: string): Promise<FileReading> {
  const entries: Entry[] = []
  const problems: Problem[] = []
  let turn = performance.now()
  try {
    for (const document of readDocuments(text)) {
      for (const found of readDocument(document, file)) {
        if ('bytes' in found) entries.push(found)
        else problems.push(found)
        if (performance.now() - turn < TURN_MS) continue
        await new Promise((resolve) => setImmediate(resolve))
        turn = performance.now()
      }
    }
    return { entries, problems, unreadable: false }
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error
    return {
      entries: [],
      problems: error.faults.map((fault) => faultProblem('unreadable', fault, '', file)),
      unreadable: true,
    }
  }
}

function* readDocument(document: SourceDocument, file: string): Generator<Entry | Problem> {
  for (const fault of document.faults) yield faultProblem('refused', fault, formatPath(document.path), file)
  const located = (finding: Finding): Problem => problemOf(finding, document, file)
  for (const detected of detect(document.value, document.path)) {
    if ('finding' in detected) {
      yield located(detected.finding)
      continue
    }
    const { format, value, path } = detected.record
    const { machine, findings } = readRecord(format, value, path)
    yield* findings.map(located)
    if (machine === undefined) continue
    const entry = entryOf(machine, originAt(file, document.locate(path), path))
    if (entry.bytes.length <= LARGEST_MACHINE_BYTES) yield entry
    else
      yield located({ severity: 'refused', path, message: 'is larger than 1 MiB; leave out what machines do not need' })
  }
}

function faultProblem(
  severity: Problem['severity'],
  { line, column, message }: Fault,
  path: string,
  file: string,
): Problem {
  return { severity, file, line, column, path, message }
}

function problemOf({ severity, path, message }: Finding, document: SourceDocument, file: string): Problem {
  return { severity, file, ...document.locate(path), path: formatPath(path), message }
}
