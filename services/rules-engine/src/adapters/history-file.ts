import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { NO_HISTORY, type BootHistory } from '@reboots/rules'
import { OperatorError } from '@reboots/runtime'
import type { HistoryStore } from '../ports.ts'

/** "RbtH", so that `file` and we ourselves know our own. */
const APPLICATION_ID = 0x52627448
const FORMAT = 1

/**
 * Histories in an SQLite file, a row each. What `save` was given is on the disk when it returns. The file is locked as long as it is open.
 * @throws OperatorError when it cannot be used
 */
export function historyFile(file: string): HistoryStore {
  let database: DatabaseSync
  try {
    mkdirSync(path.dirname(file), { recursive: true })
    database = open(file)
  } catch (error) {
    throw new OperatorError(
      `the history of boots in ${file} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
      'Set rules.history.file (REBOOTS_RULES_HISTORY_FILE) to a file that can be written, and that no other rules-engine has open.',
    )
  }
  const put = database.prepare('INSERT OR REPLACE INTO history VALUES (?, ?)')
  const remove = database.prepare('DELETE FROM history WHERE subject = ?')
  return {
    *load() {
      for (const { subject, document } of database.prepare('SELECT subject, document FROM history').all())
        yield [subject as string, { ...NO_HISTORY, ...(JSON.parse(document as string) as Partial<BootHistory>) }]
    },
    save(changed) {
      database.exec('BEGIN IMMEDIATE')
      try {
        for (const [subject, history] of changed) {
          if (history === undefined) remove.run(subject)
          else put.run(subject, JSON.stringify(history))
        }
        database.exec('COMMIT')
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK')
        throw error
      }
    },
    close: () => database.close(),
  }
}

function open(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 1000 })
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;')
    const pragma = (name: string): unknown => Object.values(database.prepare(`PRAGMA ${name}`).get()!)[0]
    const [kind, format] = [pragma('application_id'), pragma('user_version')]
    if (kind !== APPLICATION_ID && (kind !== 0 || format !== 0)) throw new Error('it is not a history of boots')
    if (Number(format) > FORMAT) throw new Error(`it has format ${String(format)}, this version knows ${FORMAT}`)
    const check = pragma('quick_check(1)')
    if (check !== 'ok') throw new Error(`it is damaged: ${String(check)}`)
    database.exec(`
      BEGIN IMMEDIATE;
      CREATE TABLE IF NOT EXISTS history (subject TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT;
      PRAGMA application_id = ${APPLICATION_ID};
      PRAGMA user_version = ${FORMAT};
      COMMIT;`)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}
