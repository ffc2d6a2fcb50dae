import { once } from 'node:events'
import { dirname } from 'node:path'
import { Worker } from 'node:worker_threads'
import {
  LeasesUnavailable,
  type AddressEntry,
  type AddressRange,
  type Hold,
  type Lease,
  type LeaseEvent,
  type LeaseLedger,
  type LeaseRecord,
  type LeaseStep,
  type StepResult,
  type Subject,
} from '@reboots/leases'
import type { Instant, Ipv4Address } from '@reboots/protocol/net'
import { now, OperatorError, type Log } from '@reboots/runtime'
import { eventOnClockOf, HISTORY_LENGTH, Listeners, type Listener } from './lease-events.ts'
import { noChanges, RecordedTable, type Changes } from './recorded-table.ts'
import { entryOnClockOf, readMachine, shifted, SteadyClock } from './steady-clock.ts'
import { journalEntry } from './sqlite-file.ts'
import { EVERYTHING, leasesIn } from './taken.ts'
import type { WriterOrder, WriterReply, WriterSettings } from './sqlite-writer.ts'

export interface SqliteStoreOptions {
  /** Path of the file; it is made when there is none. While it is open there is another beside it that belongs to it, `-wal`. */
  readonly file: string
  readonly log: Log
  /** How many events the history keeps. */
  readonly historyLength?: number
  /** Milliseconds after which a disk that failed is tried again. */
  readonly retryInterval?: number
  /** `caller`: time is what `run` is told, for simulated time. Otherwise leases run evenly, whatever is done to the clock. */
  readonly clock?: 'steady' | 'caller'
}

/** Steps that wait for one commit. */
interface Batch {
  readonly changes: Changes
  readonly waiting: ((durable: boolean) => void)[]
}

/**
 * Leases of one process in a SQLite file. A table in memory decides, a thread of its own writes: while the disk is busy with one
 * transaction, the steps that come in gather for the next. Throws OperatorError when the file cannot be used.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<LeaseLedger> {
  const workerData: WriterSettings = { file: options.file, historyLength: options.historyLength ?? HISTORY_LENGTH }
  const worker = new Worker(new URL('./sqlite-writer.ts', import.meta.url), { workerData })
  const [reply] = (await once(worker, 'message')) as [WriterReply]
  if (reply.kind === 'failed') {
    await worker.terminate()
    throw refusal(options.file, reply)
  }
  if (reply.kind !== 'opened') throw new Error('the writer does not begin with opening its file')
  const clock = new SteadyClock(reply.reading, readMachine(now()))
  const store = new SqliteStore(new Writer(worker), clock, options)
  store.restore(reply.records, reply.holds)
  return store
}

/** The other thread: takes orders one after the other. */
class Writer {
  readonly #worker: Worker
  readonly #answers: ((reply: WriterReply) => void)[] = []

  constructor(worker: Worker) {
    this.#worker = worker
    worker.on('message', (reply: WriterReply) => this.#answers.shift()!(reply))
    // What the thread does not answer is a bug in it.
    worker.on('error', (error) => {
      throw error
    })
  }

  order(order: WriterOrder): Promise<WriterReply> {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    this.#worker.postMessage(order)
    return new Promise((resolve) => this.#answers.push(resolve))
  }

  async close(): Promise<void> {
    const ended = once(this.#worker, 'exit')
    await this.order({ kind: 'close' })
    await ended
  }
}

class SqliteStore implements LeaseLedger {
  readonly #listeners = new Listeners()
  readonly #books = new RecordedTable(() => this.#listeners.size > 0)
  readonly #writer: Writer
  readonly #clock: SteadyClock
  readonly #options: SqliteStoreOptions
  #gathering = emptyBatch()
  #committing: Promise<void> | undefined
  #problem: string | undefined
  #retry: NodeJS.Timeout | undefined

  constructor(writer: Writer, clock: SteadyClock, options: SqliteStoreOptions) {
    this.#writer = writer
    this.#clock = clock
    this.#options = options
  }

  restore(records: readonly LeaseRecord[], holds: readonly Hold[]): void {
    for (const record of records) {
      this.#books.table.put(record)
      this.#books.table.markDurable(record)
    }
    for (const hold of holds) this.#books.table.putHold(hold.address, hold)
  }

  get problem(): string | undefined {
    return this.#problem
  }

  async run(steps: readonly LeaseStep[], now: Instant): Promise<readonly StepResult[]> {
    if (this.#problem !== undefined) return steps.map(() => 'unavailable')
    const batch = this.#gathering
    const results = this.#carryOut(steps, now)
    const promised = steps.some((step, i) => step.kind !== 'offer' && results[i] !== 'refused')
    if (!promised) {
      if (batch.changes.news.length > 0) this.#committing ??= this.#commitAll()
      return results
    }
    const durable = new Promise<boolean>((resolve) => batch.waiting.push(resolve))
    this.#committing ??= this.#commitAll()
    return (await durable) ? results : steps.map(() => 'unavailable')
  }

  /** Offers are not kept beyond the process, so none has to wait for the disk; nor has a lease that is on it. */
  attempt(step: LeaseStep, now: Instant): StepResult | undefined {
    if (step.kind !== 'offer' && !this.#books.isKept(step, this.#time(now))) return undefined
    if (this.#problem !== undefined) return 'unavailable'
    const [result] = this.#carryOut([step], now)
    if (this.#gathering.changes.news.length > 0) this.#committing ??= this.#commitAll()
    return result
  }

  #carryOut(steps: readonly LeaseStep[], now: Instant): StepResult[] {
    const then = this.#time(now)
    return this.#books
      .run(steps, then, this.#gathering.changes)
      .map((result) => (typeof result === 'string' ? result : shifted(result, now, then)))
  }

  /** By the clock of the store. */
  #time(now: Instant): Instant {
    return this.#options.clock === 'caller' ? now : this.#clock.now()
  }

  /** One transaction after the other, until nobody waits. */
  async #commitAll(): Promise<void> {
    while (this.#gathering.waiting.length > 0 || this.#gathering.changes.news.length > 0) {
      const batch = this.#gathering
      this.#gathering = emptyBatch()
      const { after, holds, events, news } = batch.changes
      const reply = await this.#writer.order({
        kind: 'commit',
        count: after.size,
        entry: journalEntry(after.values()),
        holds: [...holds],
        events,
        reading: this.#clock.reading(),
      })
      if (reply.kind === 'failed') {
        this.#takeBack(batch, reply.message)
      } else {
        this.#books.kept(batch.changes, this.#gathering.changes)
        if (news.length > 0) this.#tell(news)
      }
      for (const settle of batch.waiting) settle(reply.kind !== 'failed')
    }
    this.#committing = undefined
  }

  /** What has gathered since was decided on top of what was not written: it goes first. */
  #takeBack(batch: Batch, why: string): void {
    const since = this.#gathering
    this.#gathering = emptyBatch()
    this.#books.takeBack(since.changes)
    this.#books.takeBack(batch.changes)
    for (const settle of since.waiting) settle(false)
    this.#listeners.tell(['lost'])
    this.#problem = `leases cannot be written to ${this.#options.file}: ${why}`
    this.#options.log.error({ file: this.#options.file, why }, 'leases cannot be written, clients get no answers')
    this.#probeLater()
  }

  #probeLater(): void {
    this.#retry = setTimeout(() => void this.#probe(), this.#options.retryInterval ?? 1000)
  }

  async #probe(): Promise<void> {
    const reply = await this.#writer.order({ kind: 'probe' })
    if (this.#retry === undefined) return
    if (reply.kind === 'failed') return this.#probeLater()
    this.#problem = undefined
    this.#options.log.info({ file: this.#options.file }, 'leases can be written again')
  }

  at(address: Ipv4Address, now: Instant): Lease | undefined {
    const then = this.#time(now)
    const lease = this.#books.table.at(address, then)
    return lease && shifted(lease, now, then)
  }

  count(now: Instant): Readonly<Record<Lease['state'], number>> {
    return this.#books.table.count(this.#time(now))
  }

  list(now: Instant): AsyncIterable<Lease> {
    return leasesIn(this.entries(now, EVERYTHING))
  }

  async *entries(now: Instant, within: AddressRange): AsyncIterable<AddressEntry[]> {
    const then = this.#time(now)
    const onClock = entryOnClockOf(now, then)
    for await (const piece of this.#books.entries(then, within)) yield piece.map(onClock)
  }

  async look(subject: Subject, now: Instant): Promise<AddressEntry[]> {
    const then = this.#time(now)
    return this.#books.look(subject, then).map(entryOnClockOf(now, then))
  }

  reserve(address: Ipv4Address): void {
    this.#books.table.reserve(address)
  }

  unreserve(address: Ipv4Address): void {
    this.#books.table.unreserve(address)
  }

  async history(subject: Subject, now?: Instant): Promise<readonly LeaseEvent[]> {
    const reply = await this.#writer.order({ kind: 'history', subject })
    if (reply.kind === 'failed') throw new LeasesUnavailable(`${this.#options.file} cannot be read: ${reply.message}`)
    const events = (reply.kind === 'done' && reply.events) || []
    return now === undefined ? events : events.map(eventOnClockOf(now, this.#time(now)))
  }

  #tell(news: readonly LeaseEvent[]): void {
    const present = now()
    this.#listeners.tell(news.map(eventOnClockOf(present, this.#time(present))))
  }

  watch(listener: Listener): () => void {
    return this.#listeners.add(listener)
  }

  /** What has been begun is finished first. */
  async close(): Promise<void> {
    clearTimeout(this.#retry)
    this.#retry = undefined
    await this.#committing
    this.#problem ??= 'the lease file is closed'
    await this.#writer.close()
  }
}

function emptyBatch(): Batch {
  return { changes: noChanges(), waiting: [] }
}

const REMEDIES = {
  busy: () =>
    'Another process has it open. Stop that one, or give each its own file; several that share leases need Redis.',
  damaged: (file: string) =>
    `Stop the service and put a copy of the file back, or save what can be saved: sqlite3 ${file} .recover | sqlite3 new.db\n` +
    'To begin with an empty file, move it away together with its -wal; clients then keep their addresses only by asking for them again.',
  'cannot-open': (file: string) =>
    `The directory ${dirname(file)} must exist, and the service must be allowed to write to it.`,
  'read-only': (file: string) =>
    `The service must be allowed to write to ${file} and to its directory; mount the file system for writing.`,
  full: (file: string) => `The file system of ${file} is full. Make room on it.`,
  io: (file: string) => `The disk under ${file} does not do as it should; its log (dmesg) says more.`,
} as const

function refusal(file: string, { failure, message }: Extract<WriterReply, { kind: 'failed' }>): OperatorError {
  return new OperatorError(`the lease file ${file} cannot be used: ${message}`, REMEDIES[failure!](file))
}
