import { parentPort, workerData } from 'node:worker_threads'
import type { Hold, LeaseEvent, LeaseRecord, Subject } from '@reboots/leases'
import { failureOf, SqliteFile, type Commit } from './sqlite-file.ts'
import type { ClockReading } from './steady-clock.ts'

/** What the thread is started with. */
export interface WriterSettings {
  readonly file: string
  readonly historyLength: number
}

/** One thing to do at a time, each answered by one WriterReply, in order. */
export type WriterOrder =
  | ({ readonly kind: 'commit' } & Commit)
  | { readonly kind: 'probe' | 'close' }
  | { readonly kind: 'history'; readonly subject: Subject }

export type WriterReply =
  | {
      readonly kind: 'opened'
      readonly records: readonly LeaseRecord[]
      readonly holds: readonly Hold[]
      readonly reading: ClockReading | undefined
    }
  | { readonly kind: 'done'; readonly events?: readonly LeaseEvent[] }
  | { readonly kind: 'failed'; readonly failure: ReturnType<typeof failureOf>; readonly message: string }

const port = parentPort!
const { file, historyLength } = workerData as WriterSettings

/** Failures of the disk are answered, everything else is a bug and ends the thread. */
function attempt(work: () => WriterReply): void {
  try {
    port.postMessage(work())
  } catch (error) {
    const failure = failureOf(error)
    if (failure === undefined) throw error
    port.postMessage({ kind: 'failed', failure, message: (error as Error).message } satisfies WriterReply)
  }
}

/** After this long without an order there is time to tidy up. */
const IDLE_MS = 50

function serve(books: SqliteFile): void {
  const idle = setTimeout(() => {
    if (tidied(books)) idle.refresh()
  }, IDLE_MS)
  port.on('message', (order: WriterOrder) => {
    attempt(() => carryOut(books, order))
    if (order.kind === 'close') {
      clearTimeout(idle)
      port.close()
      return
    }
    if (books.isJournalLong) tidied(books)
    idle.refresh()
  })
}

/** True while there is more. A disk that fails is the next commit's to tell of: nothing is lost by a journal that stays as it is. */
function tidied(books: SqliteFile): boolean {
  try {
    return books.tidy()
  } catch (error) {
    if (failureOf(error) === undefined) throw error
    return false
  }
}

function carryOut(books: SqliteFile, order: WriterOrder): WriterReply {
  switch (order.kind) {
    case 'commit':
      books.commit(order)
      return { kind: 'done' }
    case 'probe':
      books.probe()
      return { kind: 'done' }
    case 'history':
      return { kind: 'done', events: books.history(order.subject) }
    case 'close':
      books.close()
      return { kind: 'done' }
  }
}

attempt(() => {
  const books = new SqliteFile(file, historyLength)
  serve(books)
  return { kind: 'opened', records: books.records(), holds: books.holds(), reading: books.lastReading() }
})
