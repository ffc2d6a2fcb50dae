import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { formatIpv4, type Seconds } from '@reboots/protocol/net'
import { machine } from '@reboots/testkit'
import { reservationOf } from '../reservation.ts'
import { ip, message, networks, Site } from '../site.fixture.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

describe('a network is found', () => {
  const own = networks({
    subnets: [
      { subnet: '192.168.1.0/24' },
      { subnet: '10.1.0.0/16', link: 'lan0' },
      { subnet: '10.2.0.0/24', sharedNetwork: 'hall' },
      { subnet: '10.2.1.0/25', sharedNetwork: 'hall' },
      { subnet: '10.3.0.0/30' },
    ],
  })
  const wires: readonly (readonly [address: string, subnets: readonly string[]])[] = [
    ['192.168.1.7', ['192.168.1.0/24', '10.1.0.0/16']],
    ['10.1.255.255', ['192.168.1.0/24', '10.1.0.0/16']],
    ['10.2.0.9', ['10.2.0.0/24', '10.2.1.0/25']],
    ['10.2.1.127', ['10.2.0.0/24', '10.2.1.0/25']],
    ['10.2.1.128', []],
    ['10.3.0.1', ['10.3.0.0/30']],
    ['10.3.0.4', []],
  ]
  for (const [address, subnets] of wires) {
    test(`${address}: ${subnets.join(' and ') || 'none'}`, () => {
      assert.deepEqual(own.segmentOf(ip(address))?.subnets.map((subnet) => subnet.text) ?? [], subnets)
    })
  }

  test('by interface: the subnets of its address and those that name it', () => {
    assert.equal(own.segmentOn('lan0'), own.segmentOf(ip('10.1.0.1')))
    assert.equal(own.segmentOn('lan1'), undefined)
  })
})

describe('what goes with an address: machine before pool before subnet before all', () => {
  const SAID = {
    options: { 'root-path': '/all', 'interface-mtu': 1400, 'ntp-servers': '192.0.2.1', 15: 'all.example', 224: 'all' },
    logServers: ['192.0.2.7'],
    leaseSeconds: { default: 1000, firmware: 100, ipxe: 5000 },
    subnets: [
      {
        subnet: '192.168.1.0/24',
        routers: ['192.168.1.254'],
        nameServers: ['192.0.2.53'],
        domain: 'subnet.example',
        options: { 'root-path': '/subnet', 'interface-mtu': 1300, 224: 'subnet' },
        leaseSeconds: { default: 2000 },
        pools: [
          { range: '192.168.1.100-192.168.1.109', options: { 'root-path': '/pool' } },
          {
            range: '192.168.1.110-192.168.1.119',
            class: 'lab',
            options: { 'classless-static-routes': '10.0.0.0/8 via 192.168.1.9' },
          },
        ],
      },
    ],
  }
  const own = networks(SAID)
  const segment = own.segmentOf(ip('192.168.1.1'))!

  test('in a pool', () => {
    assert.deepEqual(
      { ...segment.pooled(ip('192.168.1.105'), 'default')!.config },
      {
        subnetMask: ip('255.255.255.0'),
        broadcastAddress: ip('192.168.1.255'),
        routers: [ip('192.168.1.254')],
        domainNameServers: [],
        leaseTime: 2000,
        extra: new Map([
          [17, text('/pool')],
          [26, Uint8Array.of(5, 20)],
          [42, Uint8Array.of(192, 0, 2, 1)],
          [15, text('subnet.example')],
          [224, text('subnet')],
          [7, Uint8Array.of(192, 0, 2, 7)],
          [6, Uint8Array.of(192, 0, 2, 53)],
          [119, Uint8Array.of(6, ...text('subnet'), 7, ...text('example'), 0)],
        ]),
      },
    )
  })

  test('routes are routes: the default one is added to them (P11)', () => {
    const { routes, routers, extra } = segment.pooled(ip('192.168.1.110'), 'default')!.config
    assert.deepEqual(
      [routes, routers],
      [[{ network: ip('10.0.0.0'), prefix: 8, router: ip('192.168.1.9') }], [ip('192.168.1.254')]],
    )
    assert.equal(extra!.has(121), false)
  })

  test('outside of the pools, for those that only ask', () => {
    assert.equal(segment.pooled(ip('192.168.1.9'), 'default'), undefined)
    assert.deepEqual(segment.at(ip('192.168.1.9'), 'default')!.config.extra!.get(17), text('/subnet'))
    assert.equal(segment.at(ip('192.168.2.9'), 'default'), undefined)
  })

  const leases: readonly (readonly [stage: 'default' | 'firmware' | 'ipxe', seconds: number])[] = [
    ['default', 2000],
    ['firmware', 100],
    ['ipxe', 2000],
  ]
  for (const [stage, seconds] of leases) {
    test(`lease time at the stage ${stage}: ${seconds}, never longer than that of the system`, () => {
      const { config, pool } = segment.pooled(ip('192.168.1.100'), stage)!
      assert.deepEqual([config.leaseTime, pool.leaseTime], [seconds, seconds])
    })
  }

  test('of a record: its own values, the rest of its subnet', () => {
    const dhcp = { nameServers: ['192.0.2.99'], domainName: 'record.example', leaseSeconds: 50 }
    const record = machine({ mac: '52:54:00:00:00:01', address: '192.168.1.9', dhcp })
    const times = { offerTime: 60 as Seconds, quarantineTime: 600 as Seconds }
    const { terms } = reservationOf(record, record.interfaces[0]!).address!
    const { config } = terms({ networks: own, ...times }).firmware
    assert.deepEqual(
      [config.leaseTime, config.routers, config.domainName],
      [50, [ip('192.168.1.254')], 'record.example'],
    )
    assert.deepEqual(
      [...config.extra!.keys()].toSorted((a, b) => a - b),
      [7, 17, 26, 42, 224],
    )
  })
})

test('our own address and the routers are nobody’s, wherever the pool is', () => {
  const subnets = [
    { subnet: '192.168.1.0/30', routers: ['192.168.1.2'], pools: [{ range: '192.168.1.1-192.168.1.2' }] },
  ]
  const site = new Site({ dhcp: { subnets }, unknown: true, machines: [] })
  assert.deepEqual([...site.ports.settings.networks.occupied].map(formatIpv4), ['192.168.1.1', '192.168.1.2'])
  assert.deepEqual(site.ask(message('discover')), {
    silent: 'no-free-address',
    note: 'all of 192.168.1.1-192.168.1.2 are taken',
    client: undefined,
  })
})
