import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Instant } from '@reboots/protocol/net'
import type { BootClient } from '@reboots/protocol/pxe'
import { isBooted, NO_HISTORY, withBoot, withBooted, type BootHistory } from './boot-history.ts'
import { bootHistory } from './history-record.ts'
import { decide } from './decide.ts'
import { parsePolicy } from './parse-policy.ts'
import { FACTS } from './policy.fixture.ts'
import { firmwareSent, SeenBoots, type Seen } from './seen-boots.ts'

const A = '52:54:00:00:00:01'
const at = (instant: number): Instant => instant as Instant
const sent = (when: number, subject = A): Seen => ({ subject, boot: { at: at(when), profile: 'p', rule: 'r' } })
const booted = (when: number, subject = A): Seen => ({ subject, booted: at(when) })

/** Boots over a replica that holds what it is given, at a time that is set. */
function opened() {
  const replica = new Map<string, BootHistory>()
  const clock = { now: 0 }
  return { replica, clock, boots: new SeenBoots({ of: (subject) => replica.get(subject) }, () => at(clock.now)) }
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

/** As messages have it. */
const time = (instant: number) => ({ getTime: () => instant })

test('a history as it comes from the rules-engine', () => {
  const history = withBooted(withBoot(NO_HISTORY, { at: at(1), profile: 'p', rule: 'r' }), at(2))
  const record = {
    boots: [{ at: time(1), profile: 'p', rule: 'r' }],
    booted: time(2),
    finished: ['p'],
    reopened: undefined,
  }
  assert.deepEqual(bootHistory(record), history)
})

test('a client that asks again for the same is one boot', () => {
  const { boots } = opened()
  const event = (when: number, profile = 'p') => ({ subject: A, boot: { at: at(when), profile, rule: 'r' } })
  const rows = [
    [event(0), 1],
    [event(4_000), 1],
    [event(29_999), 1],
    [event(29_999, 'q'), 2],
    [event(30_000), 3],
    [event(60_000), 4],
  ] as const
  for (const [sent, count] of rows) {
    boots.addOnce(sent)
    assert.equal(boots.of(A)?.boots.length, count)
  }
})

test('what firmware boots by itself', () => {
  const policy = parsePolicy(
    `apiVersion: reboots/v1
kind: BootPolicy
profiles:
  nbp: { nbp: memtest.efi }
  url: { uefiHttp: 'http://192.0.2.1/a.efi' }
  iso: { iso: 'http://192.0.2.1/a.iso' }
  grub: { grub: { file: grubx64.efi, config: boot } }
  chain: { chain: 'http://192.0.2.1/x' }
rules: [${['nbp', 'url', 'iso', 'grub', 'chain'].map((name) => `{ name: ${name}, when: 'machine.name == "${name}"', then: { boot: ${name} } }`).join(', ')}]
otherwise: local-disk
`,
    'p',
  )
  const rows = [
    ['nbp', 'tftp', 'firmware', true],
    ['nbp', 'http', 'firmware', true],
    ['nbp', 'tftp', 'ipxe', false],
    ['url', 'http', 'firmware', true],
    ['url', 'tftp', 'firmware', false],
    ['iso', 'http', 'firmware', true],
    ['iso', 'tftp', 'firmware', false],
    ['grub', 'tftp', 'firmware', false],
    ['chain', 'http', 'firmware', false],
    ['none', 'tftp', 'firmware', false],
  ] as const
  for (const [name, transport, loader, expected] of rows) {
    const machine = { ...FACTS.machine, name }
    const client = { mac: A, loader, transport } as BootClient
    const sent = firmwareSent(policy, decide(policy, { ...FACTS, machine }), client, machine, at(7))
    const boot = { subject: 'record:machine-1', boot: { at: 7, profile: name, rule: name } }
    assert.deepEqual(sent, expected ? boot : undefined, JSON.stringify([name, transport, loader]))
  }
})
