import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { hardware } from '@reboots/api'
import { formatIpv4, type Seconds } from '@reboots/protocol/net'
import { machine } from '@reboots/testkit'
import { reservationOf } from './reservation.ts'
import { ip, networks } from './site.fixture.ts'

const TIMES = { offerTime: 60 as Seconds, quarantineTime: 600 as Seconds }
const SETTINGS = { networks: networks({ logServers: ['192.168.7.7'] }), ...TIMES }
const reserve = (dhcp: Partial<hardware.Dhcp>, address = '192.168.4.4') => {
  const record = machine({ mac: '52:54:00:aa:00:01', address, dhcp })
  return reservationOf(record, record.interfaces[0]!)
}

describe('reservationOf', () => {
  test('takes over everything the record says', () => {
    const { address } = reserve({
      netmask: '255.255.252.0',
      gateway: '192.168.4.1',
      hostname: 'test-server',
      domainName: 'mynet.local',
      leaseSeconds: 84_600,
      nameServers: ['8.8.8.8', '8.8.4.4'],
      timeServers: ['132.163.96.2'],
      routes: [{ destination: '10.0.0.0/8', router: '192.168.4.10' }],
    })
    assert.equal(formatIpv4(address!.ip), '192.168.4.4')
    assert.equal(address!.subnet, '192.168.4.0/22')
    assert.deepEqual(address!.terms(SETTINGS).default.pool, {
      ranges: [],
      leaseTime: 84_600,
      offerTime: 60,
      quarantineTime: 600,
    })
    assert.deepEqual(
      { ...address!.terms(SETTINGS).default.config },
      {
        subnetMask: ip('255.255.252.0'),
        broadcastAddress: ip('192.168.7.255'),
        routers: [ip('192.168.4.1')],
        domainNameServers: [ip('8.8.8.8'), ip('8.8.4.4')],
        leaseTime: 84_600,
        hostName: 'test-server',
        domainName: 'mynet.local',
        domainSearch: ['mynet.local'],
        ntpServers: [ip('132.163.96.2')],
        extra: new Map([[7, Uint8Array.of(192, 168, 7, 7)]]),
        routes: [{ network: ip('10.0.0.0'), prefix: 8, router: ip('192.168.4.10') }],
      },
    )
  })

  test('a search list of its own wins over the domain', () => {
    const { address } = reserve({ domainName: 'a.example', domainSearch: ['b.example', 'c.example'] })
    assert.deepEqual(address!.terms(SETTINGS).default.config.domainSearch, ['b.example', 'c.example'])
  })

  test('a record without an address has none, and is no error', () => {
    assert.equal(reserve({}, '').address, undefined)
  })

  const bad: readonly [Partial<hardware.Dhcp>, RegExp][] = [
    [{ address: '2001:db8::1' }, /^address: '2001:db8::1'/],
    [{ netmask: '' }, /^netmask/],
    [{ netmask: '255.0.255.0' }, /^netmask: 255\.0\.255\.0 has gaps/],
    [{ gateway: 'gw' }, /^gateway: 'gw'/],
    [{ nameServers: ['8.8.8.8', 'dns'] }, /^nameServers: 'dns'/],
    [{ timeServers: ['pool.ntp.org'] }, /^timeServers/],
    [{ routes: [{ destination: '10.0.0.0', router: '192.168.4.10' }] }, /^routes: 10\.0\.0\.0 is not a CIDR/],
    [{ routes: [{ destination: '10.0.0.0/33', router: '192.168.4.10' }] }, /^routes/],
    [{ routes: [{ destination: '10.0.0.0/8', router: '' }] }, /^routes/],
  ]
  for (const [dhcp, message] of bad) {
    test(`refuses ${JSON.stringify(dhcp)}, naming the field`, () => {
      assert.throws(() => reserve(dhcp), { message })
    })
  }
})
