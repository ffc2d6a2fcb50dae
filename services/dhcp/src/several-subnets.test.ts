import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { router, subnetSelection } from '@reboots/protocol/dhcp'
import { formatIpv4 } from '@reboots/protocol/net'
import { machine } from '@reboots/testkit'
import { got, ip, MAC, message, Site, typeOf, type Fields, type SiteOptions } from './site.fixture.ts'

const US = '192.168.1.1'
const stranger = (last: number): Fields => ({ mac: `52:54:00:ff:00:0${last}` })
const open = (options: SiteOptions) => new Site({ unknown: true, machines: [], ...options })
const addressOf = (site: Site, fields: Fields) => formatIpv4(site.answer(message('discover', fields)).reply.yiaddr)

describe('several subnets', () => {
  const SHARED = [
    { subnet: '192.168.1.0/24', pools: [{ range: '192.168.1.10-192.168.1.10' }] },
    { subnet: '10.1.0.0/24', link: 'lan0', routers: ['10.1.0.1'], pools: [{ range: '10.1.0.10-10.1.0.19' }] },
    { subnet: '10.9.0.0/24', pools: [{ range: '10.9.0.10-10.9.0.19' }] },
  ]
  test('on one wire: when the first is full, the second, with its own options', () => {
    const site = open({ dhcp: { subnets: SHARED } })
    assert.equal(addressOf(site, stranger(1)), '192.168.1.10')
    const second = site.answer(message('discover', stranger(2)))
    assert.deepEqual([formatIpv4(second.reply.yiaddr), got(second, router)], ['10.1.0.10', [ip('10.1.0.1')]])
  })

  test('on one wire: a reservation in any of them is of use', () => {
    const site = open({ dhcp: { subnets: SHARED }, machines: [machine({ mac: MAC, address: '10.1.0.99' })] })
    const requested = addressOf(site, {})
    assert.equal(requested, '10.1.0.99')
    assert.equal(typeOf(site.ask(message('request', { requested, server: US }))), 'ack')
  })

  const relayed: readonly (readonly [by: string, fields: Fields, address: string])[] = [
    ['giaddr (R2)', { giaddr: '10.9.0.1' }, '10.9.0.10'],
    [
      'link selection before giaddr (R5)',
      { giaddr: '192.168.1.87', options: { 82: Uint8Array.of(5, 4, 10, 9, 0, 0) } },
      '10.9.0.10',
    ],
    [
      'link selection before option 118',
      { giaddr: '192.168.1.87', options: { 82: Uint8Array.of(5, 4, 10, 9, 0, 0), 118: Uint8Array.of(192, 168, 1, 0) } },
      '10.9.0.10',
    ],
    [
      'option 118 before giaddr (R7)',
      { giaddr: '192.168.1.87', options: { 118: Uint8Array.of(10, 9, 0, 0) } },
      '10.9.0.10',
    ],
    ['option 118 before the interface (R7)', { options: { 118: Uint8Array.of(10, 9, 0, 0) } }, '10.9.0.10'],
    [
      'the interface, whatever 82 says unrelayed',
      { options: { 82: Uint8Array.of(5, 4, 10, 9, 0, 0) } },
      '192.168.1.10',
    ],
  ]
  for (const [by, fields, address] of relayed) {
    test(`chosen by ${by}`, () => {
      assert.equal(addressOf(open({ dhcp: { subnets: SHARED }, settings: { subnetSelection: true } }), fields), address)
    })
  }

  test('option 118 comes back if it was heeded, and only then (R7)', () => {
    const asked = message('discover', { options: { 118: Uint8Array.of(10, 9, 0, 0) } })
    const echoes = [true, false].map((subnetSelectionOn) => {
      const site = open({ dhcp: { subnets: SHARED }, settings: { subnetSelection: subnetSelectionOn } })
      return got(site.answer(asked), subnetSelection)
    })
    assert.deepEqual(echoes, [ip('10.9.0.0'), undefined])
  })

  test('a renewal that comes through a router is served from the subnet of its address', () => {
    const site = open({ dhcp: { subnets: SHARED } })
    assert.equal(typeOf(site.ask(message('request', { ciaddr: '10.9.0.10' }))), 'ack')
  })
})
