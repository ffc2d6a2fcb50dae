import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { mock, test } from 'node:test'
import { parsePolicy } from './parse-policy.ts'
import { PolicyError } from './problem.ts'

const DIRECTORY = new URL('testdata/bad/', import.meta.url)

test('there are bad policies of fifty kinds', () => {
  assert.ok(readdirSync(DIRECTORY).length >= 50)
})

/** Each file begins with comments that hold the problems it has, all of them: `# line:column path: message`. */
for (const name of readdirSync(DIRECTORY)) {
  test(`testdata/bad/${name} is refused for what its header says`, () => {
    const text = readFileSync(new URL(name, DIRECTORY), 'utf8')
    const expected = text.match(/^# \d+:\d+.*$/gm)!.map((line) => line.replace('# ', `${name}:`))
    assert.throws(
      () => parsePolicy(text, name),
      (error) => {
        assert.ok(error instanceof PolicyError)
        assert.deepEqual(error.message.split('\n'), expected)
        return true
      },
    )
  })
}

test('facts of a test may have the name of what every object has', () => {
  const names = ['__proto__', 'constructor', 'toString']
  for (const name of names) {
    const given = `{ machine: { labels: { ${name}: a }, metadata: { ${name}: { b: c } } } }`
    const when = `machine.labels["${name}"] == "a" && machine.metadata["${name}"].b == "c"`
    const text = `${rule(when)}tests: [{ name: t, given: ${given}, expect: ignore, rule: a }]\n`
    assert.equal(parsePolicy(text, 'p').tests.length, 1, name)
  }
})

const HEAD = 'apiVersion: reboots/v1\nkind: BootPolicy\notherwise: ignore\n'
const rule = (when: string): string =>
  `${HEAD}rules:\n  - name: a\n    when: ${JSON.stringify(when)}\n    then: ignore\n`
const rules = (count: number): string =>
  `${HEAD}rules:\n${Array.from({ length: count }, (_, i) => `  - { name: r${i}, when: 'true', then: ignore }\n`).join('')}`

const tests = (count: number): string =>
  Array.from({ length: count }, (_, i) => `  - { name: t${i}, expect: ignore }\n`).join('')

test('what is too big is refused, whatever it is', () => {
  const rows: readonly (readonly [string, string])[] = [
    [`${HEAD}rules: []\n#${'x'.repeat(2_097_152)}\n`, '1:1: longer than 2097152 characters'],
    [rules(10_001), '5:3 rules: 10001 items; at most 10000 are allowed'],
    ['['.repeat(10_000), ': nested too deeply'],
    [`${HEAD}rules: []\ntests: ${'{a: '.repeat(10_000)}${'}'.repeat(10_000)}`, ': nested too deeply'],
    [rule(`client.mac == "${'a'.repeat(4_096)}"`), '6:11 rules[0].when: longer than 4096 characters'],
    [rule(`client.arch in [${'7,'.repeat(1_001)}7]`), 'rules[0].when: exceeded maxListElements (1000)'],
    [rule(`1${'+1'.repeat(1_001)} == 1`), 'rules[0].when: exceeded maxAstNodes (2000)'],
    [rule(`${'('.repeat(33)}true${')'.repeat(33)}`), 'rules[0].when: exceeded maxDepth (33)'],
    [rule(`client.mac.matches("${'a'.repeat(257)}")`), '6:11 rules[0].when: pattern longer than 256 characters'],
    [
      rules(60).replaceAll("'true'", "'machine.tags.exists(a, machine.tags.exists(b, a == b))'"),
      'steps together; at most 500000 are allowed',
    ],
    [rule(`[["x"]]${'.map(a, a + a)'.repeat(20)}.size() > 0`), 'rules[0].when: may take more than 50000 steps'],
    [rule(`["x"]${'.map(a, a + a)'.repeat(26)}.exists(a, a == "")`), 'rules[0].when: may take more than 50000 steps'],
    [
      rule(`machine.tags.all(t, size(${Array(70).fill('machine.tags').join(' + ')}) > 0)`),
      'rules[0].when: may take more than 50000 steps',
    ],
    [
      rule(`(machine.known ? ${Array(70).fill('machine.tags').join(' + ')} : []).all(t, machine.tags.all(u, t == u))`),
      'rules[0].when: may take more than 50000 steps',
    ],
    [
      `${rules(29).replaceAll("'true'", "'machine.tags.all(a, machine.tags.all(b, a == b))'")}tests:\n${tests(200)}`,
      ' tests: the tests take more than 50000000 steps together',
    ],
    [
      `${HEAD}rules: []\nprofiles: { ${'x'.repeat(129)}: { chain: 'http://a/' } }`,
      'the name of a profile is empty or too long',
    ],
  ]
  for (const [text, expected] of rows) {
    assert.throws(
      () => parsePolicy(text, 'p'),
      (error) => error instanceof PolicyError && error.message.includes(expected),
      `${text.slice(0, 200)} … ${expected}`,
    )
  }
})

test('no more than 200 problems are reported', () => {
  const text = rules(1_000).replaceAll("'true'", 'maybe')
  assert.throws(
    () => parsePolicy(text, 'p'),
    (error) => error instanceof PolicyError && error.problems.length === 200,
  )
})

test('what is wrong a thousand times is looked up no more often than it is reported', () => {
  const profiles = Array.from({ length: 100 }, (_, i) => `  profile-number-${i}: { chain: 'http://a/' }\n`).join('')
  const text = `${rules(1_000).replaceAll('ignore }', '{ boot: profile-numbre-1 } }')}profiles:\n${profiles}`
  const compared = mock.method(String.prototype, 'toLowerCase').mock
  assert.throws(() => parsePolicy(text, 'p'), PolicyError)
  mock.restoreAll()
  // Each name and each candidate for it.
  assert.ok(compared.callCount() <= 2 * 200 * 100, String(compared.callCount()))
})
