import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hex, octets } from '@reboots/protocol/bytes'
import {
  BROADCAST_FLAG,
  messageType,
  messageTypeOption,
  withOption,
  type DhcpMessage,
  type MessageType,
} from '@reboots/protocol/dhcp'
import { bytesOfMac, formatIpv4, parseMac, UNSPECIFIED, type Endpoint } from '@reboots/protocol/net'
import { machine } from '@reboots/testkit'
import { handle } from './handle.ts'
import type { Outcome, Reply } from './outcome.ts'
import type { Ports } from './ports.ts'
import { changed, ip, LINK, NOBODY, NOW, site, siteOf, vector } from './site.fixture.ts'

const ovmf = vector('v01-ovmf-x64-pxe-discover')
const ipxe = vector('v05-ipxe-efi-discover')
/** A PXE ROM as it was before iPXE: no user class, no iPXE options, no list of wishes. */
const rom = changed(vector('v04-ipxe-bios-discover'), { 77: undefined, 175: undefined, 55: undefined, 61: undefined })
const pi: DhcpMessage = { ...rom, chaddr: bytesOfMac(parseMac('dc:a6:32:01:02:03')!) }
const guid = '97=0000000000000000000000000000000000'

describe('the octets of an offer', () => {
  const offers: readonly (readonly [string, DhcpMessage, string])[] = [
    [
      'UEFI: no 43, siaddr is us',
      ovmf,
      `53=02 54=c0a84d01 60=505845436c69656e74 ${guid} siaddr=192.168.77.1 file=ipxe.efi`,
    ],
    [
      'BIOS: 43 says take the file',
      rom,
      `43=060108ff 53=02 54=c0a84d01 60=505845436c69656e74 ${guid} siaddr=192.168.77.1 file=undionly.kpxe`,
    ],
    [
      'Raspberry Pi: its name in the menu',
      pi,
      `43=060108091400001152617370626572727920506920426f6f740a0400505845ff 53=02 54=c0a84d01 60=505845436c69656e74 ${guid} siaddr=192.168.77.1 file=ipxe-arm64.efi`,
    ],
    [
      'HTTP boot: its own word, and the URI in 67 as well',
      changed(vector('v07-ovmf-x64-http-discover'), { 55: undefined }),
      `53=02 54=c0a84d01 60=48545450436c69656e74 67=${hex(octets('http://192.168.77.1:7080/ipxe/binary/52:54:00:aa:01:07/ipxe.efi'))} ${guid} siaddr=192.168.77.1 file=http://192.168.77.1:7080/ipxe/binary/52:54:00:aa:01:07/ipxe.efi`,
    ],
  ]
  for (const [what, message, expected] of offers) {
    test(what, () => {
      const { reply } = replied(ask(message, siteOf(message)))
      assert.equal(`${options(reply)} siaddr=${formatIpv4(reply.siaddr)} file=${reply.file}`, expected)
      assert.deepEqual(
        [reply.yiaddr, reply.ciaddr, reply.flags & BROADCAST_FLAG],
        [UNSPECIFIED, UNSPECIFIED, BROADCAST_FLAG],
      )
    })
  }
})

describe('silence on port 67', () => {
  const known = siteOf(ovmf)
  const types: readonly MessageType[] = [
    'request',
    'inform',
    'decline',
    'release',
    'offer',
    'ack',
    'nak',
    'lease-query',
  ]
  const cases: readonly (readonly [string, DhcpMessage, Ports, string])[] = [
    ...types.map((type) => [`${type} of a network-boot client`, typed(ovmf, type), known, 'not-a-discover'] as const),
    ['a REQUEST that names us', changed(typed(ovmf, 'request'), { 54: 'c0a84d01' }), known, 'not-a-discover'],
    ['a plain DISCOVER', changed(ovmf, { 60: undefined }), known, 'not-a-network-boot-client'],
    ['a DISCOVER of another vendor', changed(ovmf, { 60: '4d53465420352e30' }), known, 'not-a-network-boot-client'],
    ['our own broadcast', { ...ovmf, op: 'bootreply' }, known, 'not-a-client-message'],
    ['BOOTP', changed(ovmf, { 53: undefined }), known, 'not-a-dhcp-message'],
    ['a message going in circles', { ...ovmf, hops: 17 }, known, 'too-many-hops'],
    ['a machine without a record', ovmf, site(), 'ignored-by-policy'],
    ['before the records have come', ovmf, site({ synced: false }), 'not-synced'],
    ['before a policy has come', ovmf, siteOf(ovmf, true, { policy: undefined }), 'policy-not-synced'],
    ['an architecture nobody knows', changed(ovmf, { 93: '270f' }), known, 'no-boot-file-for-architecture'],
    ['an architecture without a boot file', changed(ovmf, { 93: '0019' }), known, 'no-boot-file-for-architecture'],
  ]
  for (const [what, message, ports, expected] of cases) {
    test(`${what}: ${expected}`, () => {
      const outcome = ask(message, ports)
      assert.equal('silent' in outcome ? outcome.silent : 'answered', expected)
    })
  }
})

describe('where an offer goes', () => {
  const relayed = { ...changed(ovmf, { 82: '010474657374' }), giaddr: ip('10.9.0.1') }
  const asking = { ...changed(ovmf, { 82: '010474657374130100' }), giaddr: ip('10.9.0.1') }
  const relay: Endpoint = { address: ip('10.9.0.1'), port: 1067 }
  const cases: readonly (readonly [string, DhcpMessage, Endpoint, string])[] = [
    ['to everybody', ovmf, NOBODY, 'broadcast 255.255.255.255:68'],
    [
      'to everybody, flag or not: there is no address to unicast to',
      { ...ipxe, flags: 0 },
      NOBODY,
      'broadcast 255.255.255.255:68',
    ],
    [
      'to everybody, whatever ciaddr says',
      { ...ovmf, ciaddr: ip('8.8.8.8'), flags: 0 },
      NOBODY,
      'broadcast 255.255.255.255:68',
    ],
    ['to the relay agent', relayed, relay, 'relay 10.9.0.1:67'],
    ['to the port the relay agent asks for', asking, relay, 'relay 10.9.0.1:1067'],
  ]
  for (const [what, message, from, expected] of cases) {
    test(what, () => {
      const { to } = replied(ask(message, siteOf(message), from))
      assert.equal(`${to.kind} ${formatIpv4(to.to.address)}:${to.to.port}`, expected)
    })
  }

  test('giaddr and option 82 go back as they came', () => {
    const { reply } = replied(ask(relayed, siteOf(relayed), relay))
    assert.deepEqual([reply.giaddr, hex(reply.options.get(82)!)], [relayed.giaddr, '010474657374'])
  })
})

test('TFTP at another address: UEFI comes to us for it, a ROM is sent there', () => {
  const boot = { tftpHost: ip('192.168.77.9') }
  const offers = [ovmf, rom].map((message) => replied(ask(message, siteOf(message, true, { boot }))).reply)
  assert.deepEqual(
    offers.map((reply) => [formatIpv4(reply.siaddr), reply.file]),
    [
      ['192.168.77.1', ''],
      ['192.168.77.9', 'undionly.kpxe'],
    ],
  )
})

test('a refused ROM is sent to the TFTP server, which says no at once', () => {
  const { reply, verdict } = replied(ask(rom, siteOf(rom, false)))
  assert.deepEqual(
    [formatIpv4(reply.siaddr), reply.file, verdict?.rule],
    ['192.168.77.1', '/netboot-not-allowed', 'netboot-not-allowed'],
  )
})

test('the binary of the record goes before that of the architecture', () => {
  const record = machine({ mac: '52:54:00:aa:01:01', netboot: { ipxe: { binary: 'snponly.efi' } } })
  assert.equal(replied(ask(ovmf, site({ machines: [record] }))).reply.file, 'snponly.efi')
})

test('a policy sees link, subnet and relay agent', () => {
  const policy = `
apiVersion: reboots/v1
kind: BootPolicy
profiles: { disk: { ipxe: { script: exit } } }
rules:
  - { name: here, when: 'network.link == "lan0" && network.subnet == "192.168.77.0/24"', then: { boot: disk } }
  - { name: relayed, when: 'network.giaddr == "10.9.0.1" && network.circuitId == "74657374"', then: { deny: not there } }
otherwise: { ignore: nowhere }
tests: []
`
  const relayed = { ...changed(ovmf, { 82: '010474657374' }), giaddr: ip('10.9.0.1') }
  const rules = [ovmf, relayed].map((message) => ask(message, site({ policy })).verdict?.rule)
  assert.deepEqual(rules, ['here', 'relayed'])
})

test('a machine is found by what its record names besides its MAC', () => {
  const uuid = '00010203-0405-0607-0809-0a0b0c0d0e0f'
  const guid = '00030201000504070608090a0b0c0d0e0f'
  const records = [
    machine({ id: 'by-uuid', mac: '', match: { uuid }, netboot: { ipxe: { binary: 'uuid.efi' } } }),
    machine({ id: 'by-client', mac: '', match: { clientIds: ['ff01'] }, netboot: { ipxe: { binary: 'client.efi' } } }),
    machine({ id: 'by-arch', mac: '', match: { when: 'client.arch == 6' }, netboot: { ipxe: { binary: 'arch.efi' } } }),
  ]
  const ports = site({ machines: records })
  const rows: readonly (readonly [Readonly<Record<number, string>>, string])[] = [
    [{ 97: guid }, 'uuid.efi'],
    [{ 97: guid, 61: 'ff01' }, 'client.efi'],
    [{ 93: '0006' }, 'arch.efi'],
  ]
  for (const [more, file] of rows) assert.equal(replied(ask(changed(ovmf, more), ports)).reply.file, file)
  assert.deepEqual('silent' in ask(ovmf, ports), true)
  const script = replied(ask(changed(ipxe, { 97: guid }), ports)).reply.file
  assert.match(script, /auto\.ipxe\?arch=7&machine=by-uuid/)
})

function ask(message: DhcpMessage, ports: Ports, from: Endpoint = NOBODY): Outcome {
  return handle(message, { link: LINK, from }, ports, NOW)
}

function replied(outcome: Outcome): Reply {
  assert.ok('reply' in outcome, `no reply: ${'silent' in outcome ? outcome.silent : ''}`)
  assert.equal(messageType(outcome.reply), 'offer')
  return outcome
}

function typed(message: DhcpMessage, type: MessageType): DhcpMessage {
  return withOption(message, messageTypeOption, type)
}

function options(reply: DhcpMessage): string {
  const codes = [...reply.options].toSorted(([a], [b]) => a - b)
  return codes.map(([code, value]) => `${code}=${hex(value)}`).join(' ')
}
