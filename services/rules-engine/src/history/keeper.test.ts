import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { DatabaseSync } from 'node:sqlite'
import type { Instant } from '@reboots/protocol/net'
import { NO_HISTORY, reopenedAt, withBoot, withBooted } from '@reboots/rules'
import { OperatorError } from '@reboots/runtime'
import { historyFile } from '../adapters/history-file.ts'
import { historyMemory } from '../adapters/history-memory.ts'
import { HistoryKeeper, type Changed, type Happened } from './keeper.ts'

const at = (instant: number): Instant => instant as Instant
const boot = (subject: string, when: number, profile = 'p'): Happened => ({
  subject,
  change: (history) => withBoot(history, { at: at(when), profile, rule: 'r' }),
})
const booted = (subject: string, when: number): Happened => ({
  subject,
  change: (history) => withBooted(history, at(when)),
})

function file(context: TestContext): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'reboots-hist-'))
  context.after(() => rmSync(directory, { recursive: true }))
  return path.join(directory, 'history.db')
}

test('who listens hears of what has changed, once', () => {
  const keeper = new HistoryKeeper(historyMemory)
  const heard: [bigint, string[]][] = []
  keeper.subscribe((changed, revision) => heard.push([revision, [...changed.keys()]]))
  keeper.apply([boot('record:a', 1), boot('record:b', 1), booted('record:a', 2)])
  keeper.apply([boot('record:a', 1), booted('record:a', 2)])
  keeper.apply([boot('record:b', 3)])
  assert.deepEqual(heard, [
    [1n, ['record:a', 'record:b']],
    [2n, ['record:b']],
  ])
  assert.deepEqual(keeper.of('record:a')?.finished, ['p'])
})

test('of machines without a record the latest are remembered, and all of the others', () => {
  const keeper = new HistoryKeeper(historyMemory, 2)
  const forgotten: string[] = []
  keeper.subscribe((changed: Changed) => {
    for (const [subject, history] of changed) if (history === undefined) forgotten.push(subject)
  })
  keeper.apply(['record:a', 'record:b', 'record:c'].map((subject) => boot(subject, 1)))
  for (const [when, subject] of ['s1', 's2', 's1', 's3'].entries()) keeper.apply([boot(subject, when)])
  assert.deepEqual(forgotten, ['s2'])
  keeper.apply(['s4', 's5', 's6'].map((subject) => boot(subject, 9)))
  assert.deepEqual(
    [...keeper.all()].map(([subject]) => subject),
    ['record:a', 'record:b', 'record:c', 's5', 's6'],
  )
})

test('what is kept in a file is there after a restart, and what was forgotten is not', (context) => {
  const name = file(context)
  const store = historyFile(name)
  const keeper = new HistoryKeeper(store, 1)
  keeper.apply([boot('record:a', 1), booted('record:a', 2), boot('s1', 1)])
  keeper.apply([{ subject: 'record:b', change: () => reopenedAt(at(5)) }, boot('s2', 3)])
  store.close()
  const again = historyFile(name)
  context.after(() => again.close())
  assert.deepEqual(new Map(new HistoryKeeper(again).all()), new Map(keeper.all()))
  const restored = new HistoryKeeper(again)
  assert.equal(restored.of('s1'), undefined)
  assert.deepEqual(restored.of('record:a')?.finished, ['p'])
})

test('what cannot be kept has not happened', () => {
  const broken = { ...historyMemory, save: () => assert.fail('disk full') }
  const keeper = new HistoryKeeper(broken)
  keeper.subscribe(() => assert.fail('told'))
  assert.throws(() => keeper.apply([boot('record:a', 1)]), /disk full/)
  assert.equal(keeper.of('record:a'), undefined)
})

test('a file that is something else, or somebody else’s, is not touched', (context) => {
  const name = file(context)
  const refused = (pattern: RegExp) =>
    assert.throws(
      () => historyFile(name),
      (error) => error instanceof OperatorError && pattern.test(error.message),
    )
  writeFileSync(name, 'a letter to a friend, and nothing that SQLite could read')
  refused(/not a database/)
  rmSync(name)
  const other = new DatabaseSync(name)
  other.exec('CREATE TABLE mine (a); PRAGMA user_version = 7')
  other.close()
  refused(/not a history of boots/)
  rmSync(name)
  const first = historyFile(name)
  context.after(() => first.close())
  first.save(new Map([['a', NO_HISTORY]]))
  refused(/locked/)
})
