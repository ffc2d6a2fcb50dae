import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { fromHex, hex } from '../bytes/index.ts'
import { decodeMessage } from '../dhcp/index.ts'
import { parseIpv4, type Ipv4Address } from '../net/index.ts'
import { decodeVendorOptions, encodeMenu, menuLength, type BootMenu } from './index.ts'

const us = parseIpv4('192.168.77.1')!
const group = parseIpv4('224.0.1.2')!
const menu: BootMenu = {
  prompt: { timeout: 5, prompt: 'Press F8' },
  items: [
    { type: 0x8000, description: 'Install' },
    { type: 0, description: 'Local' },
  ],
  servers: [{ type: 0x8000, addresses: [us] }],
  discovery: { broadcast: false },
}
const rest = '08078000 01c0a84d01 0912 8000 07496e7374616c6c 0000 054c6f63616c 0a090550726573732046 38ff'

const rows: readonly (readonly [string, BootMenu, string])[] = [
  ['listed servers only', menu, `060103 ${rest}`],
  ['by broadcast too', { ...menu, discovery: { broadcast: true } }, `060102 ${rest}`],
  ['by multicast too', { ...menu, discovery: { broadcast: false, multicast: group } }, `060101 0704e0000102 ${rest}`],
  ['by both', { ...menu, discovery: { broadcast: true, multicast: group } }, `060100 0704e0000102 ${rest}`],
  [
    'nothing but the local disk',
    { ...menu, items: menu.items.slice(1), servers: [] },
    '060103 0908 0000 054c6f63616c 0a090550726573732046 38ff',
  ],
]
for (const [what, given, expected] of rows) {
  test(`a menu, servers found ${what}`, () => {
    assert.equal(hex(encodeMenu(given)), expected.replaceAll(' ', ''))
  })
}

test('a menu is written as dnsmasq writes it', () => {
  const other = parseIpv4('192.168.77.9')!
  const theirs: BootMenu = {
    prompt: { timeout: 5, prompt: 'Press F8' },
    items: [
      { type: 0, description: 'Local' },
      { type: 0x8000, description: 'Install' },
      { type: 0x8001, description: 'Other' },
      { type: 9, description: 'Type9' },
    ],
    servers: [
      { type: 0x8000, addresses: [us] },
      { type: 0x8001, addresses: [other] },
    ],
    discovery: { broadcast: true },
  }
  for (const name of ['menu-dnsmasq-offer', 'menu-dnsmasq-menu-ack']) {
    const octets = fromHex(readFileSync(new URL(`../../vectors/${name}.hex`, import.meta.url), 'latin1'))
    assert.equal(hex(encodeMenu(theirs)), hex(decodeMessage(octets).options.get(43)!), name)
  }
})

const address = fc.nat({ max: 0xffffffff }).map((value) => value as Ipv4Address)
const type = fc.nat({ max: 0xffff })
const text = fc.string({ unit: 'grapheme-ascii', maxLength: 10 })
const plain = { noNullPrototype: true }
const anyMenu: fc.Arbitrary<BootMenu> = fc.record(
  {
    prompt: fc.record({ timeout: fc.nat({ max: 255 }), prompt: text }, plain),
    items: fc.array(fc.record({ type, description: text }, plain), { maxLength: 8 }),
    servers: fc.array(fc.record({ type, addresses: fc.array(address, { maxLength: 2 }) }, plain), { maxLength: 8 }),
    discovery: fc.record({ broadcast: fc.boolean(), multicast: fc.option(address, { nil: undefined }) }, plain),
  },
  plain,
)

test('the length is known before, and everything can be read back', () => {
  fc.assert(
    fc.property(anyMenu, (given) => {
      const octets = encodeMenu(given)
      const read = decodeVendorOptions(octets)
      assert.equal(octets.length, menuLength(given))
      assert.deepEqual([read.bootMenu, read.menuPrompt], [given.items, given.prompt])
      assert.deepEqual([read.bootServers ?? [], read.multicastAddress], [given.servers, given.discovery.multicast])
    }),
  )
})
