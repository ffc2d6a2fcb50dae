import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { DecodeError, fromHex, hex, octets } from '../bytes/index.ts'
import { parseIpv4, type Ipv4Address } from '../net/index.ts'
import { decodeVendorOptions, encodeVendorOptions, type VendorOptions } from './index.ts'

const us = parseIpv4('192.168.77.1')!
const other = parseIpv4('192.168.77.9')!

/** Written by dnsmasq, by Smee and by real ROMs; all but the last three are also what we write. */
const goldens: readonly (readonly [string, string, VendorOptions])[] = [
  ['boot the file, look no further', '060108 ff', { discoveryControl: 8 }],
  [
    'a menu of one item',
    '060103 0807 8000 01 c0a84d01 0906 8000 03 6f6e65 0a04 00 505845 ff',
    {
      discoveryControl: 3,
      bootServers: [{ type: 0x8000, addresses: [us] }],
      bootMenu: [{ type: 0x8000, description: 'one' }],
      menuPrompt: { timeout: 0, prompt: 'PXE' },
    },
  ],
  [
    'a menu with the local disk and a server elsewhere',
    `060102 080e 8000 01 c0a84d01 8001 01 c0a84d09 0922 0000 05 ${text('Local')} 8000 07 ${text('Install')} 8001 05 ${text('Other')} 0009 05 ${text('Type9')} 0a09 05 ${text('Press F8')} ff`,
    {
      discoveryControl: 2,
      bootServers: [
        { type: 0x8000, addresses: [us] },
        { type: 0x8001, addresses: [other] },
      ],
      bootMenu: [
        { type: 0, description: 'Local' },
        { type: 0x8000, description: 'Install' },
        { type: 0x8001, description: 'Other' },
        { type: 9, description: 'Type9' },
      ],
      menuPrompt: { timeout: 5, prompt: 'Press F8' },
    },
  ],
  ['first layer of a boot item', '4704 8000 0000 ff', { bootItem: { type: 0x8000, layer: 0, credentials: false } }],
  ['credentials wanted', '4704 8000 8001 ff', { bootItem: { type: 0x8000, layer: 1, credentials: true } }],
  ['multicast discovery', '0704 e0000102 ff', { multicastAddress: parseIpv4('224.0.1.2')! }],
  ['a VLAN', '7402 3136 ff', { vlanId: '16' }],
  ['unknown sub-options stay', '060108 5001aa ff', { discoveryControl: 8, other: new Map([[0x50, fromHex('aa')]]) }],
  [
    'for a Raspberry Pi, without the end',
    '060108 0914 0000 11 526173706265727279205069 20426f6f74 0a04 00 505845',
    {
      discoveryControl: 8,
      bootMenu: [{ type: 0, description: 'Raspberry Pi Boot' }],
      menuPrompt: { timeout: 0, prompt: 'PXE' },
    },
  ],
  ['padding before and junk behind', '00 00 060108 00 ff 470480', { discoveryControl: 8 }],
  ['the first of two', '060108 060103 ff', { discoveryControl: 8 }],
]

for (const [what, bytes, options] of goldens) {
  test(`reads ${what}`, () => assert.deepEqual(decodeVendorOptions(fromHex(bytes)), options))
}

for (const [what, bytes, options] of goldens.slice(0, -3)) {
  test(`writes ${what}`, () => assert.equal(hex(encodeVendorOptions(options)), bytes.replaceAll(' ', '')))
}

test('sub-option 69 is kept as it is', () => {
  const traceparent = fromHex('0023b1e307bb35484f535a1f772c06910ed887dc391224043401')
  assert.equal(hex(encodeVendorOptions({ traceparent })), `451a${hex(traceparent)}ff`)
  assert.deepEqual(decodeVendorOptions(encodeVendorOptions({ traceparent })), { traceparent })
})

const malformed: readonly (readonly [string, string, string])[] = [
  ['no length', '06', 'truncated'],
  ['a length past the end', '0604 08', 'truncated'],
  ['discovery control of two octets', '060208 08', 'bad-length'],
  ['half an address', '0702e000', 'bad-length'],
  ['a server list cut short', '0806 8000 02 c0a84d01', 'truncated'],
  ['a description cut short', '0904 8000 05 41', 'truncated'],
  ['a prompt without its timeout', '0a00', 'truncated'],
  ['a boot item without its layer', '4702 8000', 'bad-length'],
]

for (const [what, bytes, reason] of malformed) {
  test(`malformed: ${what}`, () => {
    assert.throws(() => decodeVendorOptions(fromHex(bytes.replaceAll(' ', ''))), { name: 'DecodeError', reason })
  })
}

const address = fc.nat({ max: 0xffffffff }).map((value) => value as Ipv4Address)
const u16 = fc.nat({ max: 0xffff })
const ascii = fc.string({ unit: 'grapheme-ascii', maxLength: 20 })
const sent: fc.Arbitrary<VendorOptions> = fc.record(
  {
    discoveryControl: fc.nat({ max: 255 }),
    multicastAddress: address,
    bootServers: fc.array(plain({ type: u16, addresses: fc.array(address, { maxLength: 4 }) }), { maxLength: 5 }),
    bootMenu: fc.array(plain({ type: u16, description: ascii }), { maxLength: 5 }),
    menuPrompt: plain({ timeout: fc.nat({ max: 255 }), prompt: ascii }),
    traceparent: fc.uint8Array({ maxLength: 26 }),
    bootItem: plain({ type: u16, layer: fc.nat({ max: 0x7fff }), credentials: fc.boolean() }),
    vlanId: ascii,
    other: fc
      .uniqueArray(fc.tuple(fc.integer({ min: 11, max: 68 }), fc.uint8Array({ maxLength: 255 })), {
        selector: ([code]) => code,
        minLength: 1,
        maxLength: 3,
      })
      .map((entries) => new Map(entries)),
  },
  { requiredKeys: [], noNullPrototype: true },
)

test('what is written can be read back', () => {
  fc.assert(
    fc.property(sent, (options) => assert.deepEqual(decodeVendorOptions(encodeVendorOptions(options)), options)),
  )
})

test('any octets are options or a DecodeError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      assert.ok(readsOrBlames(bytes))
    }),
    { numRuns: 2000 },
  )
})

test('what does not fit one octet of length is refused', () => {
  const bootMenu = Array.from({ length: 20 }, (_, type) => ({ type, description: 'a longish entry' }))
  assert.throws(() => encodeVendorOptions({ bootMenu }), RangeError)
  assert.throws(() => encodeVendorOptions({ other: new Map([[255, new Uint8Array(0)]]) }), RangeError)
})

function plain<T>(model: { [Key in keyof T]: fc.Arbitrary<T[Key]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true })
}

function text(value: string): string {
  return hex(octets(value))
}

function readsOrBlames(bytes: Uint8Array): boolean {
  try {
    return typeof decodeVendorOptions(bytes) === 'object'
  } catch (error) {
    return error instanceof DecodeError
  }
}
