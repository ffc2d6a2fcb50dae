import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  clientIdentifier,
  leaseTime,
  message as why,
  OptionSet,
  rebindingTime,
  renewalTime,
  serverIdentifier,
  BROADCAST_FLAG,
  type DhcpMessage,
} from '@reboots/protocol/dhcp'
import { formatIpv4, type Instant } from '@reboots/protocol/net'
import { machine } from '@reboots/testkit'
import { ADDRESS, codes, got, ip, LINK, MAC, message, Site, typeOf, type Fields } from './site.fixture.ts'

const US = '192.168.1.1'
const OTHER = '192.168.1.250'
const WRONG = '192.168.1.99'

/** The table of the README, row by row; `not authoritative` is the same server with `authoritative: false`. */
const STATES: readonly (readonly [row: string, fields: Fields, authoritative: string, otherwise: string])[] = [
  ['selecting, ours (S5)', { server: US, requested: ADDRESS }, 'ack', 'ack'],
  ['selecting, ours, another address', { server: US, requested: WRONG }, 'nak', 'nak'],
  ['selecting, ours, no address', { server: US }, 'nak', 'nak'],
  [
    'selecting, another server (S6)',
    { server: OTHER, requested: ADDRESS },
    'other-server-selected',
    'other-server-selected',
  ],
  ['init-reboot, right (S7)', { requested: ADDRESS }, 'ack', 'ack'],
  ['init-reboot, wrong (S7)', { requested: WRONG }, 'nak', 'not-authoritative'],
  ['init-reboot, wrong network (S7)', { requested: ADDRESS, giaddr: '10.0.0.1' }, 'nak', 'not-authoritative'],
  ['renewing, right (S8)', { ciaddr: ADDRESS }, 'ack', 'ack'],
  ['renewing, wrong (S8)', { ciaddr: WRONG }, 'nak', 'not-authoritative'],
  ['renewing, right, and names another besides', { ciaddr: ADDRESS, requested: WRONG }, 'ack', 'ack'],
  [
    'renewing, wrong, and names the right one besides',
    { ciaddr: WRONG, requested: ADDRESS },
    'nak',
    'not-authoritative',
  ],
  ['rebinding through a relay, right', { ciaddr: ADDRESS, giaddr: '192.168.1.2' }, 'ack', 'ack'],
  ['rebinding through a relay, wrong network', { ciaddr: ADDRESS, giaddr: '10.0.0.1' }, 'nak', 'not-authoritative'],
  ['names no address at all', {}, 'no-client-address', 'no-client-address'],
]

describe('REQUEST', () => {
  for (const [row, fields, authoritative, otherwise] of STATES) {
    test(`${row}: ${authoritative}, not authoritative: ${otherwise}`, () => {
      const outcomes = [true, false].map((authoritative) =>
        typeOf(new Site({ settings: { authoritative } }).ask(message('request', fields))),
      )
      assert.deepEqual(outcomes, [authoritative, otherwise])
    })
  }

  test('without an address in the record: silence', () => {
    const site = new Site({ machines: [machine({ mac: MAC })] })
    assert.equal(typeOf(site.ask(message('request', { requested: ADDRESS }))), 'no-address')
  })
})

describe('ACK', () => {
  test('has the values of the OFFER (S5)', () => {
    const site = new Site()
    const asks = [1, 3, 6, 12, 15, 28, 42, 51, 54, 58, 59]
    const { reply: offer } = site.answer(message('discover', { asks }))
    const { reply: ack } = site.answer(message('request', { asks, server: US, requested: ADDRESS }))
    const type = Uint8Array.of(5)
    assert.deepEqual(ack, { ...offer, options: OptionSet.of(offer.options).set(53, type) })
  })

  test('to a renewal copies ciaddr and goes there (S8)', () => {
    const { reply, to } = new Site().answer(message('request', { ciaddr: ADDRESS }))
    assert.deepEqual([reply.ciaddr, reply.yiaddr], [ip(ADDRESS), ip(ADDRESS)])
    assert.deepEqual(to, { kind: 'unicast', to: { address: ip(ADDRESS), port: 68 } })
  })

  test('binds the lease for its time, and each renewal extends it', () => {
    const site = new Site()
    const leaseEnds = () => site.ports.leases.at(ip(ADDRESS), site.now)?.expiresAt
    site.answer(message('request', { server: US, requested: ADDRESS }))
    const first = leaseEnds()
    site.wait(43_200)
    const renewed = site.answer(message('request', { ciaddr: ADDRESS }))
    assert.equal(got(renewed, leaseTime), 86_400)
    assert.equal(leaseEnds(), first! + 43_200_000)
  })

  test('a renewal through a router is answered although the address is not of this link', () => {
    const site = new Site({ machines: [machine({ mac: MAC, address: '10.9.0.9' })] })
    assert.equal(typeOf(site.ask(message('request', { ciaddr: '10.9.0.9' }))), 'ack')
  })

  test('also where this link has a pool, which the machine does not use', () => {
    const subnets = [{ subnet: '192.168.1.0/24', pools: [{ range: '192.168.1.10-192.168.1.20' }] }]
    const site = new Site({ machines: [machine({ mac: MAC, address: '10.9.0.9' })], dhcp: { subnets } })
    const outcome = site.answer(message('request', { ciaddr: '10.9.0.9' }))
    assert.deepEqual([typeOf(outcome), formatIpv4(outcome.reply.yiaddr)], ['ack', '10.9.0.9'])
    // Through a relay agent it is known where the machine is, and there the address is of no use.
    const relayed = message('request', { ciaddr: '10.9.0.9', giaddr: '192.168.1.2' })
    assert.equal(typeOf(site.ask(relayed)), 'nak')
  })

  test('the name a relay agent gave us is ours, and so is our own (R6)', () => {
    const site = new Site()
    const relayed = { giaddr: '192.168.1.2', options: { 82: Uint8Array.of(11, 4, 192, 168, 1, 254) } }
    const servers = ['192.168.1.254', US, OTHER].map((server) =>
      typeOf(site.ask(message('request', { ...relayed, server, requested: ADDRESS }))),
    )
    assert.deepEqual(servers, ['ack', 'ack', 'other-server-selected'])
  })
})

describe('NAK', () => {
  const empty = ({ ciaddr, yiaddr, siaddr, file, sname }: DhcpMessage) => [ciaddr, yiaddr, siaddr, file, sname]

  test('has type, server, reason and client identifier, and no addresses and no lease (S9)', () => {
    const options = { 61: Uint8Array.of(1, 2, 3) }
    const nak = new Site().answer(message('request', { requested: WRONG, asks: [1, 3, 6, 51], options }))
    assert.deepEqual(codes(nak), [56, 61])
    assert.deepEqual(got(nak, clientIdentifier), options[61])
    assert.equal(got(nak, serverIdentifier), LINK.address)
    assert.match(got(nak, why)!, /192\.168\.1\.99 is not the reserved address/)
    assert.deepEqual(empty(nak.reply), [0, 0, 0, '', ''])
  })

  test('says why a client of the pool cannot have the address it names', () => {
    const subnets = [{ subnet: '192.168.1.0/24', pools: [{ range: '192.168.1.10-192.168.1.20' }] }]
    const site = new Site({
      dhcp: { subnets },
      unknown: true,
      machines: [machine({ mac: MAC, address: '192.168.1.12' })],
    })
    const ask = (type: 'request' | 'decline', last: number, requested: string) =>
      site.ask(message(type, { mac: `52:54:00:ff:00:0${last}`, requested, server: US }))
    ask('request', 1, '192.168.1.10')
    ask('request', 1, '192.168.1.11')
    ask('decline', 1, '192.168.1.11')
    ask('request', 1, '192.168.1.10')
    const notes = ['192.168.1.10', '192.168.1.11', '192.168.1.12'].map((address) => ask('request', 2, address).note)
    assert.deepEqual(notes, [
      '192.168.1.10 is leased to another client',
      '192.168.1.11 is in quarantine',
      '192.168.1.12 is kept for another',
    ])
  })

  test('is broadcast, also to a client that has an address', () => {
    const { to } = new Site().answer(message('request', { ciaddr: WRONG }))
    assert.deepEqual(to, { kind: 'broadcast', to: { address: 0xffffffff, port: 68 } })
  })

  test('through a relay has the broadcast flag (A1)', () => {
    const { reply, to } = new Site().answer(message('request', { requested: WRONG, giaddr: '192.168.1.2' }))
    assert.equal(formatIpv4(to.to.address), '192.168.1.2')
    assert.equal(reply.flags, BROADCAST_FLAG)
  })
})

test('selecting another server gives our offer up (S6), but not a lease bound before', () => {
  const site = new Site()
  const chooseOther = message('request', { server: OTHER, requested: ADDRESS })
  const state = () => site.ports.leases.at(ip(ADDRESS), site.now)?.state
  site.answer(message('discover'))
  site.ask(chooseOther)
  const afterOffer = state()
  site.answer(message('request', { ciaddr: ADDRESS }))
  site.ask(chooseOther)
  assert.deepEqual([afterOffer, state()], [undefined, 'bound'])
})

describe('ACK when the books give less time than was asked for', () => {
  const askedAgain = (secondsLeft: number) => {
    const site = new Site()
    site.booksEnd = (site.now + secondsLeft * 1000) as Instant
    return site.ask(message('request', { ciaddr: ADDRESS, asks: [1, 51, 58, 59] }))
  }

  test('the client is told that time, and when to renew within it', () => {
    const acked = askedAgain(800)
    assert.ok('reply' in acked)
    assert.deepEqual([got(acked, leaseTime), got(acked, renewalTime), got(acked, rebindingTime)], [800, 400, 700])
  })

  test('with nothing left there is no ACK', () => {
    assert.equal(typeOf(askedAgain(0)), 'leases-unavailable')
  })

  test('an end that is later, or none, changes nothing', () => {
    for (const secondsLeft of [86_400, 1_000_000]) {
      const acked = askedAgain(secondsLeft)
      assert.ok('reply' in acked)
      assert.equal(got(acked, leaseTime), 86_400)
    }
  })
})
