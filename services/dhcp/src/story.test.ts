import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { decodeMessage, encodeMessage, messageType, type DhcpMessage } from '@reboots/protocol/dhcp'
import { formatIpv4, macOfBytes } from '@reboots/protocol/net'
import { machine } from '@reboots/testkit'
import { ADDRESS, ipxe, LINK, MAC, message, NOBODY, pxe, Site, typeOf, type Fields } from './site.fixture.ts'

/** One packet to the server and what comes back, as octets both ways. */
function exchange(site: Site, asked: DhcpMessage): DhcpMessage | undefined {
  const datagram = { bytes: encodeMessage(asked), from: NOBODY, link: LINK.name, at: site.now }
  const { send } = site.serve(datagram)
  return send && decodeMessage(send.bytes)
}

/** DISCOVER, OFFER, REQUEST, ACK: the ACK. */
function obtain(site: Site, fields: Fields): DhcpMessage {
  const offer = exchange(site, message('discover', fields))
  assert.ok(offer && messageType(offer) === 'offer')
  const selecting = { ...fields, requested: formatIpv4(offer.yiaddr), server: '192.168.1.1' }
  const ack = exchange(site, message('request', selecting))
  assert.ok(ack && messageType(ack) === 'ack')
  return ack
}

test('a machine from power-on to its third day', () => {
  const site = new Site()
  const system = { options: { 61: Uint8Array.of(255, 0xaa, 0, 1, 0, 2, 0, 0, 0xab, 0x11) } }
  const stages = [
    { options: pxe(7) },
    { options: { ...ipxe(7), 61: Uint8Array.of(1, 0x52, 0x54, 0, 0xaa, 0, 1) } },
    system,
  ].map((fields) => {
    site.wait(20)
    const ack = obtain(site, fields)
    return [formatIpv4(ack.yiaddr), ack.file.split('?')[0]]
  })
  assert.deepEqual(stages, [
    [ADDRESS, 'ipxe.efi'],
    [ADDRESS, `http://192.168.1.1:7080/ipxe/script/${MAC}/auto.ipxe`],
    [ADDRESS, ''],
  ])

  const renewals = Array.from({ length: 6 }, () => {
    site.wait(43_200)
    return typeOf(site.ask(message('request', { ...system, ciaddr: ADDRESS })))
  })
  assert.deepEqual(
    renewals,
    Array.from({ length: 6 }, () => 'ack'),
  )
})

test('a machine whose record is given another address is led to it', () => {
  const site = new Site()
  obtain(site, {})
  site.record(machine({ mac: MAC, address: '192.168.1.200' }))
  assert.equal(typeOf(site.ask(message('request', { ciaddr: ADDRESS }))), 'nak')
  assert.equal(formatIpv4(obtain(site, {}).yiaddr), '192.168.1.200')
})

test('a machine taken out of the records is not answered any more', () => {
  const site = new Site()
  obtain(site, {})
  site.record()
  assert.equal(typeOf(site.ask(message('request', { ciaddr: ADDRESS }))), 'unknown-machine')
})

test('machines on a network that loses, repeats and reorders packets only ever get their own address', () => {
  const macs = [1, 2, 3, 4].map((last) => `52:54:00:aa:00:0${last}`)
  const address = (mac: string) => `192.168.1.10${mac.at(-1)}`
  const machines = macs.map((mac) => machine({ mac, address: address(mac) }))
  const wish = fc.constantFrom(...macs.map(address), '192.168.1.9')
  const asked = fc
    .tuple(fc.constantFrom(...macs), wish)
    .chain(([mac, other]) =>
      fc.constantFrom(
        message('discover', { mac, requested: other }),
        message('request', { mac, requested: other, server: '192.168.1.1' }),
        message('request', { mac, requested: other }),
        message('request', { mac, ciaddr: other }),
        message('release', { mac, ciaddr: other, server: '192.168.1.1' }),
        message('decline', { mac, requested: other, server: '192.168.1.1' }),
      ),
    )
  fc.assert(
    fc.property(fc.array(fc.tuple(asked, fc.nat(400)), { maxLength: 60, size: 'max' }), (packets) => {
      const site = new Site({ machines })
      for (const [packet, pause] of packets) {
        site.wait(pause)
        const reply = exchange(site, packet)
        const given = reply?.yiaddr || undefined
        assert.ok(given === undefined || formatIpv4(given) === address(macOfBytes(packet.chaddr)))
        assert.ok(given === undefined || site.ports.leases.at(given, site.now)?.state !== 'declined')
      }
    }),
    { numRuns: 150 },
  )
})
