import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hex } from '@reboots/protocol/bytes'
import {
  messageType,
  messageTypeOption,
  option,
  serverIdentifier,
  withOption,
  type DhcpMessage,
  type MessageType,
} from '@reboots/protocol/dhcp'
import { formatIpv4, UNSPECIFIED, type Endpoint } from '@reboots/protocol/net'
import { onBootServer } from './on-boot-server.ts'
import type { Outcome, Reply } from './outcome.ts'
import type { Ports } from './ports.ts'
import { changed, ip, LINK, NOBODY, NOW, site, siteOf, UEFI, vector } from './site.fixture.ts'

const binl = vector('v03-ovmf-x64-binl-request')
const ipxe = vector('v06-ipxe-efi-proxy-request')
const http = vector('v07-ovmf-x64-http-discover')
const rom: DhcpMessage = {
  ...changed(withOption(vector('v04-ipxe-bios-discover'), messageTypeOption, 'request'), {
    77: undefined,
    175: undefined,
  }),
  ciaddr: ip('192.168.77.100'),
}

describe('the answer', () => {
  const cases: readonly (readonly [string, DhcpMessage, Endpoint, string])[] = [
    [
      'UEFI sends from 4011',
      binl,
      UEFI,
      'to 192.168.77.87:4011 ciaddr 192.168.77.87 siaddr 192.168.77.1 sname 192.168.77.1 file ipxe.efi',
    ],
    [
      'a ROM sends from 68, and gets what it got on 67',
      rom,
      { address: ip('192.168.77.100'), port: 68 },
      'to 192.168.77.100:68 ciaddr 192.168.77.100 siaddr 192.168.77.1 sname 192.168.77.1 file undionly.kpxe',
    ],
    [
      'an INFORM is a question too',
      typed(binl, 'inform'),
      UEFI,
      'to 192.168.77.87:4011 ciaddr 192.168.77.87 siaddr 192.168.77.1 sname 192.168.77.1 file ipxe.efi',
    ],
    [
      'and so is a DISCOVER',
      typed(binl, 'discover'),
      UEFI,
      'to 192.168.77.87:4011 ciaddr 192.168.77.87 siaddr 192.168.77.1 sname 192.168.77.1 file ipxe.efi',
    ],
    [
      'a 43 that cannot be read says nothing',
      changed(binl, { 43: '4704' }),
      UEFI,
      'to 192.168.77.87:4011 ciaddr 192.168.77.87 siaddr 192.168.77.1 sname 192.168.77.1 file ipxe.efi',
    ],
  ]
  for (const [what, message, from, expected] of cases) {
    test(what, () => {
      const { reply, to } = replied(ask(message, siteOf(message), from))
      assert.equal(
        `to ${formatIpv4(to.to.address)}:${to.to.port} ciaddr ${formatIpv4(reply.ciaddr)} siaddr ${formatIpv4(reply.siaddr)} sname ${reply.sname} file ${reply.file}`,
        expected,
      )
      assert.deepEqual([to.kind, reply.yiaddr, reply.xid], ['unicast', UNSPECIFIED, message.xid])
    })
  }

  test('a ROM is told again not to look further', () => {
    const { reply } = replied(ask(rom, siteOf(rom), { address: ip('192.168.77.100'), port: 68 }))
    assert.equal(hex(reply.options.get(43)!), '060108ff')
  })

  test('we answer by the name the client knows us by, on whatever link it comes', () => {
    const ports = siteOf(ipxe)
    const other = ip('10.0.0.1')
    const both: Ports = { ...ports, settings: { ...ports.settings, addresses: new Set([LINK.address, other]) } }
    const { reply } = replied(ask(changed(ipxe, { 54: '0a000001' }), both, UEFI))
    assert.equal(option(reply, serverIdentifier), other)
  })
})

describe('silence on port 4011', () => {
  const known = siteOf(binl)
  const types: readonly MessageType[] = ['decline', 'release', 'offer', 'ack', 'nak', 'lease-query']
  const cases: readonly (readonly [string, DhcpMessage, Ports, Endpoint, string])[] = [
    ...types.map((type) => [type, typed(binl, type), known, UEFI, 'message-type-not-served'] as const),
    ['a plain REQUEST', changed(binl, { 60: undefined }), known, UEFI, 'not-a-network-boot-client'],
    ['a reply of another server', { ...binl, op: 'bootreply' }, known, UEFI, 'not-a-client-message'],
    ['BOOTP', changed(binl, { 53: undefined }), known, UEFI, 'not-a-dhcp-message'],
    ['UEFI HTTP boot', http, siteOf(http), UEFI, 'http-client-at-boot-server'],
    ['54 names another server', changed(binl, { 54: 'c0a84d02' }), known, UEFI, 'other-server-selected'],
    ['an item of a menu we never offered', changed(binl, { 43: '470480000000ff' }), known, UEFI, 'unknown-boot-item'],
    ['the item that boots the disk', changed(binl, { 43: '470400000000ff' }), known, UEFI, 'unknown-boot-item'],
    ['signed credentials wanted', changed(binl, { 43: '470480008000ff' }), known, UEFI, 'unknown-boot-item'],
    ['nowhere to send to', binl, known, NOBODY, 'no-return-address'],
    ['no port to send to', binl, known, { address: UEFI.address, port: 0 }, 'no-return-address'],
    ['a machine without a record', binl, site(), UEFI, 'ignored-by-policy'],
    ['before the records have come', binl, site({ synced: false }), UEFI, 'not-synced'],
    ['before a policy has come', binl, siteOf(binl, true, { policy: undefined }), UEFI, 'policy-not-synced'],
    [
      'an architecture without a boot file',
      changed(binl, { 93: '0019' }),
      known,
      UEFI,
      'no-boot-file-for-architecture',
    ],
  ]
  for (const [what, message, ports, from, expected] of cases) {
    test(`${what}: ${expected}`, () => {
      const outcome = ask(message, ports, from)
      assert.equal('silent' in outcome ? outcome.silent : 'answered', expected)
    })
  }
})

test('TFTP at another address is in siaddr, sname and 66', () => {
  const { reply } = replied(ask(binl, siteOf(binl, true, { boot: { tftpHost: ip('192.168.77.9') } }), UEFI))
  assert.deepEqual(
    [formatIpv4(reply.siaddr), reply.sname, hex(reply.options.get(66)!)],
    ['192.168.77.9', '192.168.77.9', '3139322e3136382e37372e39'],
  )
})

function ask(message: DhcpMessage, ports: Ports, from: Endpoint): Outcome {
  return onBootServer(message, { link: LINK, from }, ports, NOW)
}

function replied(outcome: Outcome): Reply {
  assert.ok('reply' in outcome, `no reply: ${'silent' in outcome ? outcome.silent : ''}`)
  assert.equal(messageType(outcome.reply), 'ack')
  return outcome
}

function typed(message: DhcpMessage, type: MessageType): DhcpMessage {
  return withOption(message, messageTypeOption, type)
}
