import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { fromHex } from '@reboots/protocol/bytes'
import { encodeMessage, withOptions, type DhcpMessage } from '@reboots/protocol/dhcp'
import { parseMac, UNSPECIFIED, type Instant, type Ipv4Address } from '@reboots/protocol/net'
import type { Overheard } from '@reboots/runtime'
import { ip, LINK, NOW, vector } from '../site.fixture.ts'
import { findingsIn, type FindingName } from './findings.ts'
import { OtherServers } from './other-servers.ts'
import { choiceOfClient, serverReply, type ServerReply } from './server-reply.ts'

const SERVER = ip('192.0.2.1')
const MAC = parseMac('02:00:00:00:00:02')!
const HOUR = 60 * 60 * 1000

/** A plain OFFER; `options` in hexadecimal. */
function overheard(changes: Partial<DhcpMessage> = {}, options: Readonly<Record<number, string>> = {}): Overheard {
  const base: DhcpMessage = { ...vector('v01-ovmf-x64-pxe-discover'), op: 'bootreply', yiaddr: ip('192.0.2.100') }
  const own = { 53: '02', 54: 'c0000201', ...options }
  const entries = Object.entries(own).map(([code, value]) => [Number(code), fromHex(value)] as const)
  const bytes = encodeMessage(withOptions({ ...base, ...changes, options: new Map() }, new Map(entries)))
  return {
    bytes,
    from: { address: SERVER, port: 67 },
    to: { address: ip('255.255.255.255'), port: 68 },
    sender: MAC,
  }
}

const PXE = { 60: Buffer.from('PXEClient').toString('hex') }
const HTTP = { 60: Buffer.from('HTTPClient:Arch:00016').toString('hex') }
const FILE = { 67: Buffer.from('foreign.0').toString('hex') }
const NO_ADDRESS = { yiaddr: UNSPECIFIED }

describe('what is found in a reply', () => {
  const rows: readonly (readonly [string, Overheard, readonly FindingName[]])[] = [
    ['an address and nothing else', overheard(), []],
    ['a next server without a file, as dnsmasq always sends', overheard({ siaddr: SERVER }), []],
    ['options of a vendor, without the class of PXE', overheard({}, { 43: '0104c0000209' }), []],
    ['a class of somebody else', overheard({}, { 60: '4d534654' }), []],
    ['an ACK to an INFORM', overheard(NO_ADDRESS, { 53: '05' }), []],
    ['a file in the header', overheard({ file: 'foreign.0' }), ['boot-file']],
    ['a file in option 67', overheard({}, FILE), ['boot-file']],
    ['the class of PXE', overheard({}, PXE), ['pxe-class']],
    ['the class and a file', overheard({}, { ...PXE, ...FILE }), ['pxe-class', 'boot-file']],
    ['the class of HTTP boot and a URL', overheard({}, { ...HTTP, ...FILE }), ['http-class']],
    ['the class without an address', overheard(NO_ADDRESS, PXE), ['other-proxy']],
    ['the class of HTTP boot without an address', overheard(NO_ADDRESS, { ...HTTP, ...FILE }), ['other-proxy']],
  ]
  for (const [what, datagram, expected] of rows) {
    test(`${what}: ${expected.join(', ') || 'nothing'}`, () => {
      const found = findingsIn(serverReply(datagram)!)
      assert.deepEqual(
        found.map(({ name }) => name),
        expected,
      )
      for (const { says, remedy } of found) assert.ok(says.length > 40 && remedy.length > 20)
    })
  }
})

test('what is to be done is said for the server it is', () => {
  const reply = serverReply(overheard({}, FILE))!
  const remedies = (['dnsmasq', 'Kea', 'Windows', undefined] as const).map((kind) => findingsIn({ ...reply, kind })[0]!)
  for (const [index, word] of ['dhcp-boot', 'boot-file-name', '067', 'MikroTik'].entries())
    assert.ok(remedies[index]!.remedy.includes(word))
  assert.match(remedies[0]!.says, /^sends a boot file \(foreign\.0\): .* will win over the proxy, because/)
})

describe('what program it looks like, by the order of its options', () => {
  const rows: readonly (readonly [string | undefined, readonly number[]])[] = [
    ['dnsmasq', [53, 54, 51, 58, 59, 1, 28, 3]],
    ['dnsmasq', [53, 54, 51, 67, 58, 59, 1]],
    ['Kea', [53, 1, 3, 6, 51, 54]],
    ['Windows', [53, 1, 58, 59, 51, 54, 3]],
    [undefined, [53, 54, 51, 1, 3, 6]],
    [undefined, [53, 54]],
    [undefined, [53, 60]],
    [undefined, [1, 53, 54]],
  ]
  for (const [kind, codes] of rows) {
    test(`${codes.join(' ')}: ${kind ?? 'unknown'}`, () => {
      const octets = codes.flatMap((code) => [code, 1, 2])
      const bytes = Uint8Array.from([...overheard().bytes.subarray(0, 240), ...octets, 255])
      assert.equal(serverReply({ ...overheard(), bytes })!.kind, kind)
    })
  }
})

describe('what is no OFFER or ACK', () => {
  const rows: readonly (readonly [string, Overheard])[] = [
    ['a question', overheard({ op: 'bootrequest' })],
    ['a NAK', overheard({}, { 53: '06' })],
    ['BOOTP', { ...overheard(), bytes: overheard().bytes.slice(0, 240) }],
    ['nothing', { ...overheard(), bytes: new Uint8Array(0) }],
  ]
  for (const [what, datagram] of rows) test(what, () => assert.equal(serverReply(datagram), undefined))

  test('any octets are a reply or none, and can be shown', () => {
    const servers = new OtherServers({ own: () => new Set(), known: [] })
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat({ max: 290 }), (octets, at) => {
        const { bytes, ...rest } = overheard({}, { ...PXE, ...FILE })
        bytes.set(octets.subarray(0, bytes.length - at), at)
        const reply = serverReply({ ...rest, bytes })
        for (const each of reply === undefined ? [] : [reply]) servers.hear('eth1', each, NOW)
        assert.ok(JSON.stringify(servers.rows(NOW)).length < 100_000)
      }),
    )
  })
})

describe('whose offer a client takes', () => {
  const request = { op: 'bootrequest', yiaddr: UNSPECIFIED } as const
  const rows: readonly (readonly [string, Overheard, boolean])[] = [
    ['a REQUEST that names a server', overheard(request, { 53: '03', 50: 'c0000264' }), true],
    ['an answer', overheard({}, { 53: '03', 50: 'c0000264' }), false],
    ['a DISCOVER with a wish', overheard(request, { 53: '01', 50: 'c0000264' }), false],
    ['a REQUEST without an address', overheard(request, { 53: '03' }), false],
    ['one without a server', overheard(request, { 53: '03', 54: '', 50: 'c0000264' }), false],
  ]
  for (const [what, datagram, counts] of rows) {
    test(what, () => {
      const expected = counts ? { server: SERVER, address: ip('192.0.2.100') } : undefined
      assert.deepEqual(choiceOfClient(datagram), expected)
    })
  }
})

describe('the table', () => {
  const said = (found: readonly { readonly name: string }[]): string[] => found.map(({ name }) => name)
  const later = (hours: number): Instant => (NOW + hours * HOUR) as Instant
  const plain = serverReply(overheard())!
  const booting: ServerReply = { ...plain, file: 'foreign.0' }
  const proxy: ServerReply = { ...plain, yiaddr: UNSPECIFIED, vendorClass: 'PXEClient' }
  const table = (known: readonly Ipv4Address[] = []): OtherServers =>
    new OtherServers({ own: () => new Set([LINK.address]), known })

  test('each thing is said once; again when it has been away for an hour', () => {
    const servers = table()
    const story = [plain, booting, booting, { ...booting, vendorClass: 'PXEClient' }, plain, booting]
    assert.deepEqual(
      story.map((reply) => said(servers.hear('eth1', reply, NOW))),
      [[], ['boot-file'], [], ['pxe-class'], [], []],
    )
    assert.deepEqual(said(servers.hear('eth2', booting, NOW)), ['boot-file'])
    assert.deepEqual(said(servers.hear('eth1', booting, later(2))), ['boot-file'])
  })

  test('a row shows what the server gives and what it has to boot, and for an hour only', () => {
    const servers = table()
    for (const yiaddr of ['192.0.2.7', '192.0.2.130', '192.0.2.9'])
      servers.hear('eth1', { ...plain, yiaddr: ip(yiaddr) }, NOW)
    servers.hear('eth1', { ...booting, siaddr: SERVER, kind: 'dnsmasq' }, NOW)
    servers.hear('eth1', plain, NOW)
    const [row] = servers.rows(later(0.5))
    const { findings, firstHeard, lastHeard, ...rest } = row!
    assert.deepEqual(said(findings), ['boot-file'])
    assert.equal(firstHeard, lastHeard)
    assert.deepEqual(rest, {
      link: 'eth1',
      server: '192.0.2.1',
      mac: MAC,
      addresses: ['192.0.2.7', '192.0.2.130'],
      bootFile: 'foreign.0',
      nextServer: '192.0.2.1',
    })
    assert.deepEqual(servers.rows(later(1.5)), [])
  })

  test('this very proxy is none of them, but a server of the same address that gives addresses is', () => {
    const servers = table()
    servers.hear('eth1', { ...proxy, server: LINK.address }, NOW)
    assert.deepEqual(servers.rows(NOW), [])
    assert.deepEqual(said(servers.hear('eth1', { ...booting, server: LINK.address }, NOW)), ['boot-file'])
  })

  test('of servers that are known nothing is said', () => {
    const servers = table([SERVER])
    assert.deepEqual(said(servers.hear('eth1', proxy, NOW)), [])
    assert.deepEqual(servers.rows(NOW)[0]!.findings, [])
  })

  test('of a flood of servers the first are kept, until they have not been heard for an hour', () => {
    const servers = table()
    const flood = (from: number, at: Instant): number =>
      Array.from({ length: 100 }, (_, n) =>
        servers.hear('eth1', { ...booting, server: (from + n) as Ipv4Address }, at),
      ).flat().length
    assert.equal(flood(1, NOW), 32)
    assert.equal(servers.rows(NOW).length, 32)
    assert.equal(flood(1000, later(0.5)), 0)
    assert.equal(flood(1000, later(2)), 32)
  })

  test('a server whose answers do not reach us is shown with what clients take from it', () => {
    const servers = table()
    for (const address of ['192.0.2.9', '192.0.2.7'])
      servers.chosen('eth1', { server: SERVER, address: ip(address) }, NOW)
    const { server, mac, addresses, findings } = servers.rows(NOW)[0]!
    assert.deepEqual([server, mac, addresses, findings], ['192.0.2.1', undefined, ['192.0.2.7', '192.0.2.9'], []])
    assert.deepEqual(said(servers.hear('eth1', booting, NOW)), ['boot-file'])
    assert.equal(servers.rows(NOW)[0]!.mac, MAC)
  })

  test('they are counted by link and by what was found', () => {
    const servers = table()
    servers.hear('eth1', booting, NOW)
    servers.hear('eth1', { ...plain, server: ip('192.0.2.2') }, NOW)
    const counts = servers.counts(NOW).map(({ link, finding, count }) => `${link} ${finding} ${count}`)
    assert.deepEqual(counts, [
      'eth1 none 1',
      'eth1 pxe-class 0',
      'eth1 http-class 0',
      'eth1 boot-file 1',
      'eth1 other-proxy 0',
    ])
    servers.forget('eth1')
    assert.deepEqual(servers.counts(NOW), [])
  })
})
