import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { fakeRules, type FakeRules } from '@reboots/testkit'
import { createLog } from '../log.ts'
import { createMetrics } from '../metrics.ts'
import { openPolicyReplica, type PolicyReplica } from './policy.ts'

const log = createLog('test', { level: 'silent', format: 'json' })

/** A policy is a text here, and a decision is on a number: the candidate judges those that are odd another way. */
async function replicaOf(context: TestContext): Promise<{ rules: FakeRules; replica: PolicyReplica<string, number> }> {
  const rules = await fakeRules('active')
  const replica = openPolicyReplica<string, number>({
    address: rules.address,
    compile: (document) => document,
    tryOut: {
      compile(document) {
        if (document === 'broken') throw new Error('broken')
        return document
      },
      judge: (active, candidate, facts) =>
        facts % 2 === 0 ? undefined : { machine: `${facts}`, client: 'x64-uefi', before: active, after: candidate },
    },
    log,
    metrics: createMetrics('test'),
  })
  context.after(async () => {
    replica.close()
    await rules.stop()
  })
  await replica.whenSynced
  return { rules, replica }
}

/** Resolves once decisions are tried out: only then are they counted. */
async function decideUntilReported(rules: FakeRules, replica: PolicyReplica<string, number>, reports: number) {
  const deciding = setInterval(() => replica.decided(1), 5)
  const reported = await rules.reported(reports)
  clearInterval(deciding)
  return reported
}

test('decisions are tried out under a candidate, and what differs is reported with both versions', async (context) => {
  const { rules, replica } = await replicaOf(context)
  replica.decided(1)
  rules.tryOut('candidate')
  const [first] = await decideUntilReported(rules, replica, 1)
  assert.equal(first!.version, replica.version)
  assert.notEqual(first!.candidate, replica.version)
  assert.ok(first!.decisions > 0)
  assert.equal(first!.differences.length, first!.decisions)
  assert.deepEqual(
    { ...first!.differences[0] },
    { machine: '1', client: 'x64-uefi', before: 'active', after: 'candidate' },
  )
})

test('what is too much is left out, and counted', async (context) => {
  const { rules, replica } = await replicaOf(context)
  rules.tryOut('candidate')
  await decideUntilReported(rules, replica, 1)
  for (let i = 0; i < 10_000; i++) replica.decided(2 * i)
  const reports = await rules.reported(2)
  assert.ok(reports.some(({ leftOut }) => leftOut >= 10_000 - 4096 && leftOut < 10_000))
})

test('a candidate that cannot be compiled is not tried out, and nothing else is disturbed', async (context) => {
  const { rules, replica } = await replicaOf(context)
  rules.tryOut('broken')
  rules.publish('next')
  rules.tryOut('candidate')
  const [first] = await decideUntilReported(rules, replica, 1)
  assert.deepEqual([first!.differences[0]!.before, first!.differences[0]!.after], ['next', 'candidate'])
  assert.equal(replica.current(), 'next')
})
