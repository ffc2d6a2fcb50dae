import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { rowIds } from './src/rows.ts'
import { SUBJECTS } from './src/subjects/index.ts'

const ROOM = new URL('.', import.meta.url)
const CASES = readdirSync(ROOM)
  .filter((file) => file.endsWith('.test.ts'))
  .flatMap((file) => readFileSync(new URL(file, ROOM), 'utf8').match(/(?<=^ {2}row\(\s*')[^']+/gm) ?? [])

test('every row of the checklist has a test, and no case has two', () => {
  const rows = new Set(CASES.map((id) => id.split('.')[0]!))
  assert.deepEqual(
    rowIds().filter((id) => !rows.has(id)),
    [],
  )
  assert.equal(new Set(CASES).size, CASES.length)
})

test('what a subject says of rows and cases is of rows and cases that there are', () => {
  const known = new Set([...rowIds(), ...CASES])
  for (const { name, stands } of SUBJECTS) {
    assert.deepEqual(
      Object.keys(stands).filter((id) => !known.has(id)),
      [],
      name,
    )
  }
})
