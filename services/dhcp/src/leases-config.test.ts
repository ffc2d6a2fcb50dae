import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { ConfigError, loadConfig } from '@reboots/runtime'
import { shape } from './config.ts'

const rows: readonly [what: string, yaml: string, message: RegExp][] = [
  ['more kept than can be', 'percent: 60', /5:18 dhcp\.leases\.redis\.split\.percent: .*50/],
  ['kept for no time', 'seconds: 5', /5:18 dhcp\.leases\.redis\.split\.seconds: .*60/],
  ['a share by number', 'share: 1', /5:\d+ dhcp\.leases\.redis\.split.*share/],
]
for (const [what, yaml, message] of rows) {
  test(`a split pool, refused: ${what}`, (t) => {
    const directory = mkdtempSync(path.join(tmpdir(), 'reboots-leases-'))
    t.after(() => rmSync(directory, { recursive: true }))
    const file = path.join(directory, 'reboots.yaml')
    writeFileSync(file, `dhcp:\n  leases:\n    redis:\n      split:\n        ${yaml}\n`)
    assert.throws(
      () => loadConfig(shape, { env: {}, file }),
      (error: unknown) => error instanceof ConfigError && message.test(error.message),
    )
  })
}

test('the password of Redis is in no message about the configuration', (t) => {
  const directory = mkdtempSync(path.join(tmpdir(), 'reboots-leases-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const file = path.join(directory, 'reboots.yaml')
  writeFileSync(file, 'dhcp:\n  leases:\n    redis:\n      password: 12345678\n')
  assert.throws(
    () => loadConfig(shape, { env: {}, file }),
    (error: unknown) =>
      error instanceof ConfigError &&
      /4:17 dhcp\.leases\.redis\.password/.test(error.message) &&
      !error.message.includes('12345678'),
  )
})
