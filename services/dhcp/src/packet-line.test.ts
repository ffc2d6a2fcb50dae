import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeMessage, type DhcpMessage } from '@reboots/protocol/dhcp'
import { machine } from '@reboots/testkit'
import { packetFields } from '@reboots/runtime'
import { levelOf, remarksOf } from './packet-line.ts'
import { ADDRESS, LINK, MAC, message, NOBODY, pxe, Site } from './site.fixture.ts'

function line(asked: DhcpMessage | Uint8Array, site = new Site()): Record<string, unknown> {
  const bytes = asked instanceof Uint8Array ? asked : encodeMessage(asked)
  const datagram = { bytes, from: NOBODY, link: LINK.name, at: site.now }
  const answered = site.serve(datagram)
  const { outcome } = answered
  const decided = outcome && { level: levelOf(outcome), ...remarksOf(outcome) }
  return { ...packetFields(answered, datagram, 67), ...decided }
}

const denied = new Site({ machines: [machine({ mac: MAC, address: ADDRESS, netboot: { allowPxe: false } })] })
const CAME = { xid: '12345678', mac: MAC, from: '0.0.0.0:68', link: 'lan0', port: 67 }
const UEFI = { arch: 'x64-uefi', firmware: 'uefi-x64', loader: 'firmware' }

test('a refused boot says which rule refused it and why', () => {
  assert.deepEqual(line(message('discover', { options: pxe(7) }), denied), {
    level: 'info',
    ...CAME,
    received: 'discover',
    sent: 'offer',
    to: `${ADDRESS}:68`,
    by: 'hardware',
    yiaddr: ADDRESS,
    file: '/netboot-not-allowed',
    ...UEFI,
    rule: 'netboot-not-allowed',
    version: 'test',
    decision: 'deny "netboot is not allowed in the hardware record"',
  })
})

const LINES: readonly [what: string, asked: DhcpMessage | Uint8Array, expected: Record<string, unknown>][] = [
  [
    'a NAK says what is wrong',
    message('request', { requested: '192.168.1.7' }),
    {
      level: 'info',
      ...CAME,
      received: 'request',
      sent: 'nak',
      to: '255.255.255.255:68',
      by: 'broadcast',
      note: '192.168.1.7 is not the reserved address',
    },
  ],
  [
    'an unknown plain client is nobody to talk about',
    message('discover', { mac: '52:54:00:ff:ff:ff' }),
    { level: 'debug', ...CAME, mac: '52:54:00:ff:ff:ff', received: 'discover', silent: 'unknown-machine' },
  ],
  [
    'an unknown client that asks to boot is',
    message('discover', { mac: '52:54:00:ff:ff:ff', options: pxe(7) }),
    { level: 'info', ...CAME, mac: '52:54:00:ff:ff:ff', received: 'discover', silent: 'unknown-machine', ...UEFI },
  ],
  [
    'a declined address is a warning',
    message('decline', { requested: ADDRESS, server: '192.168.1.1' }),
    { level: 'warn', ...CAME, received: 'decline', silent: 'declined', note: `${ADDRESS} is in use by another host` },
  ],
  [
    'a machine in the wrong place is a warning that says where it belongs',
    message('discover', { giaddr: '10.0.0.1' }),
    { level: 'warn', ...CAME, received: 'discover', silent: 'wrong-network', note: 'record says 192.168.1.0/24' },
  ],
  [
    'octets that cannot be read are told by their number',
    new Uint8Array(3),
    {
      received: 'malformed',
      from: '0.0.0.0:68',
      link: 'lan0',
      port: 67,
      silent: 'malformed',
      reason: 'truncated',
      octets: 3,
    },
  ],
]

for (const [what, asked, expected] of LINES) {
  test(what, () => {
    assert.deepEqual(line(asked), expected)
  })
}
