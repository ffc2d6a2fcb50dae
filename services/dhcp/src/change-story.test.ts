import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { runStep } from '@reboots/leases'
import { leaseTime, option, router } from '@reboots/protocol/dhcp'
import { formatIpv4 } from '@reboots/protocol/net'
import { handle } from './handle.ts'
import type { Link } from './ports.ts'
import { ADDRESS, got, ip, LINK, MACHINE, message, NOBODY, Site, typeOf, type SiteOptions } from './site.fixture.ts'

const STRANGER = '52:54:00:cc:00:01'
const OTHER = '52:54:00:cc:00:02'

/** A subnet with a pool up to .`last`; without a pool for 0. */
const upTo = (last: number, more: object = {}) => ({
  subnets: [
    {
      subnet: '192.168.1.0/24',
      pools: last === 0 ? [] : [{ range: `192.168.1.10-192.168.1.${last}` }],
      leaseSeconds: { default: 600 },
      ...more,
    },
  ],
})

function bound(site: Site, mac: string, requested: string): void {
  assert.equal(typeOf(site.ask(message('request', { mac, requested, server: '192.168.1.1' }))), 'ack')
}

const renewal = (mac: string, ciaddr: string) => message('request', { mac, ciaddr })
const open: SiteOptions = { dhcp: upTo(13), unknown: true, machines: [] }

describe('a pool that is made smaller', () => {
  const smaller: readonly (readonly [name: string, dhcp: object])[] = [
    ['and the address is outside of it', upTo(12)],
    ['to nothing', upTo(0)],
    ['by closing it', upTo(13, { reservationsOnly: true })],
    ['with its subnet', { subnets: [] }],
  ]
  for (const [name, dhcp] of smaller) {
    test(`${name}: the renewal is refused, and the lease runs to its end`, () => {
      const site = new Site(open)
      bound(site, STRANGER, '192.168.1.13')
      site.wait(300)
      site.configure(dhcp)
      assert.equal(typeOf(site.ask(renewal(STRANGER, '192.168.1.13'))), 'nak')
      assert.equal(site.ports.leases.at(ip('192.168.1.13'), site.now)?.client, STRANGER)
      site.configure(open.dhcp!)
      assert.equal(
        typeOf(site.ask(message('request', { mac: OTHER, requested: '192.168.1.13', server: '192.168.1.1' }))),
        'nak',
      )
      site.wait(300)
      bound(site, OTHER, '192.168.1.13')
    })

    test(`${name}: a server that is not authoritative says nothing`, () => {
      const site = new Site({ ...open, settings: { authoritative: false } })
      bound(site, STRANGER, '192.168.1.13')
      site.configure(dhcp)
      assert.equal(typeOf(site.ask(renewal(STRANGER, '192.168.1.13'))), 'not-authoritative')
    })
  }

  test('its former addresses are not taken from their clients for the sake of a reservation', () => {
    const site = new Site(open)
    bound(site, STRANGER, '192.168.1.13')
    site.configure(upTo(12))
    site.record({
      ...MACHINE,
      interfaces: [{ ...MACHINE.interfaces[0]!, dhcp: { ...MACHINE.interfaces[0]!.dhcp!, address: '192.168.1.13' } }],
    })
    assert.equal(typeOf(site.ask(message('discover'))), 'address-in-use')
    site.wait(601)
    assert.equal(formatIpv4(site.answer(message('discover')).reply.yiaddr), '192.168.1.13')
  })

  test('who has an address that stays goes on having it', () => {
    const site = new Site(open)
    bound(site, STRANGER, '192.168.1.10')
    site.configure(upTo(12))
    assert.equal(typeOf(site.ask(renewal(STRANGER, '192.168.1.10'))), 'ack')
  })
})

describe('a pool that is made larger', () => {
  test('has the new addresses for newcomers, but not those of records, of routers and our own', () => {
    const site = new Site({ ...open, dhcp: upTo(10), machines: [MACHINE] })
    bound(site, OTHER, '192.168.1.10')
    const subnet = { subnet: '192.168.1.0/30', routers: ['192.168.1.2'], pools: [{ range: '192.168.1.1-192.168.1.2' }] }
    const around = { subnet: '192.168.1.96/29', link: LINK.name, pools: [{ range: '192.168.1.100-192.168.1.101' }] }
    site.configure({ subnets: [{ ...subnet, link: LINK.name }, around] })
    assert.equal(formatIpv4(site.answer(message('discover', { mac: STRANGER })).reply.yiaddr), '192.168.1.101')
    site.configure({ subnets: [{ ...subnet, link: LINK.name, routers: [] }, around] })
    assert.equal(formatIpv4(site.answer(message('discover', { mac: '52:54:00:cc:00:03' })).reply.yiaddr), '192.168.1.2')
  })

  test('an address that was reserved in a pool that was gone is free when the record is gone, too', () => {
    const site = new Site({ ...open, dhcp: upTo(0), machines: [MACHINE] })
    site.configure({ subnets: [{ subnet: '192.168.1.0/24', pools: [{ range: `${ADDRESS}-${ADDRESS}` }] }] })
    site.configure(upTo(0))
    site.record()
    site.configure({ subnets: [{ subnet: '192.168.1.0/24', pools: [{ range: `${ADDRESS}-${ADDRESS}` }] }] })
    assert.equal(formatIpv4(site.answer(message('discover', { mac: STRANGER })).reply.yiaddr), ADDRESS)
  })
})

describe('a message that waits for the lease store while the settings change', () => {
  test('is answered by those it came in under, in everything', () => {
    const site = new Site({ ...open, dhcp: upTo(13, { routers: ['192.168.1.9'] }) })
    const asked = message('discover', { mac: STRANGER, asks: [3, 51] })
    const decision = handle(asked, { link: LINK, from: NOBODY }, site.ports, site.now)
    assert.ok('step' in decision)
    const lease = runStep(site.ports.leases, decision.step, site.now)
    site.configure({ subnets: [] })
    const outcome = decision.conclude(lease)
    assert.ok('reply' in outcome)
    const { reply } = outcome
    assert.deepEqual(
      [formatIpv4(reply.yiaddr), option(reply, router), option(reply, leaseTime)],
      ['192.168.1.10', [ip('192.168.1.9')], 600],
    )
    assert.equal(typeOf(site.ask(asked)), 'unknown-machine')
  })
})

describe('what goes with an address', () => {
  test('is as the configuration says now, for reservations too', () => {
    const site = new Site({ dhcp: { subnets: [] } })
    const asks = { asks: [3, 51] }
    assert.deepEqual(got(site.answer(message('discover', asks)), router), [ip('192.168.1.254')])
    const bare = { ...MACHINE.interfaces[0]!.dhcp!, gateway: '', leaseSeconds: 5000 }
    site.record({ ...MACHINE, interfaces: [{ ...MACHINE.interfaces[0]!, dhcp: bare }] })
    assert.equal(got(site.answer(message('discover', asks)), router), undefined)
    site.configure(upTo(0, { routers: ['192.168.1.9'] }))
    const answer = site.answer(message('discover', asks))
    assert.deepEqual([got(answer, router), got(answer, leaseTime)], [[ip('192.168.1.9')], 5000])
  })
})

describe('an interface with another address', () => {
  const moved: Link = { ...LINK, address: ip('192.168.2.1') }

  test('is in another subnet, and its clients are refused the addresses of the one before', () => {
    const dhcp = {
      subnets: [
        { subnet: '192.168.1.0/24', pools: [{ range: '192.168.1.10-192.168.1.13' }] },
        { subnet: '192.168.2.0/24', pools: [{ range: '192.168.2.1-192.168.2.13' }] },
      ],
    }
    const site = new Site({ ...open, dhcp })
    bound(site, STRANGER, '192.168.1.10')
    site.configure(dhcp, [moved])
    assert.equal(
      typeOf(site.ask(message('request', { mac: STRANGER, requested: '192.168.1.10' }), { link: moved })),
      'nak',
    )
    const { reply } = site.answer(message('discover', { mac: STRANGER }), { link: moved })
    assert.deepEqual([formatIpv4(reply.yiaddr), reply.options.get(54)], ['192.168.2.2', Uint8Array.of(192, 168, 2, 1)])
  })
})
