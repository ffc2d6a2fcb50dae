import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unfragmentedBlksize } from './mtu.ts'

test('loopback carries the largest block there is', () => assert.equal(unfragmentedBlksize('127.0.0.1'), 65464))

test('an address that is nobody’s is never given more than RFC 2348 allows, nor less than the default', () => {
  const blksize = unfragmentedBlksize('192.0.2.1')
  assert.ok(blksize >= 512 && blksize <= 65464, String(blksize))
})
