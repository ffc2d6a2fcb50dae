import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Instant } from '@reboots/protocol/net'
import * as fc from 'fast-check'
import {
  bootsWithin,
  historySubject,
  isBooted,
  NO_HISTORY,
  reopenedAt,
  withBoot,
  withBooted,
  type BootHistory,
} from './boot-history.ts'
import { LIMITS } from './limits.ts'

type Event = readonly ['boot', number, string] | readonly ['booted', number]

function fold(events: readonly Event[], from: BootHistory = NO_HISTORY): BootHistory {
  return events.reduce(
    (history, [kind, at, profile = '']) =>
      kind === 'boot'
        ? withBoot(history, { at: at as Instant, profile, rule: 'r' })
        : withBooted(history, at as Instant),
    from,
  )
}

test('the operating system closes what the machine was sent last, and nothing else', () => {
  const rows: readonly (readonly [string, readonly Event[], readonly string[], boolean])[] = [
    ['nothing happened', [], [], false],
    ['a boot', [['boot', 1, 'a']], [], false],
    [
      'it booted',
      [
        ['boot', 1, 'a'],
        ['booted', 2],
      ],
      ['a'],
      true,
    ],
    ['nobody sent it anything', [['booted', 2]], [], true],
    [
      'another profile before',
      [
        ['boot', 1, 'b'],
        ['boot', 2, 'a'],
        ['booted', 3],
      ],
      ['a'],
      true,
    ],
    [
      'and booted again',
      [
        ['boot', 1, 'a'],
        ['booted', 2],
        ['boot', 3, 'b'],
      ],
      ['a'],
      false,
    ],
    [
      'both',
      [
        ['boot', 1, 'a'],
        ['booted', 2],
        ['boot', 3, 'b'],
        ['booted', 4],
      ],
      ['a', 'b'],
      true,
    ],
    [
      'a file of a menu has no profile',
      [
        ['boot', 1, ''],
        ['booted', 2],
      ],
      [],
      true,
    ],
    [
      'word of the boot comes last',
      [
        ['booted', 2],
        ['boot', 1, 'a'],
      ],
      ['a'],
      true,
    ],
    [
      'word of its end comes late',
      [
        ['boot', 1, 'a'],
        ['boot', 3, 'b'],
        ['booted', 2],
      ],
      ['a'],
      false,
    ],
  ]
  for (const [what, events, finished, booted] of rows) {
    const history = fold(events)
    assert.deepEqual([history.finished, isBooted(history)], [finished, booted], what)
  }
})

test('boots are counted in the time up to now, that of a moment ago included, as many as are kept', () => {
  const history = fold(Array.from({ length: 40 }, (_, i) => ['boot', 1000 + i, 'a'] as const))
  const rows: readonly (readonly [number, number, number])[] = [
    [1039, 1, 1],
    [1039, 10, 10],
    [1039, 1_000_000, LIMITS.keptBoots],
    [1050, 11, 0],
    [1000, 1_000, LIMITS.keptBoots],
  ]
  for (const [now, time, count] of rows) assert.equal(bootsWithin(history, now as Instant, time), count)
})

test('what happened before it was reopened is forgotten, also when word of it comes later', () => {
  const history = fold(
    [
      ['boot', 4, 'a'],
      ['booted', 5],
    ],
    reopenedAt(5 as Instant),
  )
  assert.deepEqual(history, reopenedAt(5 as Instant))
  assert.deepEqual(
    fold(
      [
        ['boot', 6, 'a'],
        ['booted', 7],
      ],
      history,
    ).finished,
    ['a'],
  )
})

const event = fc.oneof(
  fc.tuple(fc.constant('boot' as const), fc.nat(50), fc.constantFrom('', 'a', 'b', 'c')),
  fc.tuple(fc.constant('booted' as const), fc.nat(50)),
)

test('to hear of it again changes nothing, and what is kept is bounded and in order', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 80 }), fc.option(fc.nat(50)), (events, reopened) => {
      const from = reopened === null ? NO_HISTORY : reopenedAt(reopened as Instant)
      const inOrder = events.toSorted((one, other) => one[1] - other[1])
      const history = fold(inOrder, from)
      // Those that are still remembered: who has the others is past them.
      const recent = inOrder.filter(([, at]) => at >= (history.boots[0]?.at ?? 0))
      assert.deepEqual(
        fold(recent, history)
          .boots.map(({ at }) => at)
          .toSorted((a, b) => a - b),
        history.boots.map(({ at }) => at),
      )
      assert.ok(history.boots.length <= LIMITS.keptBoots && history.finished.length <= LIMITS.finishedProfiles)
      assert.equal(fold(recent, history).booted, history.booted)
    }),
  )
})

test('a machine is remembered by its record, and without one by its MAC', () => {
  const mac = '52:54:00:00:00:01'
  assert.equal(historySubject(undefined, mac), mac)
  assert.equal(historySubject({ id: '' }, mac), mac)
  assert.equal(historySubject({ id: 'node-1' }, mac), 'record:node-1')
})
