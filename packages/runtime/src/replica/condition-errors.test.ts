import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMetrics } from '../metrics.ts'
import type { Log } from '../log.ts'
import { conditionErrors } from './condition-errors.ts'

test('every condition that fails is counted, and each rule and reason logged once for each version of the policy', async () => {
  const lines: unknown[] = []
  const log = { warn: (fields: unknown) => lines.push(fields) } as unknown as Log
  const metrics = createMetrics('test')
  const ofVersion = conditionErrors(log, metrics)
  const first = ofVersion('v1')
  for (const why of ['no such key: rack', 'no such key: rack', 'division by zero']) first('rack 12', why)
  ofVersion('v2')('rack 12', 'no such key: rack')
  assert.deepEqual(lines, [
    { version: 'v1', rule: 'rack 12', why: 'no such key: rack' },
    { version: 'v1', rule: 'rack 12', why: 'division by zero' },
    { version: 'v2', rule: 'rack 12', why: 'no such key: rack' },
  ])
  for (let i = 0; i < 1_000; i++) first('whatever a client says', `not an address: ${i}`)
  assert.equal(lines.length, 101)
  assert.match(await metrics.text(), /^reboots_policy_condition_errors_total(?:\{.*\})? 1004$/m)
})
