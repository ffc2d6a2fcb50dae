import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { DEFAULT_POLICY } from './default-policy.ts'
import { factPaths, SITE_SCHEMA } from './fact-schema.ts'
import { FUNCTIONS, METHODS } from './expression/functions.ts'
import { LIMITS } from './limits.ts'
import { parsePolicy } from './parse-policy.ts'

const EXAMPLES = new URL('../../../deploy/examples/', import.meta.url)
const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

test('the default policy is the one in deploy/examples', () => {
  assert.equal(DEFAULT_POLICY, readFileSync(new URL('policy.yaml', EXAMPLES), 'utf8'))
})

for (const name of readdirSync(EXAMPLES).filter((file) => /^policy.*\.yaml$/.test(file))) {
  test(`deploy/examples/${name} is accepted, and says how its rules are meant`, () => {
    const text = readFileSync(new URL(name, EXAMPLES), 'utf8')
    const policy = parsePolicy(text, name)
    assert.ok(policy.tests.length >= policy.rules.length)
  })
}

test('the README tells every fact, function and limit', () => {
  const due = [
    ...factPaths().map((path) => `\`${path}\``),
    ...Object.keys(SITE_SCHEMA.site).map((name) => `site.${name}`),
    ...Object.keys(FUNCTIONS).map((name) => `${name}(`),
    ...Object.keys(METHODS).map((name) => `.${name}(`),
    ...Object.entries(LIMITS)
      .filter(([name]) => name !== 'problems')
      .map(([, limit]) => limit.toLocaleString('en-US').replaceAll(',', ' ')),
  ]
  assert.deepEqual(
    due.filter((text) => !README.includes(text)),
    [],
  )
})

test('ten thousand rules with a test each are within the limits', () => {
  const each = (line: (index: number) => string): string => Array.from({ length: 10_000 }, (_, i) => line(i)).join('')
  const rules = each(
    (i) => `  - { name: r${i}, when: 'machine.labels.rack == "${i}" && client.arch in [7, 9]', then: local-disk }\n`,
  )
  const tests = each(
    (i) => `  - { name: t${i}, given: { machine: { labels: { rack: '${i}' } } }, expect: local-disk }\n`,
  )
  const text = `apiVersion: reboots/v1\nkind: BootPolicy\nrules:\n${rules}otherwise: ignore\ntests:\n${tests}`
  const policy = parsePolicy(text, 'many.yaml')
  assert.deepEqual([policy.tests.length, policy.exercised.size], [10_000, 10_000])
})
