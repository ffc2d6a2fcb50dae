import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { lintPolicy } from './lint.ts'
import { parsePolicy } from './parse-policy.ts'
import { policyOf } from './policy.fixture.ts'
import { formatProblem } from './problem.ts'

/** Warnings about the second of two rules, its tests aside. */
function about(first: string, second: string, outcomes = ['local-disk', 'local-disk']): string[] {
  const policy = policyOf([first, second].map((when, i) => [when, outcomes[i]!] as const))
  return lintPolicy(policy).flatMap(({ message }) => (message.startsWith('no test') ? [] : [message]))
}

describe('a rule behind another', () => {
  const shadowed = 'rule "r2" never decides: rule "r1" (line 4) comes before it and is true whenever this one is'
  const unreached = 'rule "r2" is never reached: rule "r1" (line 4) is true for everybody'
  const rows: readonly (readonly [first: string, second: string, ...expected: string[]])[] = [
    ['client.arch == 7', 'client.arch == 9'],
    ['client.arch == 7', 'client.arch == 7', shadowed],
    ['client.arch == 7', '7 == client.arch', shadowed],
    ['client.arch in [7, 9]', 'client.arch == 9', shadowed],
    ['client.arch in [7, 9]', 'client.arch == 9 || client.arch == 7', shadowed],
    ['client.arch in [7, 9]', 'client.arch in [9, 11]'],
    ['machine.known', 'machine.known && client.arch == 7', shadowed],
    ['machine.known', 'client.arch == 7 && machine.known', shadowed],
    ['machine.known && client.arch == 7', 'machine.known'],
    ['machine.known', 'machine.labels.rack == "12"', shadowed],
    ['machine.known', 'machine.labels.rack == ""'],
    ['machine.known', '"gpu" in machine.tags && client.arch == 7', shadowed],
    ['client.mac.startsWith("52:54") || machine.known', 'machine.known && client.arch == 7', shadowed],
    ['client.mac.matches("^52:54")', 'machine.known && client.mac.matches("^52:54")', shadowed],
    ['client.mac.matches("^52:54")', 'machine.known && client.mac.matches("^52:55")'],
    ['client.arch != 7', 'client.arch in [9, 11]', shadowed],
    ['client.arch != 7', 'client.arch in [7, 9]'],
    ['"a" in machine.tags || "b" in machine.tags', '"b" in machine.tags', shadowed],
    ['"a" in machine.tags', '"b" in machine.tags'],
    // A label that is not there makes neither of them true.
    ['!(machine.labels.rack == "1")', 'machine.labels.rack == "2"'],
    ['true', 'client.arch == 7', unreached],
    ['true', 'true', unreached],
    ['false', 'client.arch == 7', 'rule "r1" is never true'],
    ['machine.known', 'client.arch in []', 'rule "r2" is never true'],
    [
      'machine.known',
      'client.arch == 7 && client.mac == "a" && client.arch == 9',
      'rule "r2" is never true: client.arch == 7 and client.arch == 9 exclude one another',
    ],
    [
      'client.arch == 7',
      'client.loader == "ipxe" && client.loader != "ipxe"',
      'rule "r2" is never true: client.loader == "ipxe" and client.loader != "ipxe" exclude one another',
    ],
    [
      'client.arch == 7',
      'machine.known && !machine.known',
      'rule "r2" is never true: machine.known and !machine.known exclude one another',
    ],
    ['client.arch == 7', '"a" in machine.tags && "b" in machine.tags'],
  ]
  for (const [first, second, ...expected] of rows) {
    test(`${first} → ${second}: ${expected.length === 0 ? 'in order' : 'warned of'}`, () => {
      assert.deepEqual(about(first, second), expected)
    })
  }
})

test('rules that only add something shadow what only adds something', () => {
  const warnings = (rules: string): string[] => {
    const text = `apiVersion: reboots/v1\nkind: BootPolicy\nrules:\n${rules}otherwise: ignore\n`
    return lintPolicy(parsePolicy(text, 'p')).flatMap(({ message }) => (message.startsWith('no test') ? [] : message))
  }
  const adds = (name: string): string => `  - { name: ${name}, when: client.arch == 7, also: { class: ${name} } }\n`
  const decides = (name: string): string => `  - { name: ${name}, when: client.arch == 7, then: ignore }\n`
  const gives = 'gives no class: rule "a" (line 4) is true whenever this one is, and the first class counts'
  const never = 'never decides: rule "a" (line 4) comes before it and is true whenever this one is'
  assert.deepEqual(warnings(adds('a') + decides('b')), [])
  assert.deepEqual(warnings(adds('a') + adds('b')), [`rule "b" ${gives}`])
  assert.deepEqual(warnings(decides('a') + adds('b')), [`rule "b" ${never}`])
})

test('profiles and menus that nothing uses, rules that no test comes to, each with its place', () => {
  const text = `apiVersion: reboots/v1
kind: BootPolicy
profiles:
  used: { extends: base }
  base: { chain: 'http://a/' }
  idle: { extends: base }
  listed: { chain: 'http://a/' }
menus:
  shown: { timeoutSeconds: 3, entries: [{ title: a, boot: listed }] }
  hidden: { timeoutSeconds: 3, entries: [{ title: a, boot: local-disk }] }
rules:
  - { name: adds, when: machine.known, also: { class: c } }
  - { name: adds too, when: client.arch == 11, also: { class: d } }
  - name: tested
    when: client.arch == 7
    then: { boot: used }
  - name: not tested
    when: client.arch == 9
    then: { menu: shown }
otherwise: ignore
tests:
  - { name: t, given: { machine: { name: a } }, expect: { boot: used } }
`
  assert.deepEqual(lintPolicy(parsePolicy(text, 'p.yaml')).map(formatProblem), [
    'p.yaml:6:3 profiles.idle: profile "idle" is never used',
    'p.yaml:10:3 menus.hidden: menu "hidden" is never used',
    'p.yaml:13:5 rules[1]: no test is matched by rule "adds too"',
    'p.yaml:17:5 rules[3]: no test is decided by rule "not tested"',
    'p.yaml:20:1 otherwise: no test is decided by otherwise',
  ])
})

test('nothing is wrong with the policies that are shipped', () => {
  const examples = new URL('../../../deploy/examples/', import.meta.url)
  const files = readdirSync(examples).filter((name) => /^policy.*\.yaml$/.test(name))
  assert.ok(files.length >= 3)
  for (const file of files) {
    assert.deepEqual(lintPolicy(parsePolicy(readFileSync(new URL(file, examples), 'utf8'), file)), [])
  }
})
