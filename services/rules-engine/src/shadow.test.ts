import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Instant } from '@reboots/protocol/net'
import { accept } from './accept.ts'
import { Publisher, versionOf, type Publication } from './publisher.ts'
import { Shadow } from './shadow.ts'
import { TRUST_ALL } from './trust.ts'

const accepted = (reason: string) =>
  accept(
    {
      document: `apiVersion: reboots/v1\nkind: BootPolicy\nrules: []\notherwise: { deny: ${reason} }\n`,
      signature: new Uint8Array(),
    },
    'p',
    TRUST_ALL,
  )
const publication = (reason: string, revision: bigint): Publication => ({ ...accepted(reason), revision })
const BY = { by: 'anna', why: 'to see' }
const difference = (machine: string, client = 'x64-uefi') => ({
  machine,
  client,
  before: 'deny "a"',
  after: 'deny "b"',
})

function setting() {
  const publisher = new Publisher(publication('a', 1n))
  const shadow = new Shadow(publisher, () => 7 as Instant)
  const versions = { candidate: accepted('b').version, version: publisher.current.version }
  return { publisher, shadow, versions }
}

test('what services report of a candidate is added up: decisions, and machines once each', () => {
  const { shadow, versions } = setting()
  shadow.start(accepted('b'), BY)
  shadow.report({ ...versions, decisions: 3, leftOut: 0, differences: [difference('m1'), difference('m2')] })
  shadow.report({ ...versions, decisions: 2, leftOut: 5, differences: [difference('m1', 'x86-bios')] })
  assert.deepEqual(shadow.trial(1), {
    before: versions.version,
    after: versions.candidate,
    since: 7,
    ...BY,
    decisions: 5,
    leftOut: 5,
    changed: 2,
    differences: [
      { before: 'deny "a"', after: 'deny "b"', machines: 2, clients: ['x64-uefi', 'x86-bios'], examples: ['m1'] },
    ],
  })
})

test('what is about another candidate or another policy comes too late', () => {
  const { shadow, versions } = setting()
  const report = { ...versions, decisions: 1, leftOut: 0, differences: [difference('m1')] }
  shadow.report(report)
  assert.equal(shadow.trial(1), undefined)
  shadow.start(accepted('b'), BY)
  shadow.report({ ...report, candidate: versionOf('x') })
  shadow.report({ ...report, version: versionOf('x') })
  assert.equal(shadow.trial(1)?.decisions, 0)
})

test('another policy in force begins the count anew, the candidate itself ends it; whoever follows is told', () => {
  const { publisher, shadow, versions } = setting()
  let told = 0
  shadow.subscribe(() => told++)
  shadow.start(accepted('b'), BY)
  shadow.report({ ...versions, decisions: 1, leftOut: 0, differences: [] })
  publisher.publish(publication('c', 2n))
  assert.deepEqual([shadow.trial(1)?.decisions, shadow.candidate?.version], [0, versions.candidate])
  publisher.publish(publication('b', 3n))
  assert.deepEqual([shadow.trial(1), shadow.candidate], [undefined, undefined])
  shadow.start(accepted('c'), BY)
  shadow.stop()
  shadow.stop()
  assert.equal(told, 3)
})
