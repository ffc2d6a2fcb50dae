import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import type { LeaseStep } from '@reboots/leases'
import type { Instant, Ipv4Address, Seconds } from '@reboots/protocol/net'
import { createLog, createMetrics, OperatorError } from '@reboots/runtime'
import { leases } from '../leases-config.ts'
import { gaugeLeases } from './metrics.ts'
import { openLeases } from './open-leases.ts'

const directory = mkdtempSync(join(tmpdir(), 'reboots-leases-'))
after(() => rmSync(directory, { recursive: true }))
const log = createLog('dhcp', { level: 'silent', format: 'json' })
const now = 1_700_000_000_000 as Instant
const address = 0x0a000009 as Ipv4Address
const open = (config: object) => openLeases(leases.parse({ redis: {}, ...config }), directory, log, () => [])

const POOL = {
  ranges: [{ first: address, last: address }],
  leaseTime: 60 as Seconds,
  offerTime: 60 as Seconds,
  quarantineTime: 60 as Seconds,
}
const BIND: LeaseStep = { kind: 'bind', pool: POOL, claim: { client: 'a', requested: address, reserved: undefined } }

describe('the books', () => {
  const kept: readonly (readonly [store: string, after: string | undefined])[] = [
    ['sqlite', 'a'],
    ['memory', undefined],
  ]
  for (const [store, client] of kept) {
    test(`in ${store}: after a restart the lease is ${client === undefined ? 'forgotten' : 'there'}`, async () => {
      const first = await open({ store })
      await first.run([BIND], now)
      await first.close()
      const second = await open({ store })
      assert.equal(second.at(address, now)?.client, client)
      await second.close()
    })
  }

  test('are a file below the directory of the configuration, unless they say otherwise', () => {
    const { store, file } = leases.parse({ redis: {} })
    assert.deepEqual([store, file], ['sqlite', 'state/dhcp-leases.sqlite'])
  })

  test('that cannot be written are the operator’s to put right', async () => {
    writeFileSync(join(directory, 'a-file'), '')
    const remedy = /dhcp\.leases\.file.*dhcp\.leases\.store/
    await assert.rejects(
      open({ file: 'a-file/leases' }),
      (error) => error instanceof OperatorError && remedy.test(error.remedy),
    )
  })

  test('are counted for the metrics', async () => {
    const store = await open({ store: 'memory' })
    await store.run([BIND], now)
    const metrics = createMetrics('dhcp')
    gaugeLeases(metrics, store, () => now)
    const text = await metrics.text()
    assert.match(text, /^reboots_dhcp_leases\{state="bound"\} 1$/m)
    assert.match(text, /^reboots_dhcp_lease_store_available 1$/m)
  })
})
