import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { Hold, LeaseEvent, LeaseRecord, Subject } from '@reboots/leases'
import type { Ipv4Address } from '@reboots/protocol/net'
import { HISTORY_TOLD } from './lease-events.ts'
import type { ClockReading } from './steady-clock.ts'

/** "RbtL", so that `file` and we ourselves know our own. */
const APPLICATION_ID = 0x5262744c
const FORMAT = 2

/** Records in the journal from which on they are moved while there is more to commit: at most so many are read again after a crash. */
const LONGEST_JOURNAL = 250_000
/** Rows of the journal that are moved at once, some milliseconds. */
const SLICE = 16

const TABLES = `
  CREATE TABLE IF NOT EXISTS lease (
    address INTEGER PRIMARY KEY, client TEXT NOT NULL, state TEXT NOT NULL, expires_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS journal (id INTEGER PRIMARY KEY, records TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS history (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, client TEXT NOT NULL, address INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS hold (
    address INTEGER PRIMARY KEY, client TEXT NOT NULL, expires_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS clock (
    id INTEGER PRIMARY KEY CHECK (id = 1), time INTEGER NOT NULL, uptime REAL NOT NULL, boot TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS probe (filler BLOB) STRICT;
  CREATE INDEX IF NOT EXISTS history_of_address ON history (address, id);
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${FORMAT};
`

/** What is written in one transaction. */
export interface Commit {
  /** How many records. */
  readonly count: number
  /** The records as the journal has them, made by `journalEntry`. */
  readonly entry: string
  /** Addresses that are kept for somebody from now on, or no more. */
  readonly holds: readonly (readonly [Ipv4Address, Hold | undefined])[]
  readonly events: readonly LeaseEvent[]
  readonly reading: ClockReading
}

/** A row of the journal: JSON, because one text costs a fraction of what as many values cost on their way to the disk. */
export function journalEntry(records: Iterable<LeaseRecord>): string {
  return JSON.stringify(
    Array.from(records, ({ address, client, state, expiresAt }) => [address, client, state, expiresAt]),
  )
}

const MOVE = `
  INSERT OR REPLACE INTO lease
  SELECT record.value ->> 0, record.value ->> 1, record.value ->> 2, record.value ->> 3
  FROM (SELECT id, records FROM journal ORDER BY id LIMIT ${SLICE}) AS entry, json_each(entry.records) AS record
  ORDER BY entry.id, record.key
`
const MOVED = `DELETE FROM journal WHERE id IN (SELECT id FROM journal ORDER BY id LIMIT ${SLICE})`

/** The file is not what it should be; the message says in which way. */
export class DamagedFile extends Error {}

/**
 * Leases in one SQLite file. All of it blocks, so it lives on a thread of its own. The file is locked as long as it is open: who decides
 * from memory cannot have another writer beside it.
 *
 * What is committed goes to the end of a journal, one row for everything that is made durable together, and from there to the table of
 * leases when there is nothing else to do (`tidy`): a machine that starts asks three times within a minute, a hall full of them all at
 * once, and the table is as good later. Whoever opens the file moves what is left in the journal first.
 */
export class SqliteFile {
  readonly #database: DatabaseSync
  readonly #historyLength: number
  readonly #entry: StatementSync
  readonly #move: StatementSync
  readonly #moved: StatementSync
  readonly #event: StatementSync
  readonly #clock: StatementSync
  /** Records in the journal, as far as this process has written them. */
  #journal = 0
  /** Whether there is anything in it. */
  #untidy = true

  /** Throws what SQLite throws, and DamagedFile. */
  constructor(file: string, historyLength: number) {
    this.#historyLength = historyLength
    this.#database = new DatabaseSync(file, { timeout: 1000 })
    try {
      this.#prepare()
      this.#entry = this.#database.prepare('INSERT INTO journal VALUES (NULL, ?)')
      this.#move = this.#database.prepare(MOVE)
      this.#moved = this.#database.prepare(MOVED)
      this.#event = this.#database.prepare('INSERT INTO history VALUES (NULL, ?, ?, ?, ?, ?)')
      this.#clock = this.#database.prepare('INSERT OR REPLACE INTO clock VALUES (1, ?, ?, ?)')
      while (this.tidy());
    } catch (error) {
      this.#database.close()
      throw error
    }
  }

  #prepare(): void {
    this.#database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;')
    this.#transaction(() => {
      const [kind, format] = [this.#pragma('application_id'), this.#pragma('user_version')]
      if (kind !== APPLICATION_ID && (kind !== 0 || format !== 0)) throw new DamagedFile('is not a file of leases')
      if (Number(format) > FORMAT) throw new DamagedFile(`has format ${format}, this version knows ${FORMAT}`)
      const check = this.#pragma('quick_check(1)')
      if (check !== 'ok') throw new DamagedFile(`is damaged: ${check}`)
      this.#database.exec(TABLES)
    })
  }

  #pragma(name: string): string | number {
    const [value] = Object.values(this.#database.prepare(`PRAGMA ${name}`).get()!)
    return value as string | number
  }

  #transaction(work: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      work()
      this.#database.exec('COMMIT')
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  records(): LeaseRecord[] {
    const rows = this.#database.prepare('SELECT address, client, state, expires_at AS expiresAt FROM lease').all()
    return rows as unknown as LeaseRecord[]
  }

  holds(): Hold[] {
    const rows = this.#database.prepare('SELECT address, client, expires_at AS expiresAt FROM hold').all()
    return rows as unknown as Hold[]
  }

  /** What time it was at the last commit. */
  lastReading(): ClockReading | undefined {
    return this.#database.prepare('SELECT time, uptime, boot FROM clock').get() as ClockReading | undefined
  }

  /** Writes all of it, or throws and has written nothing. */
  commit({ count, entry, holds, events, reading }: Commit): void {
    this.#transaction(() => {
      this.#clock.run(reading.time, reading.uptime, reading.boot)
      if (count > 0) this.#entry.run(entry)
      for (const [address, hold] of holds) this.#keep(address, hold)
      for (const { at, kind, client, address, expiresAt } of events)
        this.#event.run(at, kind, client, address, expiresAt)
      if (events.length > 0) this.#forget()
    })
    this.#journal += count
    this.#untidy ||= count > 0
  }

  /** More in the journal than is good for the next start: to be tidied although there is something else to do. */
  get isJournalLong(): boolean {
    return this.#journal > LONGEST_JOURNAL
  }

  /** Moves the oldest of the journal to where it belongs; false when there is nothing left to move. */
  tidy(): boolean {
    if (!this.#untidy) return false
    this.#transaction(() => {
      const moved = Number(this.#move.run().changes)
      this.#untidy = Number(this.#moved.run().changes) === SLICE
      this.#journal = this.#untidy ? this.#journal - moved : 0
    })
    return this.#untidy
  }

  #keep(address: Ipv4Address, hold: Hold | undefined): void {
    this.#database.prepare('DELETE FROM hold WHERE address = ?').run(address)
    if (hold === undefined) return
    this.#database.prepare('INSERT INTO hold VALUES (?, ?, ?)').run(address, hold.client, hold.expiresAt)
  }

  #forget(): void {
    this.#database.prepare('DELETE FROM history WHERE id <= (SELECT max(id) FROM history) - ?').run(this.#historyLength)
  }

  /** Writes a little that means nothing: throws while the file cannot be written. */
  probe(): void {
    this.#transaction(() => {
      this.#database.exec('INSERT INTO probe VALUES (zeroblob(65536)); DELETE FROM probe;')
    })
  }

  /** The latest first. There is no index by client: every commit would pay for it. */
  history(subject: Subject): LeaseEvent[] {
    const column = typeof subject === 'number' ? 'address' : 'client'
    const rows = this.#database
      .prepare(
        `SELECT at, kind, client, address, expires_at AS expiresAt FROM history WHERE ${column} = ? ORDER BY id DESC LIMIT ?`,
      )
      .all(subject, HISTORY_TOLD)
    return rows as unknown as LeaseEvent[]
  }

  close(): void {
    while (this.tidy());
    this.#database.close()
  }
}

/** What a failure of SQLite was, by its primary result code; undefined when it is none of these. */
export function failureOf(
  error: unknown,
): 'busy' | 'damaged' | 'cannot-open' | 'read-only' | 'full' | 'io' | undefined {
  if (error instanceof DamagedFile) return 'damaged'
  if (!(error instanceof Error) || !('errcode' in error)) return undefined
  return FAILURES[Number(error.errcode) & 0xff]
}

/** https://www.sqlite.org/rescode.html */
const FAILURES: Readonly<Record<number, NonNullable<ReturnType<typeof failureOf>>>> = {
  5: 'busy',
  6: 'busy',
  8: 'read-only',
  10: 'io',
  11: 'damaged',
  13: 'full',
  14: 'cannot-open',
  26: 'damaged',
}
