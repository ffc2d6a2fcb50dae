import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { fromHex } from '../bytes/index.ts'
import {
  broadcastOf,
  bytesOfMac,
  formatIpv4,
  formatMac,
  inSubnet,
  macOfBytes,
  maskOfPrefix,
  networkOf,
  parseIpv4,
  parseMac,
  prefixOfMask,
  type Ipv4Address,
  type MacAddress,
} from './index.ts'

const ip = (text: string): Ipv4Address => parseIpv4(text)!

const ADDRESSES: readonly [string, number | undefined][] = [
  ['0.0.0.0', 0],
  ['255.255.255.255', 0xffffffff],
  ['192.168.77.1', 0xc0a84d01],
  ['10.0.0.256', undefined],
  ['10.0.0', undefined],
  ['10.0.0.0.1', undefined],
  ['10.0.0.1.', undefined],
  ['10.0.0.01', undefined],
  ['10.0..1', undefined],
  ['-1.0.0.0', undefined],
  ['0x0a.0.0.1', undefined],
  [' 10.0.0.1', undefined],
  ['10.0.0.1\n', undefined],
  ['::1', undefined],
  ['', undefined],
]

for (const [text, address] of ADDRESSES) {
  test(`parseIpv4 '${JSON.stringify(text)}'`, () => {
    assert.equal(parseIpv4(text), address)
  })
}

test('every address prints as what it is parsed from', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffffff }), (number) => {
      assert.equal(parseIpv4(formatIpv4(number as Ipv4Address)), number)
    }),
  )
})

test('masks of all prefix lengths, and back', () => {
  const lengths = Array.from({ length: 33 }, (_, length) => length)
  assert.deepEqual(
    lengths.map((length) => prefixOfMask(maskOfPrefix(length))),
    lengths,
  )
  assert.deepEqual(
    [0, 1, 24, 31, 32].map((length) => formatIpv4(maskOfPrefix(length))),
    ['0.0.0.0', '128.0.0.0', '255.255.255.0', '255.255.255.254', '255.255.255.255'],
  )
  assert.deepEqual(
    ['255.0.255.0', '0.0.0.255', '254.255.255.255'].map((mask) => prefixOfMask(ip(mask))),
    [undefined, undefined, undefined],
  )
})

const SUBNETS: readonly { address: string; mask: string; network: string; broadcast: string }[] = [
  { address: '192.168.77.87', mask: '255.255.255.0', network: '192.168.77.0', broadcast: '192.168.77.255' },
  { address: '255.255.255.254', mask: '255.255.255.252', network: '255.255.255.252', broadcast: '255.255.255.255' },
  { address: '10.1.2.3', mask: '255.255.255.255', network: '10.1.2.3', broadcast: '10.1.2.3' },
  { address: '200.1.2.3', mask: '0.0.0.0', network: '0.0.0.0', broadcast: '255.255.255.255' },
]

for (const { address, mask, network, broadcast } of SUBNETS) {
  test(`${address} with mask ${mask}`, () => {
    assert.equal(formatIpv4(networkOf(ip(address), ip(mask))), network)
    assert.equal(formatIpv4(broadcastOf(ip(address), ip(mask))), broadcast)
    assert.ok(inSubnet(ip(address), ip(network), ip(mask)))
  })
}

test('an address of another subnet is not in this one', () => {
  assert.equal(inSubnet(ip('192.168.78.1'), ip('192.168.77.0'), ip('255.255.255.0')), false)
  assert.equal(inSubnet(ip('64.0.0.1'), ip('192.0.0.0'), ip('128.0.0.0')), false)
})

const MACS: readonly [string, string | undefined][] = [
  ['52:54:00:aa:00:21', '52:54:00:aa:00:21'],
  ['52-54-00-AA-00-21', '52:54:00:aa:00:21'],
  ['5254.00aa.0021', '52:54:00:aa:00:21'],
  ['525400AA0021', '52:54:00:aa:00:21'],
  ['00:11:22:33:44:55:66:77', '00:11:22:33:44:55:66:77'],
  ['00'.repeat(20), Array(20).fill('00').join(':')],
  ['52:54-00:aa:00:21', undefined],
  ['52:54:00:aa:00', undefined],
  ['52:54:00:aa:00:2', undefined],
  ['52:54:00:aa:00:21:', undefined],
  ['5254.00aa.0021\n', undefined],
  ['52:54:00:aa:00:2g', undefined],
  ['525400aa.0021', undefined],
  ['', undefined],
]

for (const [text, mac] of MACS) {
  test(`parseMac ${JSON.stringify(text)}`, () => {
    assert.equal(parseMac(text), mac)
  })
}

test('octets of a MAC and back, of any length', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
      assert.deepEqual(bytesOfMac(macOfBytes(bytes)), bytes)
    }),
  )
})

test('a MAC in each format', () => {
  const mac = macOfBytes(fromHex('525400aa0021'))
  const written = (['colon', 'dash', 'dot', 'no-delimiter'] as const).map((format) => formatMac(mac, format))
  assert.deepEqual(written, ['52:54:00:aa:00:21', '52-54-00-aa-00-21', '5254.00aa.0021', '525400aa0021'])
  assert.deepEqual(written.map(parseMac), Array<MacAddress>(4).fill(mac))
})
