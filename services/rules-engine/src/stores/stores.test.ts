import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { DatabaseSync } from 'node:sqlite'
import { OperatorError } from '@reboots/runtime'
import { draft, storeContract } from './contract.fixture.ts'
import { memoryStore } from './memory-store.ts'
import { sqliteStore } from './sqlite-store.ts'

const directory = mkdtempSync(path.join(tmpdir(), 'reboots-policies-'))
after(() => rmSync(directory, { recursive: true }))
let count = 0
const fresh = (): string => path.join(directory, `${++count}`, 'policies.sqlite')

storeContract('memory', () => Promise.resolve(memoryStore(3)))
storeContract('sqlite', () => Promise.resolve(sqliteStore(fresh(), 3)))

test('sqlite: another process finds what one has written', async () => {
  const file = fresh()
  const store = sqliteStore(file, 3)
  await store.append(draft('a', 'ü'.repeat(100_000)), '*', 0)
  await store.close()
  const again = sqliteStore(file, 3)
  assert.equal((await again.get(1))?.document.length, 100_000)
  await again.close()
})

test('sqlite: a file that cannot be used is refused, with the reason', () => {
  const open = fresh()
  const store = sqliteStore(open, 3)
  const rubbish = path.join(directory, 'rubbish')
  writeFileSync(rubbish, 'not a database, whatever it is called, and long enough for a header of one '.repeat(20))
  const foreign = path.join(directory, 'foreign')
  const database = new DatabaseSync(foreign)
  database.exec('PRAGMA application_id = 7')
  database.close()
  const rows: readonly (readonly [file: string, says: RegExp])[] = [
    [open, /database is locked/],
    [rubbish, /file is not a database/],
    [foreign, /is not a history of policies/],
    [path.join(rubbish, 'policies.sqlite'), /ENOTDIR|EEXIST/],
  ]
  for (const [file, says] of rows) {
    assert.throws(
      () => sqliteStore(file, 3),
      (error) =>
        error instanceof OperatorError && says.test(error.message) && /rules\.versions\.file/.test(error.remedy),
      file,
    )
  }
  void store.close()
})
