import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { requireTools } from '@reboots/testkit'
import { redisChaos, withoutSharing } from './redis.ts'
import type { Report } from './scenario.ts'
import { splitChaos } from './split.ts'
import { sqliteChaos } from './sqlite.ts'

/** libfaketime sets the clocks of the processes. */
const skip = requireTools({ commands: ['redis-server', 'faketime'] })

/** Random, and said, so that a failure can be looked at again; the interleaving is another each time all the same. */
function seedOf(t: TestContext): number {
  const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000)
  t.diagnostic(`CHAOS_SEED=${seed}`)
  return seed
}

function flawless(t: TestContext, { violations, count }: Report): void {
  t.diagnostic(JSON.stringify(count))
  assert.deepEqual(violations, [])
  assert.ok(count['bind: done']! > 100, 'hardly any lease was given')
  assert.ok(count['mishaps']! > 0, 'nothing went wrong')
}

describe('leases outlive what happens to those who keep them', () => {
  test('replicas and their Redis are killed and hang, clocks are wrong', { skip }, async (t) => {
    flawless(t, await redisChaos(11, seedOf(t)))
  })

  test('replicas with a share each are cut off from Redis, all of them or some', { skip }, async (t) => {
    const report = await splitChaos(11, seedOf(t))
    flawless(t, report)
    assert.ok(report.count['bind: done alone']! > 0, 'no lease was given without Redis')
  })

  test(
    'the process with its SQLite file is killed, its clock is set, its disk is full or read-only',
    { skip },
    async (t) => {
      flawless(t, await sqliteChaos(6, seedOf(t)))
    },
  )

  test('replicas that do not share their leases are found out', async (t) => {
    const { violations } = await withoutSharing(3, seedOf(t))
    assert.ok(
      violations.some((violation) => violation.includes('while')),
      'no address was given twice',
    )
    assert.ok(
      violations.some((violation) => violation.includes('lost')),
      'no lease was forgotten',
    )
  })
})
