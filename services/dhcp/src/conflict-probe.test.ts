import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { MacAddress } from '@reboots/protocol/net'
import { formatIpv4 } from '@reboots/protocol/net'
import { machine } from '@reboots/testkit'
import { levelOf, remarksOf } from './packet-line.ts'
import { ADDRESS, ip, MAC, message, Site, typeOf, type Fields, type SiteOptions } from './site.fixture.ts'

const PROBING = { enabled: true, waitMilliseconds: 400, atOnce: 64 }
const SQUATTER = '52:54:00:77:00:99' as MacAddress
const NEWCOMER = '52:54:00:ee:00:01'
const OTHER = '52:54:00:ee:00:02'
const SUBNETS = [
  { subnet: '192.168.1.0/24', pools: [{ range: '192.168.1.10-192.168.1.14' }] },
  { subnet: '10.9.0.0/24', pools: [{ range: '10.9.0.10-10.9.0.14' }] },
]
const RELAYED = { giaddr: '10.9.0.1' }

function site(settings: SiteOptions['settings'] = {}): Site {
  return new Site({ unknown: true, dhcp: { subnets: SUBNETS }, settings: { conflictProbe: PROBING, ...settings } })
}

/** Somebody without a lease has these. */
function squatting(site: Site, ...addresses: readonly string[]): Site {
  for (const address of addresses) site.occupied.set(ip(address), { occupant: SQUATTER })
  return site
}

const probed = (site: Site): string[] => site.probed.map(({ address, method }) => `${formatIpv4(address)} ${method}`)
const discover = (fields: Fields = {}) => message('discover', { mac: NEWCOMER, ...fields })
const select = (address: string, fields: Fields = {}) =>
  message('request', { mac: NEWCOMER, requested: address, server: '192.168.1.1', ...fields })

describe('before it is offered', () => {
  test('an address of the pool is probed by ARP, for a client that is new to it', () => {
    const lan = site()
    const { reply } = lan.answer(discover())
    assert.deepEqual([formatIpv4(reply.yiaddr), probed(lan)], ['192.168.1.10', ['192.168.1.10 arp']])
    assert.deepEqual([lan.probed[0]?.link, lan.probed[0]?.client, lan.probed[0]?.known], ['lan0', NEWCOMER, false])
  })

  test('one behind a relay agent by ICMP, unless it is on our wire after all', () => {
    const lan = site()
    lan.answer(discover(RELAYED))
    lan.answer(discover({ mac: OTHER, giaddr: '192.168.1.87' }))
    assert.deepEqual(probed(lan), ['10.9.0.10 icmp', '192.168.1.10 arp'])
  })

  test('every DISCOVER of an offer that is not taken yet asks again; that it was asked lately is for the prober to know', () => {
    const lan = site()
    lan.answer(discover())
    lan.answer(discover())
    assert.deepEqual(probed(lan), ['192.168.1.10 arp', '192.168.1.10 arp'])
  })

  test('with rapid commit it is probed before it is bound', () => {
    const lan = squatting(site({ rapidCommit: true }), '192.168.1.10')
    const outcome = lan.answer(discover({ options: { 80: new Uint8Array(0) } }))
    assert.deepEqual([typeOf(outcome), formatIpv4(outcome.reply.yiaddr)], ['ack', '192.168.1.11'])
    assert.equal(lan.ports.leases.at(ip('192.168.1.10'), lan.now)?.state, 'declined')
  })
})

describe('not probed is', () => {
  const nothing: readonly (readonly [what: string, Site, act: (site: Site) => void])[] = [
    ['a reservation', site(), (lan) => lan.answer(message('discover'))],
    ['what a REQUEST names', site(), (lan) => lan.answer(select('192.168.1.12'))],
    [
      'anything when it is switched off',
      site({ conflictProbe: { ...PROBING, enabled: false } }),
      (lan) => lan.answer(discover()),
    ],
  ]
  for (const [what, lan, act] of nothing) {
    test(what, () => {
      squatting(lan, ADDRESS, '192.168.1.10', '192.168.1.12')
      act(lan)
      assert.deepEqual(lan.probed, [])
    })
  }

  test('the address that the client has', () => {
    const lan = site()
    lan.answer(select('192.168.1.12'))
    lan.answer(discover())
    assert.deepEqual(lan.probed, [])
  })

  test('the address that the client had last, which is said to the prober', () => {
    const lan = site()
    lan.answer(select('192.168.1.12'))
    lan.ask(message('release', { mac: NEWCOMER, ciaddr: '192.168.1.12', server: '192.168.1.1' }))
    lan.answer(discover())
    assert.deepEqual(
      lan.probed.map(({ known }) => known),
      [true],
    )
  })
})

describe('an address that somebody uses', () => {
  test('is in quarantine, the client is offered the next one, and a warning says who it was', () => {
    const lan = squatting(site(), '192.168.1.10', '192.168.1.11')
    const outcome = lan.answer(discover())
    assert.equal(formatIpv4(outcome.reply.yiaddr), '192.168.1.12')
    const conflicts = [`192.168.1.10 is at ${SQUATTER}`, `192.168.1.11 is at ${SQUATTER}`]
    assert.deepEqual([levelOf(outcome), remarksOf(outcome)['conflicts']], ['warn', conflicts])
    const states = ['192.168.1.10', '192.168.1.11'].map((address) => lan.ports.leases.at(ip(address), lan.now)?.state)
    assert.deepEqual(states, ['declined', 'declined'])
    assert.equal(formatIpv4(lan.answer(discover({ mac: OTHER })).reply.yiaddr), '192.168.1.13')
  })

  test('is not given to who asks for it by name', () => {
    const lan = squatting(site(), '192.168.1.13')
    assert.equal(formatIpv4(lan.answer(discover({ requested: '192.168.1.13' })).reply.yiaddr), '192.168.1.10')
    assert.equal(typeOf(lan.ask(select('192.168.1.13'))), 'nak')
  })

  test('behind a relay agent answers a ping, from nobody knows which machine', () => {
    const lan = site()
    lan.occupied.set(ip('10.9.0.10'), { occupant: undefined })
    const outcome = lan.answer(discover(RELAYED))
    assert.deepEqual([formatIpv4(outcome.reply.yiaddr), outcome.conflicts], ['10.9.0.11', ['10.9.0.10 answers a ping']])
  })

  test('is free again when the quarantine is over, for who comes then', () => {
    const lan = squatting(site(), '192.168.1.10')
    lan.answer(discover({ requested: '192.168.1.10' }))
    lan.occupied.clear()
    lan.wait(599)
    assert.notEqual(
      formatIpv4(lan.answer(discover({ mac: OTHER, requested: '192.168.1.10' })).reply.yiaddr),
      '192.168.1.10',
    )
    lan.wait(61)
    assert.equal(
      formatIpv4(lan.answer(discover({ mac: OTHER.replace('02', '03'), requested: '192.168.1.10' })).reply.yiaddr),
      '192.168.1.10',
    )
  })

  test('after three of them it is silence; the client asks again and gets the next', () => {
    const lan = squatting(site(), '192.168.1.10', '192.168.1.11', '192.168.1.12')
    const outcome = lan.ask(discover())
    assert.deepEqual([typeOf(outcome), outcome.conflicts?.length, levelOf(outcome)], ['probe-conflict', 3, 'warn'])
    assert.equal(formatIpv4(lan.answer(discover()).reply.yiaddr), '192.168.1.13')
  })

  test('when it was the last one it is silence', () => {
    const lan = squatting(
      new Site({
        unknown: true,
        dhcp: { subnets: [{ subnet: '192.168.1.0/24', pools: [{ range: '192.168.1.10-192.168.1.10' }] }] },
        settings: { conflictProbe: PROBING },
      }),
      '192.168.1.10',
    )
    assert.equal(typeOf(lan.ask(discover())), 'no-free-address')
  })

  test('while the books cannot be asked it is silence', () => {
    const lan = squatting(site(), '192.168.1.10')
    const occupied = lan.occupied.get(ip('192.168.1.10'))!
    lan.occupied.get = () => {
      lan.storeGone = true
      return occupied
    }
    assert.equal(typeOf(lan.ask(discover())), 'leases-unavailable')
  })

  test('leaves reservations alone', () => {
    const lan = squatting(
      new Site({
        machines: [machine({ mac: MAC, address: '192.168.1.10' })],
        unknown: true,
        dhcp: { subnets: SUBNETS },
        settings: { conflictProbe: PROBING },
      }),
      '192.168.1.11',
    )
    lan.answer(discover())
    assert.equal(formatIpv4(lan.answer(message('discover')).reply.yiaddr), '192.168.1.10')
  })
})
