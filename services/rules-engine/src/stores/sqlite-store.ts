import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Instant } from '@reboots/protocol/net'
import { OperatorError } from '@reboots/runtime'
import { StoreGone, type Draft, type Entry, type EntryHead, type Origin, type VersionStore } from '../ports.ts'

/** "RbtP", so that `file` and we ourselves know our own. */
const APPLICATION_ID = 0x52627450
const FORMAT = 1

const TABLES = `
  CREATE TABLE IF NOT EXISTS version (
    revision INTEGER PRIMARY KEY, version TEXT NOT NULL, at INTEGER NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL,
    origin TEXT NOT NULL, rules INTEGER NOT NULL, tests INTEGER NOT NULL, document TEXT NOT NULL, signature BLOB NOT NULL
  ) STRICT;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${FORMAT};
`
const HEAD = 'revision, version, at, who, why, origin, rules, tests'
const INSERT = `INSERT INTO version (${HEAD}, document, signature) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

type Row = Readonly<Record<string, unknown>>

/**
 * A history in one SQLite file, for one process: it is locked as long as it is open. What is written is on the disk when the call
 * resolves. A policy changes some times a day, so everything is done at once, on the thread that asks.
 * @throws OperatorError if the file cannot be had
 */
export function sqliteStore(file: string, keep: number): VersionStore {
  const database = open(file)
  const attempt = <T>(work: () => T): Promise<T> => {
    try {
      return Promise.resolve(work())
    } catch (error) {
      return Promise.reject(new StoreGone(`${file}: ${(error as Error).message}`))
    }
  }
  const latest = (): EntryHead | undefined => {
    const row = database.prepare(`SELECT ${HEAD} FROM version ORDER BY revision DESC LIMIT 1`).get()
    return row && headOf(row)
  }
  const add = (entry: Entry): Entry => {
    const { revision, version, at, by, why, origin, rules, tests, document, signature } = entry
    database.prepare(INSERT).run(revision, version, at, by, why, origin, rules, tests, document, signature)
    database.prepare('DELETE FROM version WHERE revision <= ?').run(revision - keep)
    return entry
  }
  return {
    name: file,
    durable: true,
    heads: () =>
      attempt(() => database.prepare(`SELECT ${HEAD} FROM version ORDER BY revision DESC`).all().map(headOf)),
    get: (revision) =>
      attempt(() => {
        const row = database.prepare('SELECT * FROM version WHERE revision = ?').get(revision)
        return row && entryOf(row)
      }),
    append: (draft: Draft, replaces, known) =>
      attempt(() => {
        const last = latest()
        if (replaces !== '*' && last?.version !== replaces) return undefined
        return inTransaction(database, () => add({ ...draft, revision: Math.max(last?.revision ?? 0, known) + 1 }))
      }),
    restore: (entry) =>
      attempt(() => {
        if ((latest()?.revision ?? 0) < entry.revision) inTransaction(database, () => add(entry))
      }),
    watch() {},
    close: () => Promise.resolve(database.close()),
  }
}

function open(file: string): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    mkdirSync(path.dirname(file), { recursive: true })
    database = new DatabaseSync(file, { timeout: 1000 })
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;')
    const pragma = (name: string): unknown => Object.values(database!.prepare(`PRAGMA ${name}`).get()!)[0]
    const [kind, format] = [pragma('application_id'), Number(pragma('user_version'))]
    if (kind !== APPLICATION_ID && (kind !== 0 || format !== 0)) throw new Error('is not a history of policies')
    if (format > FORMAT) throw new Error(`has format ${format}, this version knows ${FORMAT}`)
    inTransaction(database, () => database!.exec(TABLES))
    return database
  } catch (error) {
    database?.close()
    throw new OperatorError(
      `the history of policies, ${file}, cannot be used: ${(error as Error).message}`,
      'Set rules.versions.file (REBOOTS_RULES_VERSIONS_FILE) to a file that can be written, and that no other rules-engine has open.',
    )
  }
}

function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

function headOf(row: Row): EntryHead {
  return {
    revision: row['revision'] as number,
    version: row['version'] as string,
    at: row['at'] as Instant,
    by: row['who'] as string,
    why: row['why'] as string,
    origin: row['origin'] as Origin,
    rules: row['rules'] as number,
    tests: row['tests'] as number,
  }
}

function entryOf(row: Row): Entry {
  return { ...headOf(row), document: row['document'] as string, signature: row['signature'] as Uint8Array }
}
