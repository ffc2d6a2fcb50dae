import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fromHex, hex } from '../bytes/index.ts'
import { BROADCAST_FLAG, decodeMessage, withoutOption, type DhcpMessage } from '../dhcp/index.ts'
import { bytesOfMac, formatIpv4, parseIpv4, parseMac } from '../net/index.ts'
import {
  bootItemAck,
  bootServerMenuAck,
  encodeMenu,
  identifyClient,
  proxyMenuOffer,
  showsMenu,
  type BootClient,
} from './index.ts'

const us = parseIpv4('192.168.77.1')!
const elsewhere = parseIpv4('192.168.77.9')!
const ovmf = vector('v01-ovmf-x64-pxe-discover')
const binl = vector('v03-ovmf-x64-binl-request')
const ipxe = vector('v05-ipxe-efi-discover')
const http = vector('v07-ovmf-x64-http-discover')
const arm64 = vector('v09-aavmf-arm64-pxe-discover')
const uboot = vector('v11-u-boot-riscv64-pxe-discover')
const rom = withoutOption(withoutOption(vector('v04-ipxe-bios-discover'), 77), 175)
const pi: DhcpMessage = { ...rom, chaddr: bytesOfMac(parseMac('dc:a6:32:01:02:03')!) }
const vendor = encodeMenu({
  prompt: { timeout: 5, prompt: 'F8' },
  items: [{ type: 0x8000, description: 'one' }],
  servers: [{ type: 0x8000, addresses: [us] }],
  discovery: { broadcast: false },
})
const menu = '43=06010308078000 01c0a84d01 09068000036f6e65 0a03054638 ff'.replaceAll(' ', '')
const pxe = '60=505845436c69656e74'
const guid = '97=0000000000000000000000000000000000'

test('who shows the menu of option 43', () => {
  const rows: readonly (readonly [string, DhcpMessage, boolean])[] = [
    ['BIOS ROM', rom, true],
    ['UEFI', ovmf, true],
    ['UEFI on arm64', arm64, true],
    ['iPXE', ipxe, false],
    ['UEFI HTTP boot', http, false],
    ['Raspberry Pi', pi, false],
  ]
  for (const [what, message, expected] of rows) assert.equal(showsMenu(clientOf(message)), expected, what)
  assert.equal(showsMenu({ ...clientOf(uboot), firmware: 'u-boot' }), false, 'U-Boot')
})

test('the offer of a menu names no file', () => {
  for (const discover of [rom, ovmf]) {
    const { options, flags, siaddr, file, yiaddr } = proxyMenuOffer(discover, vendor, us)
    assert.deepEqual([flags & BROADCAST_FLAG, siaddr, file, yiaddr], [BROADCAST_FLAG, us, '', 0])
    assert.deepEqual(texts(options), [menu, '53=02', '54=c0a84d01', pxe, guid])
  }
})

test('who asks 4011 without having chosen gets the menu again', () => {
  const { options, ciaddr, siaddr, file, yiaddr } = bootServerMenuAck(binl, vendor, us)
  assert.deepEqual([formatIpv4(ciaddr), siaddr, file, yiaddr], ['192.168.77.87', us, '', 0])
  assert.deepEqual(texts(options), [menu, '53=05', '54=c0a84d01', pxe, guid])
})

test('who has chosen gets the file, and the item as it came', () => {
  const rows: readonly (readonly [DhcpMessage, DhcpMessage])[] = [
    [ovmf, binl],
    [rom, withoutOption({ ...rom, ciaddr: binl.ciaddr }, 55)],
  ]
  for (const [from, request] of rows) {
    const item = { type: 0x8001, layer: 0, credentials: false }
    const target = { nextServer: elsewhere, file: 'memtest.bin' }
    const reply = bootItemAck(request, clientOf(from), target, us, item)
    assert.deepEqual(
      [reply.ciaddr, reply.yiaddr, reply.siaddr, reply.sname, reply.file],
      [request.ciaddr, 0, elsewhere, '192.168.77.9', 'memtest.bin'],
    )
    const [first] = texts(reply.options)
    assert.equal(first, '43=470480010000ff')
  }
})

/** Options as text, ascending, without the echo of 61. */
function texts(options: DhcpMessage['options']): string[] {
  return [...options]
    .filter(([code]) => code !== 61)
    .toSorted(([a], [b]) => a - b)
    .map(([code, value]) => `${code}=${hex(value)}`)
}

function clientOf(message: DhcpMessage): BootClient {
  const client = identifyClient(message)
  assert.ok(client !== undefined)
  return client
}

function vector(name: string): DhcpMessage {
  return decodeMessage(
    fromHex(readFileSync(new URL(`../../vectors/${name}.hex`, import.meta.url), 'utf8').replaceAll(/\s/g, '')),
  )
}
