import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { ConfigError, loadConfig } from '@reboots/runtime'
import { shape } from './config.ts'

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
