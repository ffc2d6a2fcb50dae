import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Ipv4Address } from '@reboots/protocol/net'
import { ascending } from './ascending.ts'

test('every wanted address once, in ascending order', async () => {
  const address = fc.oneof(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 0, max: 0xffffffff }))
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(address, { maxLength: 3000, size: 'max' }), fc.nat(2), async (addresses, rest) => {
      const found: number[] = []
      const wanted = (address: number) => address % 3 !== rest
      for await (const piece of ascending(addresses as Ipv4Address[], wanted)) found.push(...piece)
      assert.deepEqual(
        found,
        addresses.filter(wanted).toSorted((one, other) => one - other),
      )
    }),
    { numRuns: 30 },
  )
})
