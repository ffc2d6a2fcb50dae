import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { LeaseEvent, LeaseRecord } from '@reboots/leases'
import type { Ipv4Address } from '@reboots/protocol/net'
import type { ClockReading } from './steady-clock.ts'

/** "RbtL", so that `file` and we ourselves know our own. */
const APPLICATION_ID = 0x5262744c
const FORMAT = 1

const TABLES = `
  CREATE TABLE IF NOT EXISTS lease (
    address INTEGER PRIMARY KEY, client TEXT NOT NULL, state TEXT NOT NULL, expires_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS history (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, client TEXT NOT NULL, address INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
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
  readonly records: readonly LeaseRecord[]
  readonly events: readonly LeaseEvent[]
  readonly reading: ClockReading
}

/** The file is not what it should be; the message says in which way. */
export class DamagedFile extends Error {}

/**
 * Leases in one SQLite file. All of it blocks, so it lives on a thread of its own. The file is locked as long as it is open: who decides
 * from memory cannot have another writer beside it.
 */
export class SqliteFile {
  readonly #database: DatabaseSync
  readonly #historyLength: number
  readonly #lease: StatementSync
  readonly #event: StatementSync
  readonly #clock: StatementSync

  /** Throws what SQLite throws, and DamagedFile. */
  constructor(file: string, historyLength: number) {
    this.#historyLength = historyLength
    this.#database = new DatabaseSync(file, { timeout: 1000 })
    try {
      this.#prepare()
      this.#lease = this.#database.prepare('INSERT OR REPLACE INTO lease VALUES (?, ?, ?, ?)')
      this.#event = this.#database.prepare('INSERT INTO history VALUES (NULL, ?, ?, ?, ?, ?)')
      this.#clock = this.#database.prepare('INSERT OR REPLACE INTO clock VALUES (1, ?, ?, ?)')
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

  /** What time it was at the last commit. */
  lastReading(): ClockReading | undefined {
    return this.#database.prepare('SELECT time, uptime, boot FROM clock').get() as ClockReading | undefined
  }

  /** Writes all of it, or throws and has written nothing. */
  commit({ records, events, reading }: Commit): void {
    this.#transaction(() => {
      this.#clock.run(reading.time, reading.uptime, reading.boot)
      for (const { address, client, state, expiresAt } of records) this.#lease.run(address, client, state, expiresAt)
      for (const { at, kind, client, address, expiresAt } of events)
        this.#event.run(at, kind, client, address, expiresAt)
      if (events.length > 0) this.#forget()
    })
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

  /** The latest first. */
  history(address: Ipv4Address): LeaseEvent[] {
    const rows = this.#database
      .prepare(
        'SELECT at, kind, client, address, expires_at AS expiresAt FROM history WHERE address = ? ORDER BY id DESC LIMIT 1000',
      )
      .all(address)
    return rows as unknown as LeaseEvent[]
  }

  close(): void {
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
