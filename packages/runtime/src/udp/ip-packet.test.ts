import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { fromHex } from '@reboots/protocol/bytes'
import { parseIpv4, type Ipv4Address } from '@reboots/protocol/net'
import { readUdpInIp, udpInIp } from './ip-packet.ts'

const endpoint = fc.record(
  { address: fc.nat({ max: 0xffffffff }).map((n) => n as Ipv4Address), port: fc.nat({ max: 65535 }) },
  { noNullPrototype: true },
)
const datagram = fc.record(
  { from: endpoint, to: endpoint, bytes: fc.uint8Array({ maxLength: 1472 }) },
  { noNullPrototype: true },
)

/** 10.1.0.2:68 says "hi" to 10.1.0.1:67, as tcpdump has it; the checksum of the header is there. */
const RECORDED = '4500001e000040004011 26cb 0a010002 0a010001 0044 0043 000a 82e5 6869'.replaceAll(' ', '')

test('a packet of somebody else', () => {
  const from = { address: parseIpv4('10.1.0.2')!, port: 68 }
  const to = { address: parseIpv4('10.1.0.1')!, port: 67 }
  assert.deepEqual(readUdpInIp(fromHex(RECORDED)), { from, to, bytes: Uint8Array.of(0x68, 0x69) })
  const made = udpInIp({ from, to, bytes: Uint8Array.of(0x68, 0x69) })
  assert.deepEqual(made.subarray(12), fromHex(RECORDED).subarray(12))
})

test('what is written is read, also with octets of the frame behind it', () => {
  fc.assert(
    fc.property(datagram, fc.nat({ max: 20 }), (sent, padding) => {
      const packet = udpInIp(sent)
      const padded = new Uint8Array(packet.length + padding)
      padded.set(packet)
      assert.deepEqual(readUdpInIp(padded), sent)
    }),
  )
})

test('any octets are a datagram within them, or none', () => {
  const flips = fc.array(fc.tuple(fc.nat({ max: 60 }), fc.nat({ max: 255 })), { maxLength: 4 })
  fc.assert(
    fc.property(datagram, flips, fc.nat({ max: 1500 }), (sent, flipped, cut) => {
      const packet = udpInIp(sent)
      for (const [at, value] of flipped) if (at < packet.length) packet[at] = value
      const read = readUdpInIp(packet.subarray(0, cut))
      assert.ok((read?.bytes.length ?? 0) <= Math.max(0, cut - 28))
    }),
    { numRuns: 2000 },
  )
})

const CHANGES: readonly (readonly [string, at: number, octets: string])[] = [
  ['IPv6', 0, '65'],
  ['a header that is too short', 0, '44'],
  ['more than there is', 2, '0400'],
  ['TCP', 9, '06'],
  ['a first fragment', 6, '2000'],
  ['a later fragment', 6, '0001'],
  ['UDP longer than the packet', 24, '000b'],
  ['UDP shorter than its header', 24, '0007'],
  ['a wrong checksum', 26, '82e6'],
  ['another payload than the checksum says', 28, '6969'],
  ['another sender than the checksum says', 12, '0b010002'],
]
for (const [what, at, octets] of CHANGES) {
  test(`${what}: none`, () => {
    const packet = fromHex(RECORDED)
    packet.set(fromHex(octets), at)
    assert.equal(readUdpInIp(packet), undefined)
  })
}

const CHECKSUMS: readonly (readonly [string, octets: string])[] = [
  ['without a checksum', '0000'],
  ['whose checksum the network card is to finish', '1420'],
]
for (const [what, octets] of CHECKSUMS) {
  test(`a packet ${what} is taken`, () => {
    const packet = fromHex(RECORDED)
    packet.set(fromHex(octets), 26)
    assert.equal(readUdpInIp(packet)?.bytes.length, 2)
  })
}
