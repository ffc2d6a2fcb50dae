import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lintPolicy } from '@reboots/rules'
import { filesOnDisk, goldenFiles, shippedPolicies } from './golden.fixture.ts'

test('every policy that ships gives machines what is in golden/; `reboots regenerate` writes that anew', async () => {
  assert.deepEqual(Object.fromEntries(await goldenFiles()), Object.fromEntries(filesOnDisk()))
})

for (const [name, policy] of shippedPolicies()) {
  test(`${name}: nothing in it is likely not meant`, () => assert.deepEqual(lintPolicy(policy), []))

  test(`${name}: each of its profiles is in golden/`, async () => {
    const files = [...(await goldenFiles()).keys()].filter((file) => file.startsWith(`${name}.`))
    assert.ok(files.length > 0)
  })
}
