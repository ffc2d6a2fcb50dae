import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { history } from '@reboots/api'
import { OperatorError } from '@reboots/runtime'
import { bootsArguments } from './boots.ts'
import { named } from './call.ts'
import { historyJson, historyText, listRow } from './show.ts'

const NOW = new Date('2030-01-31T12:00:00Z')
const before = (minutes: number): Date => new Date(NOW.getTime() - minutes * 60_000)
const boot = (minutes: number, profile: string) => ({ at: before(minutes), profile, rule: 'new' })
const HISTORY: history.History = {
  subject: 'record:node-1',
  boots: [boot(3000, 'install'), boot(20, 'install'), boot(10, 'rescue')],
  booted: before(15),
  finished: ['install'],
  reopened: undefined,
}

test('what the words of the command are', () => {
  const rows: readonly (readonly [readonly string[], string, string | undefined])[] = [
    [[], 'list', undefined],
    [['list'], 'list', undefined],
    [['show', 'x'], 'show', 'x'],
    [['reopen', 'x'], 'reopen', 'x'],
  ]
  for (const [words, action, word] of rows) assert.deepEqual(bootsArguments(words), { action, word })
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [['reopn', 'x'], /did you mean "reopen"/],
    [['list', 'x'], /"x" is too much/],
    [['show'], /which machine is missing/],
    [['show', 'x', 'y'], /"y" is too much/],
  ]
  for (const [words, message] of wrong) assert.throws(() => bootsArguments(words), message)
})

test('which machine is meant', () => {
  assert.deepEqual(named('52-54-00-12-34-56'), { mac: '52:54:00:12:34:56', machineId: '' })
  assert.deepEqual(named('record:node-1'), { mac: '', machineId: 'node-1' })
  for (const word of ['node-1', 'record:', '']) assert.throws(() => named(word), OperatorError)
})

test('what people read', () => {
  assert.deepEqual(listRow(HISTORY, NOW), ['record:node-1', '10 min ago', 'rescue', '2', 'not yet', 'install'])
  const runs = { ...HISTORY, booted: NOW }
  assert.equal(listRow(runs, NOW)[4], 'now')
  assert.equal(
    historyText(HISTORY, NOW),
    [
      'machine             record:node-1',
      'said that it runs   2030-01-31T11:45:00Z (15 min ago)',
      'finished            install',
      'boots',
      '  2030-01-31T11:50:00Z (10 min ago)  rescue   by rule "new"',
      '  2030-01-31T11:40:00Z (20 min ago)  install  by rule "new"',
      '  2030-01-29T10:00:00Z (2 d ago)     install  by rule "new"',
    ].join('\n'),
  )
  const none = { subject: 'a', boots: [], booted: undefined, finished: [], reopened: before(1) }
  assert.match(historyText(none, NOW), /finished +nothing\nreopened +2030-01-31T11:59:00Z \(1 min ago\)\nno boots$/)
  assert.deepEqual(listRow(none, NOW), ['a', '', '', '0', '', ''])
  assert.deepEqual(JSON.parse(JSON.stringify(historyJson(none))).booted, null)
})
