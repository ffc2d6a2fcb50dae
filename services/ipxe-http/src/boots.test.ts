import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Instant } from '@reboots/protocol/net'
import { bootHistory, isBooted, NO_HISTORY, withBoot, withBooted, type BootHistory } from '@reboots/rules'
import { bootSent, Boots, type Event } from './boots.ts'
import type { Decided } from './decide-request.ts'

const A = '52:54:00:00:00:01'
const at = (instant: number): Instant => instant as Instant
const sent = (when: number, subject = A): Event => ({ subject, boot: { at: at(when), profile: 'p', rule: 'r' } })
const booted = (when: number, subject = A): Event => ({ subject, booted: at(when) })

/** Boots over a replica that holds what it is given, at a time that is set. */
function opened() {
  const replica = new Map<string, BootHistory>()
  const clock = { now: 0 }
  return { replica, clock, boots: new Boots({ of: (subject) => replica.get(subject) }, () => at(clock.now)) }
}

test('what was seen here counts at once, and once, when the replica has it too', () => {
  const { replica, boots } = opened()
  assert.equal(boots.of(A), undefined)
  boots.add(sent(1))
  boots.add(booted(2))
  boots.add(sent(3))
  const here = boots.of(A)!
  assert.deepEqual([here.boots.length, here.finished, isBooted(here)], [2, ['p'], false])
  const held = withBoot(NO_HISTORY, { at: at(1), profile: 'p', rule: 'r' })
  for (const history of [held, withBooted(held, at(2)), here]) {
    replica.set(A, history)
    assert.deepEqual(boots.of(A), here)
  }
  assert.equal(boots.of('52:54:00:00:00:02'), undefined)
})

test('what has been told is remembered until the replica has had time to hear of it', () => {
  const { clock, boots } = opened()
  boots.add(sent(1))
  boots.add(sent(2))
  const [first] = boots.untold
  boots.tell([first!])
  assert.deepEqual(boots.untold, [sent(2)])
  clock.now = 59_999
  boots.tell([])
  assert.equal(boots.of(A)?.boots.length, 2)
  clock.now = 60_000
  boots.tell([])
  assert.deepEqual(
    boots.of(A)?.boots.map((boot) => boot.at),
    [2],
  )
  boots.tell(boots.untold)
  clock.now = 120_000
  boots.tell([])
  assert.equal(boots.of(A), undefined)
})

test('while the rules-engine is gone the latest ten thousand are kept for it', () => {
  const { boots } = opened()
  for (let i = 0; i < 10_002; i++) boots.add(sent(i, `m${i}`))
  assert.deepEqual([boots.untold.length, boots.dropped, boots.untold[0]], [10_000, 2, sent(2, 'm2')])
  assert.deepEqual([boots.of('m1'), boots.of('m2')?.boots.length], [undefined, 1])
})

test('what is a boot, and of which profile', () => {
  const entries = [
    { title: 'A', type: 1, boots: { kind: 'boot', profile: 'a' } },
    { title: 'B', type: 2, boots: { kind: 'file', file: 'b.efi' } },
    { title: 'C', type: 3, boots: { kind: 'boot', profile: 'c' } },
  ] as const
  const menu = { kind: 'menu', menu: { name: 'm', prompt: '', timeoutSeconds: 0, entries } } as const
  const boot = { kind: 'boot', profile: 'p' } as const
  const profiles = new Map([['g', { kind: 'grub' }]])
  const decidedOn = (decision: object) =>
    ({
      decision,
      rule: 'r',
      mac: A,
      policy: { profiles },
      facts: { machine: { id: 'n' }, now: at(7) },
    }) as unknown as Decided
  const rows = [
    [boot, 'chain', undefined, 'p'],
    [boot, 'script', undefined, 'p'],
    [boot, 'exit', undefined, undefined],
    [menu, 'menu', undefined, undefined],
    [menu, 'chain', undefined, 'a'],
    [menu, 'chain', 2, ''],
    [menu, 'chain', 3, 'c'],
    [{ ...boot, profile: 'g' }, 'chain', undefined, undefined],
  ] as const
  for (const [decision, rendered, item, profile] of rows) {
    const sent = bootSent(decidedOn(decision), rendered, item)
    assert.deepEqual(
      sent,
      profile === undefined ? undefined : { subject: 'record:n', boot: { at: 7, profile, rule: 'r' } },
    )
  }
})

test('a history as it comes from the rules-engine', () => {
  const history = withBooted(withBoot(NO_HISTORY, { at: at(1), profile: 'p', rule: 'r' }), at(2))
  const record = {
    boots: [{ at: new Date(1), profile: 'p', rule: 'r' }],
    booted: new Date(2),
    finished: ['p'],
    reopened: undefined,
  }
  assert.deepEqual(bootHistory(record), history)
})
