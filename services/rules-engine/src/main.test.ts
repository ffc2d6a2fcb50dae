import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const directory = mkdtempSync(path.join(tmpdir(), 'reboots-rules-main-'))
after(() => rmSync(directory, { recursive: true }))

/** Starts the service with a policy that keeps it from starting. */
function start(policy: string) {
  const config = path.join(directory, 'reboots.yaml')
  writeFileSync(config, `rules: { listen: '127.0.0.1:0', policy: ${policy}, metrics: { listen: off } }\n`)
  const main = fileURLToPath(new URL('main.ts', import.meta.url))
  const env = { NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'], REBOOTS_CONFIG: config }
  return spawnSync(process.execPath, [main], { env, encoding: 'utf8', timeout: 60_000 })
}

test('a policy that is not accepted: exit 2, with every problem and its place', () => {
  const file = path.join(directory, 'bad.yaml')
  writeFileSync(
    file,
    'apiVersion: reboots/v1\nkind: BootPolicy\nrules:\n  - { name: a, when: client.arhc == 7, then: { boot: x } }\notherwise: ignore\n',
  )
  const { status, stderr } = start('bad.yaml')
  assert.equal(status, 2, stderr)
  assert.match(stderr, /the boot policy is not accepted/)
  assert.ok(stderr.includes(`${file}:4:29 rules[0].when: client has no field "arhc"; did you mean "arch"?`), stderr)
  assert.ok(stderr.includes(`${file}:4:54 rules[0].then.boot: there is no profile "x"`), stderr)
})

test('a policy file that is not there: exit 2, with the remedy', () => {
  const { status, stderr } = start('none.yaml')
  assert.equal(status, 2, stderr)
  assert.match(stderr, /none\.yaml cannot be read: ENOENT/)
  assert.match(stderr, /REBOOTS_RULES_POLICY/)
})
