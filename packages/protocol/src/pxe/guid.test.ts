import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { fromHex } from '../bytes/index.ts'
import { formatGuid, parseGuid } from './index.ts'

test('the first three fields are little-endian, as SMBIOS prints them', () => {
  const bytes = fromHex('00 33221100 5544 7766 8899 aabbccddeeff')
  assert.equal(formatGuid(bytes), '00112233-4455-6677-8899-aabbccddeeff')
  assert.deepEqual(parseGuid('00112233-4455-6677-8899-AABBCCDDEEFF'), bytes)
})

test('what is printed can be read back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (uuid) => {
      const bytes = Uint8Array.of(0, ...uuid)
      assert.deepEqual(parseGuid(formatGuid(bytes)!), bytes)
    }),
  )
})

const malformed = ['', '00', '01'.repeat(17), '00'.repeat(16), '00'.repeat(18)]
for (const value of malformed) {
  test(`not a machine identifier: ${value || 'empty'}`, () => assert.equal(formatGuid(fromHex(value)), undefined))
}

for (const text of ['', 'x', '00112233445566778899aabbccddeeff', '00112233-4455-6677-8899-aabbccddeeff0']) {
  test(`not a UUID: ${text || 'empty'}`, () => assert.equal(parseGuid(text), undefined))
}
