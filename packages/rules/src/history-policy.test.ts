import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Instant } from '@reboots/protocol/net'
import { NO_HISTORY, reopenedAt, withBoot, withBooted, type BootHistory } from './boot-history.ts'
import { decide } from './decide.ts'
import { explain } from './explain.ts'
import { parsePolicy } from './parse-policy.ts'
import { FACTS, policyOf } from './policy.fixture.ts'
import { formatDecision } from './policy-tests.ts'
import type { Policy } from './policy.ts'

const NOW = FACTS.now
const MINUTE = 60_000

/** Boots so many minutes ago, of a profile. */
function booted(minutes: readonly number[], profile = 'install', from = NO_HISTORY): BootHistory {
  return minutes.reduce(
    (history, ago) => withBoot(history, { at: (NOW - ago * MINUTE) as Instant, profile, rule: 'install' }),
    from,
  )
}

const POLICY = `
apiVersion: reboots/v1
kind: BootPolicy
profiles:
  install: { chain: 'http://192.0.2.1/install.ipxe' }
  diskless: { chain: 'http://192.0.2.1/diskless.ipxe' }
  rescue: { chain: 'http://192.0.2.1/rescue.ipxe' }
guard: { boots: 3, within: 1h, then: { boot: rescue } }
rules:
  - name: gone
    when: machine.labels.rack == "13"
    then: { deny: gone }
  - name: install
    when: machine.labels.rack == "12" // the new ones
    once: true
    then: { boot: install }
  - name: diskless
    when: machine.labels.rack == "14"
    then: { boot: diskless }
    guard: { boots: 1, within: 10m, then: local-disk }
otherwise: local-disk
`

const whatOf = (policy: Policy, rack: string, history: BootHistory | undefined): string => {
  const machine = { ...FACTS.machine, labels: { rack } }
  const { decision, rule } = decide(policy, { ...FACTS, machine, history })
  return `${formatDecision(decision)} by ${rule}`
}

test('boot once, and not in a loop', () => {
  const policy = parsePolicy(POLICY, 'p')
  const installed = withBooted(booted([2]), NOW)
  const rows: readonly (readonly [string, BootHistory | undefined, string])[] = [
    ['12', undefined, 'boot install by install'],
    ['12', booted([1, 2]), 'boot install by install'],
    ['12', installed, 'local-disk by otherwise'],
    ['12', booted([1], 'install', installed), 'local-disk by otherwise'],
    ['12', withBooted(booted([1], 'other'), NOW), 'boot install by install'],
    ['12', reopenedAt(NOW), 'boot install by install'],
    ['12', booted([1, 2, 3]), 'boot rescue by guard'],
    ['12', booted([1, 2, 61]), 'boot install by install'],
    // Whoever says that a machine has booted closes something; it does not make it boot again.
    ['14', withBooted(booted([1]), NOW), 'local-disk by guard'],
    ['14', booted([11, 12, 13, 14]), 'boot diskless by diskless'],
    // What does not boot needs no guard, and no guard makes it boot.
    ['13', booted([1, 2, 3, 4]), 'deny "gone" by gone'],
    ['15', booted([1, 2, 3, 4]), 'local-disk by otherwise'],
  ]
  for (const [rack, history, expected] of rows) {
    assert.equal(whatOf(policy, rack, history), expected, JSON.stringify([rack, history]))
  }
})

test('the trace says what the guard was asked, and what it is that is done once', () => {
  const policy = parsePolicy(POLICY, 'p')
  const traceOf = (history: BootHistory) =>
    explain(policy, { ...FACTS, history }).trace.map(({ rule, matched, why }) => [rule, matched, why])
  const counted = (boots: number) => `history.bootsWithin(duration("1h")) = ${boots}`
  const gone = ['gone', false, 'machine.labels.rack == "13" is false (machine.labels.rack = "12")']
  assert.deepEqual(traceOf(booted([1, 2, 3])), [gone, ['install', true, ''], ['guard', true, '']])
  assert.deepEqual(traceOf(booted([1])), [
    gone,
    ['install', true, ''],
    ['guard', false, `history.bootsWithin(duration("1h")) >= 3 is false (${counted(1)})`],
  ])
  assert.deepEqual(traceOf(withBooted(booted([1]), NOW))[1], [
    'install',
    false,
    '!history.finished("install") is false (history.finished("install") = true)',
  ])
})

test('facts of the history', () => {
  const history = booted([2, 90])
  const rows: readonly (readonly [string, BootHistory | undefined, boolean | string])[] = [
    ['history.bootsWithin(duration("1h")) == 1 && history.bootsWithin(duration("2h")) == 2', history, true],
    ['history.profile == "install" && !history.booted', history, true],
    ['history.booted && history.finished("install")', withBooted(history, NOW), true],
    ['now - history.lastBoot == duration("2m")', history, true],
    ['has(history.lastBoot)', undefined, false],
    ['now - history.lastBoot > duration("1s")', undefined, 'no such key: lastBoot'],
    ['history.profile == "" && history.bootsWithin(duration("720h")) == 0', undefined, true],
  ]
  for (const [when, facts, expected] of rows) {
    const [tried] = decide(policyOf([[when, 'local-disk']]), { ...FACTS, history: facts }).trace
    assert.equal(tried!.error ?? tried!.matched, expected, when)
  }
})

test('a policy says whether it needs to know of the past at all', () => {
  const rows: readonly (readonly [string, boolean])[] = [
    [POLICY, true],
    [POLICY.replace(/^guard:.*$/m, ''), true],
    [POLICY.replace(/^ +once:.*$/m, '').replace(/^ *guard:.*$/gm, ''), false],
    [POLICY.replace(/^ +once:.*$/m, ' '.repeat(4) + 'once: false').replace(/^ *guard:.*$/gm, ''), false],
  ]
  for (const [text, expected] of rows) assert.equal(parsePolicy(text, 'p').readsHistory, expected)
})

test('tests of a policy give a history', () => {
  const given = `machine: { labels: { rack: '12' } }`
  const tests = `tests:
  - name: installs
    given: { ${given}, history: { boots: [2m, 90m] } }
    expect: { boot: install }
    rule: install
  - name: is installed
    given: { ${given}, history: { boots: [2m], profile: install, booted: true } }
    expect: local-disk
  - name: was installed, and then another
    given: { ${given}, history: { boots: [2m], profile: other, finished: [install] } }
    expect: local-disk
  - name: loops
    given: { ${given}, history: { boots: [2m, 4m, 1h30m, 6m] } }
    expect: { boot: rescue }
    rule: guard
`
  assert.equal(parsePolicy(POLICY + tests, 'p').tests.length, 4)
  const rows: readonly (readonly [string, RegExp])[] = [
    ['{ boots: [yesterday] }', /history\.boots\[0\]: expected how long ago, such as 30s, 2m or 1h30m/],
    ['{ boot: [2m] }', /unknown key "boot"; did you mean "boots"\?/],
    ['{ booted: 3 }', /history\.booted: expected true or false/],
    ['{ boots: [2m, 3m, 4m] }', /test "t" fails: got boot rescue by rule "guard"/],
  ]
  for (const [history, problem] of rows) {
    const test = `tests: [{ name: t, given: { ${given}, history: ${history} }, expect: { boot: install } }]\n`
    assert.throws(() => parsePolicy(POLICY + test, 'p'), problem, history)
  }
})
