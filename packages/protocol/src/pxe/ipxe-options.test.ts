import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { fromHex, hex } from '../bytes/index.ts'
import { decodeIpxeOptions, encodeIpxeOptions, IPXE_OPTIONS, ipxeFeatures, type IpxeFeatures } from './index.ts'

const described: readonly (readonly [string, string, IpxeFeatures])[] = [
  [
    'the EFI build of 2019',
    'b105011af41000 eb03010000 170101 240101 130101 110101 270101 290101 150101 1b0101 120101',
    {
      version: '1.0.0',
      busId: 'pci:1af4:1000',
      features: ['dns', 'efi', 'http', 'iscsi', 'menu', 'nfs', 'tftp', 'srp', 'aoe'],
    },
  ],
  ['flags without a name', '2a0101 4f0101', { features: ['feature-42', 'feature-79'] }],
  ['a flag that is off', '130100 140101', { features: ['https'] }],
  ['a bus without a name', 'b105 c8 8086 100e', { features: [], busId: 'bus-200:8086:100e' }],
  ['values of the wrong length', 'b10401 1af410 eb020100', { features: [] }],
  ['nothing', '', { features: [] }],
]

for (const [what, bytes, features] of described) {
  test(`a client's option 175: ${what}`, () => {
    assert.deepEqual(ipxeFeatures(decodeIpxeOptions(fromHex(bytes))), features)
  })
}

test('no-pxedhcp is three octets', () => {
  assert.equal(hex(encodeIpxeOptions(new Map([[IPXE_OPTIONS.noPxeDhcp, Uint8Array.of(1)]]))), 'b00101')
})

test('any options can be written and read back, by ascending code', () => {
  const codes = fc.tuple(fc.integer({ min: 1, max: 254 }), fc.uint8Array({ maxLength: 255 }))
  fc.assert(
    fc.property(fc.uniqueArray(codes, { selector: ([code]) => code, maxLength: 8 }), (entries) => {
      const sorted = new Map(entries.toSorted(([a], [b]) => a - b))
      assert.deepEqual(decodeIpxeOptions(encodeIpxeOptions(new Map(entries))), sorted)
    }),
  )
})

test('a value cut short is blamed on the peer', () => {
  assert.throws(() => decodeIpxeOptions(fromHex('b10501')), { name: 'DecodeError', reason: 'truncated' })
})
