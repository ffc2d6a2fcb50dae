import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex, hex } from '../bytes/index.ts'
import { INFINITE, UNSPECIFIED, type Seconds } from '../net/index.ts'
import { BROADCAST_FLAG, type DhcpMessage } from './message.ts'
import { ip, optionsOf, request } from './message.fixture.ts'
import type { NetworkConfig } from './network-config.ts'
import { ack, bootReply, informAck, nak, offer, serverIdentifierFor } from './reply.ts'

const SERVER = ip('192.168.77.1')
const GIVEN = ip('192.168.77.87')
const CONFIG: NetworkConfig = {
  subnetMask: ip('255.255.255.0'),
  routers: [ip('192.168.77.1')],
  domainNameServers: [ip('192.168.77.2')],
  leaseTime: 3600 as Seconds,
  hostName: 'node-1',
  domainName: 'example.org',
  domainSearch: ['example.org'],
  broadcastAddress: ip('192.168.77.255'),
  ntpServers: [ip('192.168.77.3')],
  logServers: [ip('192.168.77.4')],
  routes: [{ network: ip('10.0.0.0'), prefix: 8, router: ip('192.168.77.1') }],
  extra: optionsOf({ 26: '05dc', 108: '0000012c' }),
}
const BARE: NetworkConfig = {
  subnetMask: ip('255.255.255.0'),
  routers: [],
  domainNameServers: [],
  leaseTime: 60 as Seconds,
}

const HEADER: Partial<DhcpMessage> = {
  htype: 32,
  hops: 3,
  xid: 0xdeadbeef,
  secs: 4 as Seconds,
  flags: 0x8001,
  ciaddr: ip('192.168.77.90'),
  yiaddr: ip('1.1.1.1'),
  siaddr: ip('2.2.2.2'),
  giaddr: ip('192.168.88.1'),
  chaddrTail: fromHex('c0ffee00000000000001'),
  sname: 'wish',
  file: 'boot.scr.uimg',
}
const ASKING = request({ 61: 'ff0102', 82: '0104746573740203aabbcc' }, HEADER)
/** RFC 2131 table 3: what every reply copies, and what it leaves empty (P1, P15). */
const COPIED: Partial<DhcpMessage> = {
  op: 'bootreply',
  htype: 32,
  hops: 0,
  xid: 0xdeadbeef,
  secs: 0 as Seconds,
  flags: 0x8001,
  ciaddr: UNSPECIFIED,
  yiaddr: UNSPECIFIED,
  siaddr: UNSPECIFIED,
  giaddr: ip('192.168.88.1'),
  chaddr: fromHex('525400aa0201'),
  chaddrTail: fromHex('c0ffee00000000000001'),
  sname: '',
  file: '',
}

const HEADERS: readonly { name: string; reply: DhcpMessage; header: Partial<DhcpMessage> }[] = [
  { name: 'OFFER', reply: offer(ASKING, GIVEN, CONFIG, SERVER), header: { ...COPIED, yiaddr: GIVEN } },
  {
    name: 'ACK',
    reply: ack(ASKING, GIVEN, CONFIG, SERVER),
    header: { ...COPIED, ciaddr: ip('192.168.77.90'), yiaddr: GIVEN },
  },
  { name: 'NAK', reply: nak(ASKING, SERVER, 'why'), header: COPIED },
  {
    name: 'ACK to INFORM',
    reply: informAck(ASKING, CONFIG, SERVER),
    header: { ...COPIED, ciaddr: ip('192.168.77.90') },
  },
  { name: 'any other', reply: bootReply(ASKING, 'offer', SERVER), header: COPIED },
]

for (const { name, reply, header } of HEADERS) {
  test(`header of ${name}, and 61 and 82 echoed`, () => {
    const { options, ...fields } = reply
    assert.deepEqual(fields, header)
    assert.deepEqual([options.get(61), options.get(82)], [fromHex('ff0102'), fromHex('0104746573740203aabbcc')])
  })
}

test('an option 82 of nothing but what is not sent back is left out (RFC 3046 §2.0: one sub-option at least)', () => {
  const replies = ['970200610000', '9700', ''].map((relayed) => bootReply(request({ 82: relayed }), 'offer', SERVER))
  assert.deepEqual(
    replies.map(({ options }) => options.get(82)),
    [fromHex('0000'), undefined, undefined],
  )
})

const LEASE = { 51: '00000e10', 58: '00000708', 59: '00000c4e' }
const plain = (list?: string): DhcpMessage => request(list === undefined ? {} : { 55: list })
const offered = (list?: string, config = CONFIG): DhcpMessage => offer(plain(list), GIVEN, config, SERVER)
const OFFER = { 53: '02', 54: 'c0a84d01' }
const DEFAULTS = {
  1: 'ffffff00',
  3: 'c0a84d01',
  6: 'c0a84d02',
  12: '6e6f64652d31',
  15: '6578616d706c652e6f7267',
  28: 'c0a84dff',
}

const OPTIONS: readonly { name: string; reply: DhcpMessage; options: Record<number, string> }[] = [
  {
    name: 'P6 OFFER: only what 55 lists',
    reply: offered('0103'),
    options: { ...OFFER, ...LEASE, 1: 'ffffff00', 3: 'c0a84d01' },
  },
  { name: 'P6 OFFER: the default set without 55', reply: offered(), options: { ...OFFER, ...LEASE, ...DEFAULTS } },
  {
    name: 'P6 OFFER: the default set with an empty 55',
    reply: offered(''),
    options: { ...OFFER, ...LEASE, ...DEFAULTS },
  },
  {
    name: 'OFFER: the rest of the configuration when asked for',
    reply: offered('072a77'),
    options: { ...OFFER, ...LEASE, 7: 'c0a84d04', 42: 'c0a84d03', 119: '076578616d706c65036f726700' },
  },
  {
    name: 'OFFER: extra options when asked for (108: X2)',
    reply: offered('1a6c'),
    options: { ...OFFER, ...LEASE, 26: '05dc', 108: '0000012c' },
  },
  {
    name: 'P11 OFFER: 121 holds the default route too',
    reply: offered('79'),
    options: { ...OFFER, ...LEASE, 121: '080ac0a84d0100c0a84d01' },
  },
  { name: 'OFFER: 249 likewise', reply: offered('f9'), options: { ...OFFER, ...LEASE, 249: '080ac0a84d0100c0a84d01' } },
  {
    name: 'P13 OFFER: 0 and 255 in 55 are nothing',
    reply: offered('00ff01'),
    options: { ...OFFER, ...LEASE, 1: 'ffffff00' },
  },
  {
    name: 'OFFER: nothing that is not configured',
    reply: offered('01030607 0c0f1c2a7779f9', BARE),
    options: { ...OFFER, 51: '0000003c', 58: '0000001e', 59: '00000034', 1: 'ffffff00' },
  },
  {
    name: 'OFFER: empty texts and lists are not configured',
    reply: offered('0c0f77', { ...BARE, hostName: '', domainName: '', domainSearch: [] }),
    options: { ...OFFER, 51: '0000003c', 58: '0000001e', 59: '00000034' },
  },
  {
    name: 'OFFER: what is no domain name is left out of 119',
    reply: offered('77', {
      ...BARE,
      domainSearch: ['a..b', 'c'.repeat(64), '.', Array(5).fill('d'.repeat(60)).join('.')],
    }),
    options: { ...OFFER, 51: '0000003c', 58: '0000001e', 59: '00000034' },
  },
  {
    name: 'OFFER: and the others stay in it',
    reply: offered('77', { ...BARE, domainSearch: ['a..b', 'e.f.'] }),
    options: { ...OFFER, 51: '0000003c', 58: '0000001e', 59: '00000034', 119: '0165016600' },
  },
  {
    name: 'S14 OFFER: an infinite lease has no halves',
    reply: offered('01', { ...BARE, leaseTime: INFINITE }),
    options: { ...OFFER, 51: 'ffffffff', 1: 'ffffff00' },
  },
  {
    name: 'OFFER: extra cannot set what the protocol owns',
    reply: offered('00323334353637393a3b3d52ff', {
      ...BARE,
      extra: new Map([0, 50, 51, 52, 53, 54, 55, 57, 58, 59, 61, 82, 255].map((code) => [code, fromHex('aa')])),
    }),
    options: { ...OFFER, 51: '0000003c', 58: '0000001e', 59: '00000034' },
  },
  {
    name: 'OFFER: extra wins over the fields',
    reply: offered('06', { ...CONFIG, extra: optionsOf({ 6: '08080808' }) }),
    options: { ...OFFER, ...LEASE, 6: '08080808' },
  },
  {
    name: 'a default route of its own stays the only one',
    reply: offered('79', { ...CONFIG, routes: [{ network: ip('0.0.0.0'), prefix: 0, router: ip('192.168.77.9') }] }),
    options: { ...OFFER, ...LEASE, 121: '00c0a84d09' },
  },
  {
    name: 'routes without a router',
    reply: offered('79', { ...CONFIG, routers: [] }),
    options: { ...OFFER, ...LEASE, 121: '080ac0a84d01' },
  },
  {
    name: 'S5 ACK: the same values',
    reply: ack(plain('0103'), GIVEN, CONFIG, SERVER),
    options: { 53: '05', 54: 'c0a84d01', ...LEASE, 1: 'ffffff00', 3: 'c0a84d01' },
  },
  {
    name: 'S9 NAK',
    reply: nak(plain('0103'), SERVER, 'wrong network'),
    options: { 53: '06', 54: 'c0a84d01', 56: '77726f6e67206e6574776f726b' },
  },
  { name: 'S9 NAK without a reason', reply: nak(plain(), SERVER, ''), options: { 53: '06', 54: 'c0a84d01' } },
  {
    name: 'P12 NAK echoes 61',
    reply: nak(request({ 61: '01aa' }), SERVER, ''),
    options: { 53: '06', 54: 'c0a84d01', 61: '01aa' },
  },
  {
    name: 'S13 ACK to INFORM: no lease',
    reply: informAck(plain('0103063336 3a3b6c'), CONFIG, SERVER),
    options: { 53: '05', 54: 'c0a84d01', 1: 'ffffff00', 3: 'c0a84d01', 6: 'c0a84d02', 108: '0000012c' },
  },
  {
    name: 'bootReply: the common options win',
    reply: bootReply(plain(), 'offer', SERVER, optionsOf({ 53: '05', 60: '505845' })),
    options: { ...OFFER, 60: '505845' },
  },
]

for (const { name, reply, options } of OPTIONS) {
  test(`options of ${name}`, () => {
    assert.deepEqual(Object.fromEntries(Array.from(reply.options, ([code, value]) => [code, hex(value)])), options)
  })
}

const OVERRIDE = { 82: '0b04c0a84dfe' }
const IDENTIFIERS: readonly { name: string; message: DhcpMessage; server: string }[] = [
  { name: 'ours', message: request({}), server: '192.168.77.1' },
  {
    name: 'R6 the relay’s override',
    message: request(OVERRIDE, { giaddr: ip('192.168.88.1') }),
    server: '192.168.77.254',
  },
  { name: 'no override without a relay', message: request(OVERRIDE), server: '192.168.77.1' },
  {
    name: 'a relay without an override',
    message: request({ 82: '010161' }, { giaddr: ip('192.168.88.1') }),
    server: '192.168.77.1',
  },
]

for (const { name, message, server } of IDENTIFIERS) {
  test(`server identifier: ${name}`, () => {
    assert.equal(serverIdentifierFor(message, SERVER), ip(server))
    assert.equal(hex(bootReply(message, 'ack', SERVER).options.get(54)!), ip(server).toString(16))
  })
}

test('A1 a NAK for a relay has the broadcast flag, another keeps the flags', () => {
  const flags = [request({}, { giaddr: ip('192.168.88.1') }), request({})].map(
    (message) => nak(message, SERVER, '').flags,
  )
  assert.deepEqual(flags, [BROADCAST_FLAG, 0])
})
