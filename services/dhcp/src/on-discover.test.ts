import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  BROADCAST_FLAG,
  clientIdentifier,
  leaseTime,
  rebindingTime,
  relayAgentInformation,
  renewalTime,
  serverIdentifier,
  subnetMask,
  type Destination,
} from '@reboots/protocol/dhcp'
import { formatIpv4 } from '@reboots/protocol/net'
import { machine } from '@reboots/testkit'
import { ADDRESS, codes, got, ip, LINK, MAC, MACHINE, message, Site, typeOf } from './site.fixture.ts'

const where = ({ kind, to }: Destination) => `${kind} ${formatIpv4(to.address)}:${to.port}`

describe('OFFER', () => {
  test('gives the reserved address with lease, server and mask (S1, S14)', () => {
    const offer = new Site().answer(message('discover'))
    assert.equal(offer.reply.yiaddr, ip(ADDRESS))
    assert.equal(got(offer, leaseTime), 86_400)
    assert.equal(got(offer, renewalTime), 43_200)
    assert.equal(got(offer, rebindingTime), 75_600)
    assert.equal(got(offer, serverIdentifier), LINK.address)
    assert.equal(got(offer, subnetMask), ip('255.255.255.0'))
  })

  test('has only what was asked for (P6)', () => {
    assert.deepEqual(codes(new Site().answer(message('discover', { asks: [1, 6, 42] }))), [1, 51, 58, 59])
  })

  test('is the same when asked again (S4), whatever address was wished for (S2)', () => {
    const site = new Site()
    const offers = [message('discover'), message('discover', { requested: '192.168.1.7' })].map(
      (discover) => site.answer(discover).reply,
    )
    assert.deepEqual(offers[0], offers[1])
  })

  test('is the same for firmware, iPXE and system, which differ in their client identifier (S19)', () => {
    const site = new Site()
    const identifiers = [undefined, Uint8Array.of(1, 0x52, 0x54, 0, 0xaa, 0, 1), Uint8Array.of(255, 1, 2, 3, 4, 5)]
    const offers = identifiers.map((identifier) =>
      site.answer(message('discover', { options: identifier ? { 61: identifier } : {} })),
    )
    assert.deepEqual(
      offers.map((offer) => [formatIpv4(offer.reply.yiaddr), got(offer, clientIdentifier)]),
      identifiers.map((identifier) => [ADDRESS, identifier]),
    )
  })

  test('has no boot file for a client that does not boot, whatever name it came with (P15)', () => {
    assert.equal(new Site().answer(message('discover', { file: 'boot.scr.uimg' })).reply.file, '')
  })

  const destinations: readonly [row: string, fields: Parameters<typeof message>[1], to: string][] = [
    ['A1', { giaddr: '192.168.1.2' }, 'relay 192.168.1.2:67'],
    ['A3', { flags: BROADCAST_FLAG }, 'broadcast 255.255.255.255:68'],
    ['A4', { flags: 0 }, `hardware ${ADDRESS}:68`],
  ]
  for (const [row, fields, to] of destinations) {
    test(`goes to ${to} (${row})`, () => {
      assert.equal(where(new Site().answer(message('discover', fields)).to), to)
    })
  }
})

describe('silence', () => {
  test('no address in the record', () => {
    assert.equal(typeOf(new Site({ machines: [machine({ mac: MAC })] }).ask(message('discover'))), 'no-address')
  })

  const elsewhere: readonly [network: string, fields: Parameters<typeof message>[1]][] = [
    ['of the link', { mac: '52:54:00:aa:00:09' }],
    ['of giaddr (R2)', { giaddr: '172.31.0.1' }],
    ['of the link selection (R5)', { giaddr: '192.168.1.2', options: { 82: Uint8Array.of(5, 4, 10, 9, 0, 0) } }],
  ]
  for (const [network, fields] of elsewhere) {
    test(`the reserved address is not in the network ${network}`, () => {
      const machines = [MACHINE, machine({ mac: '52:54:00:aa:00:09', address: '10.9.0.9' })]
      assert.equal(typeOf(new Site({ machines }).ask(message('discover', fields))), 'wrong-network')
    })
  }
})

describe('through a relay agent', () => {
  const routed = machine({ mac: MAC, address: '10.9.0.9' })

  test('the network is that of giaddr, and option 82 comes back as it was (R1, R2)', () => {
    const circuit = Uint8Array.of(1, 4, 0x74, 0x65, 0x73, 0x74, 2, 3, 0xaa, 0xbb, 0xcc)
    const discover = message('discover', { giaddr: '10.9.0.1', asks: [1], options: { 82: circuit } })
    const offer = new Site({ machines: [routed] }).answer(discover)
    assert.equal(formatIpv4(offer.reply.yiaddr), '10.9.0.9')
    assert.deepEqual(got(offer, relayAgentInformation), circuit)
  })

  test('link selection names the network, the reply goes to giaddr all the same (R5)', () => {
    const discover = message('discover', { giaddr: '192.168.1.87', options: { 82: Uint8Array.of(5, 4, 10, 9, 0, 0) } })
    const offer = new Site({ machines: [routed] }).answer(discover)
    assert.equal(where(offer.to), 'relay 192.168.1.87:67')
  })

  test('we take the name it gives us (R6), and answer at its port (R8)', () => {
    const relay = Uint8Array.of(11, 4, 10, 9, 0, 254, 19, 0)
    const discover = message('discover', { giaddr: '10.9.0.1', options: { 82: relay } })
    const offer = new Site({ machines: [routed] }).answer(discover, { from: { address: ip('10.9.0.1'), port: 1067 } })
    assert.equal(got(offer, serverIdentifier), ip('10.9.0.254'))
    assert.equal(where(offer.to), 'relay 10.9.0.1:1067')
  })
})

describe('an address that moved to another machine in the records', () => {
  const NEW = '52:54:00:aa:00:02'
  const moved = () => {
    const site = new Site()
    site.answer(message('request', { requested: ADDRESS }))
    site.record(machine({ mac: NEW, address: ADDRESS }))
    return site
  }

  test('is offered to that one at once', () => {
    assert.equal(moved().answer(message('discover', { mac: NEW })).reply.yiaddr, ip(ADDRESS))
  })

  test('is bound for that one at once', () => {
    const site = moved()
    assert.equal(typeOf(site.ask(message('request', { mac: NEW, requested: ADDRESS }))), 'ack')
    assert.equal(site.ports.leases.at(ip(ADDRESS), site.now)?.client, NEW)
  })

  test('stays in quarantine if the one before declined it', () => {
    const site = new Site()
    site.ask(message('decline', { server: '192.168.1.1', requested: ADDRESS }))
    site.record(machine({ mac: NEW, address: ADDRESS }))
    assert.equal(typeOf(site.ask(message('discover', { mac: NEW }))), 'address-quarantined')
  })
})
