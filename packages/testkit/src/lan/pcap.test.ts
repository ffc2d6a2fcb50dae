import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex } from '@reboots/protocol/bytes'
import { parseIpv4 } from '@reboots/protocol/net'
import { packetOf } from './packet.ts'
import { PcapReader, readPcap } from './pcap.ts'

const FILE_HEADER = 'd4c3b2a1 0200 0400 00000000 00000000 00000800 01000000'
const ETHERNET = '525400aa0021 525400aa0022'
const IPV4 = '0800 4500 0020 0001 4000 4011 0000 c0a85801 c0a85864'
const UDP = '0045 0400 000c 0000'
// One UDP datagram of four octets, with the padding of a short Ethernet frame behind it.
const FRAME = `${ETHERNET} ${IPV4} ${UDP} 00040001 000000000000`
const LENGTH = fromHex(FRAME).length.toString(16).padStart(2, '0')
const RECORD = `00e1f505 a0860100 ${LENGTH}000000 ${LENGTH}000000 ${FRAME}`
const CAPTURE = fromHex(`${FILE_HEADER} ${RECORD} ${RECORD}`)

test('a capture cut anywhere gives the same frames', () => {
  const whole = readPcap(CAPTURE)
  assert.equal(whole.length, 2)
  assert.equal(whole[0]!.at, 100_000_000_100)
  for (let cut = 0; cut <= CAPTURE.length; cut++) {
    const reader = new PcapReader()
    assert.deepEqual([...reader.push(CAPTURE.subarray(0, cut)), ...reader.push(CAPTURE.subarray(cut))], whole)
  }
})

test('a UDP datagram is taken out of its frame, without the padding', () => {
  const [frame] = readPcap(CAPTURE)
  assert.deepEqual(packetOf(frame!), {
    at: 100_000_000_100,
    sourceMac: '52:54:00:aa:00:22',
    destinationMac: '52:54:00:aa:00:21',
    from: { address: parseIpv4('192.168.88.1'), port: 69 },
    to: { address: parseIpv4('192.168.88.100'), port: 1024 },
    protocol: 'udp',
    flags: 0,
    payload: fromHex('00040001'),
  })
})

const OTHERS = [
  ['nothing', ''],
  ['ARP', `${ETHERNET} 0806 ${'00'.repeat(46)}`],
  ['IPv6', `${ETHERNET} 86dd ${'00'.repeat(46)}`],
  ['ICMP', `${ETHERNET} ${IPV4.replace('4011', '4001')} ${UDP} 00040001`],
  ['a later fragment', `${ETHERNET} ${IPV4.replace('0001 4000', '0001 0010')} ${UDP} 00040001`],
  ['a frame cut inside the UDP header', `${ETHERNET} ${IPV4} 0045`],
] as const

for (const [what, hex] of OTHERS) {
  test(`${what} is no packet`, () => {
    assert.equal(packetOf({ at: 0, bytes: fromHex(hex) }), undefined)
  })
}

test('another format is refused', () => {
  assert.throws(() => readPcap(new Uint8Array(24)), /pcap/)
})
