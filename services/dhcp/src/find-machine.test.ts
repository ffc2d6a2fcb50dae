import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatIpv4 } from '@reboots/protocol/net'
import * as fc from 'fast-check'
import { machine, type MachineSpec } from '@reboots/testkit'
import { remarksOf } from './packet-line.ts'
import { ip, ipxe, message, pxe, Site, typeOf, type Fields } from './site.fixture.ts'

const NIC = '52:54:00:aa:00:11'
const NEW_NIC = '52:54:00:aa:00:12'
const SERVER = '192.168.1.1'
/** What `pxe` sends as option 97. */
const UUID = '04030201-0605-0807-090a-0b0c0d0e0f10'
const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const sub = (code: number, value: string): number[] => [code, value.length, ...text(value)]
/** Option 82: circuit-id `eth7` of remote-id `sw1`. */
const PORT = Uint8Array.from([...sub(1, 'eth7'), ...sub(2, 'sw1')])
const PORT_MATCH = { circuitId: '65746837', remoteId: '737731' }

function site(...machines: readonly MachineSpec[]): Site {
  return new Site({ machines: machines.map(machine) })
}

function addressOf(site: Site, fields: Fields): string {
  const outcome = site.ask(message('discover', { mac: NIC, ...fields }))
  return 'reply' in outcome ? formatIpv4(outcome.reply.yiaddr) : outcome.silent
}

const SITE: readonly MachineSpec[] = [
  { id: 'mac', mac: '52:54:00:aa:00:99', address: '192.168.1.20' },
  { id: 'client', mac: '', match: { clientIds: ['6e31'] }, address: '192.168.1.21' },
  { id: 'port', mac: '', match: PORT_MATCH, address: '192.168.1.22' },
  { id: 'uuid', mac: '', match: { uuid: UUID }, address: '192.168.1.23' },
  { id: 'when', mac: '', match: { when: 'client.vendorClass == "printer"' }, address: '192.168.1.24' },
  {
    id: 'arm',
    mac: '',
    match: { when: 'client.arch == 11 && network.link == "lan0" && network.subnet == "192.168.1.0/24"' },
    address: '192.168.1.25',
  },
]

const ROWS: readonly (readonly [what: string, fields: Fields, address: string])[] = [
  ['nothing it shows is in a record', {}, 'unknown-machine'],
  ['the client identifier', { options: { 61: text('n1') } }, '192.168.1.21'],
  ['the port of a switch, which may be no relay agent', { options: { 82: PORT } }, '192.168.1.22'],
  ['the UUID', { options: pxe(7) }, '192.168.1.23'],
  ['the UUID of iPXE', { options: ipxe(7) }, '192.168.1.23'],
  ['a condition', { options: { 60: text('printer') } }, '192.168.1.24'],
  ['a condition about one that boots', { options: { ...pxe(11), 97: Uint8Array.of() } }, '192.168.1.25'],
  ['the client identifier comes before the port', { options: { 61: text('n1'), 82: PORT } }, '192.168.1.21'],
  ['the port comes before the UUID', { options: { ...pxe(7), 82: PORT } }, '192.168.1.22'],
  ['the UUID comes before conditions', { options: pxe(11) }, '192.168.1.23'],
  ['the MAC comes before all', { mac: '52:54:00:aa:00:99', options: { 61: text('n1') } }, '192.168.1.20'],
]

for (const [what, fields, address] of ROWS) {
  test(`${what}: ${address}`, () => assert.equal(addressOf(site(...SITE), fields), address))
}

test('firmware, iPXE and system of a machine are one to the books, whatever each is found by', () => {
  const found = site({ id: 'm', mac: '', match: { uuid: UUID, clientIds: ['6e31'] }, address: '192.168.1.23' })
  const stages = [pxe(7), ipxe(7), { 61: text('n1') }]
  const types = stages.flatMap((options) => {
    const requested = '192.168.1.23'
    const request = message('request', { mac: NIC, options, requested, server: SERVER })
    return [addressOf(found, { options }), typeOf(found.ask(request))]
  })
  assert.deepEqual(types, ['192.168.1.23', 'ack', '192.168.1.23', 'ack', '192.168.1.23', 'ack'])
  assert.equal(found.ports.leases.at(ip('192.168.1.23'), found.now)?.client, 'record:m')
})

test('a record with a MAC is that MAC to the books, also when another card is found by its UUID', () => {
  const found = site({ id: 'm', mac: NIC, match: { uuid: UUID }, address: '192.168.1.23' })
  for (const mac of [NIC, NEW_NIC]) {
    const request = message('request', { mac, options: pxe(7), requested: '192.168.1.23', server: SERVER })
    assert.equal(typeOf(found.ask(request)), 'ack')
    assert.equal(found.ports.leases.at(ip('192.168.1.23'), found.now)?.client, NIC)
  }
})

const RELAYED = { giaddr: '192.168.1.2', options: { 82: PORT } }

test('a replaced network card behind the same port has the address at once, in a pool too', () => {
  const pools = { subnets: [{ subnet: '192.168.1.0/24', pools: [{ range: '192.168.1.10-192.168.1.50' }] }] }
  const record = machine({ id: 'port', mac: '', match: PORT_MATCH, address: '192.168.1.22' })
  const found = new Site({ machines: [record], dhcp: pools, unknown: true })
  const bound = (mac: string) =>
    typeOf(found.ask(message('request', { mac, ...RELAYED, requested: '192.168.1.22', server: SERVER })))
  assert.deepEqual([bound(NIC), bound(NEW_NIC)], ['ack', 'ack'])
  // And nobody else has it, whatever they ask for.
  assert.notEqual(addressOf(found, { mac: '52:54:00:aa:00:13', requested: '192.168.1.22' }), '192.168.1.22')
})

test('a renewal, which comes past no relay, is known by what the relay said; after a restart only when it is relayed again', () => {
  const record: MachineSpec = { id: 'port', mac: '', match: PORT_MATCH, address: '192.168.1.22' }
  const found = site(record)
  const renewal = message('request', { mac: NIC, ciaddr: '192.168.1.22' })
  const relayed = message('request', { mac: NIC, ciaddr: '192.168.1.22', ...RELAYED })
  const types = [renewal, relayed, renewal].map((request) => typeOf(found.ask(request)))
  assert.deepEqual(types, ['unknown-machine', 'ack', 'ack'])
  assert.equal(addressOf(found, {}), 'unknown-machine')
})

test('what a relay agent said of strangers is not kept', () => {
  const found = site({ id: 'port', mac: '', match: { circuitId: 'ff' }, address: '192.168.1.22' })
  addressOf(found, RELAYED)
  assert.equal(
    found.ports.relays.recall(message('request', { mac: NIC, ciaddr: '192.168.1.22' }), NIC as never).giaddr,
    0,
  )
})

test('DECLINE and RELEASE are those of the record', () => {
  const found = site({ id: 'uuid', mac: '', match: { uuid: UUID }, address: '192.168.1.23' })
  const tell = (type: 'request' | 'release' | 'decline', fields: Fields) =>
    typeOf(found.ask(message(type, { mac: NIC, options: pxe(7), server: SERVER, ...fields })))
  const at = () => found.ports.leases.at(ip('192.168.1.23'), found.now)?.state
  assert.deepEqual([tell('request', { requested: '192.168.1.23' }), at()], ['ack', 'bound'])
  assert.deepEqual([tell('release', { ciaddr: '192.168.1.23' }), at()], ['released', undefined])
  assert.deepEqual([tell('request', { requested: '192.168.1.23' }), at()], ['ack', 'bound'])
  assert.deepEqual([tell('decline', { requested: '192.168.1.23' }), at()], ['declined', 'declined'])
})

test('a record without address may stand for many machines: each gets an address of its own', () => {
  const pools = { subnets: [{ subnet: '192.168.1.0/24', pools: [{ range: '192.168.1.10-192.168.1.50' }] }] }
  const record = machine({ id: 'pis', mac: '', match: { when: 'client.oui == "b8:27:eb"' } })
  const found = new Site({ machines: [record], dhcp: pools })
  const addresses = [1, 2, 3].map((last) => addressOf(found, { mac: `b8:27:eb:00:00:0${last}` }))
  assert.equal(new Set(addresses.filter((address) => address.startsWith('192.168.1.'))).size, 3)
  assert.equal(addressOf(found, {}), 'unknown-machine')
})

test('the policy sees the machine, its script URL names the record, and the log says how it was found', () => {
  const outcome = site({ id: 'tink/port', mac: '', match: PORT_MATCH, address: '192.168.1.22' }).answer(
    message('discover', { mac: NIC, options: { ...ipxe(7), 82: PORT } }),
  )
  assert.equal(outcome.verdict?.rule, 'known-machine')
  assert.match(outcome.reply.file, new RegExp(`/ipxe/script/${NIC}/auto\\.ipxe\\?arch=7&machine=tink/port$`))
  assert.equal(remarksOf(outcome)['found'], 'tink/port by circuit-id')
})

test('a record may ask for no DHCP answer whatever its machine is found by', () => {
  assert.equal(
    addressOf(site({ mac: '', match: { uuid: UUID }, dhcp: { disabled: true } }), { options: pxe(7) }),
    'dhcp-disabled',
  )
})

test('a condition that cannot be evaluated for a client is not true of it', () => {
  const records: readonly MachineSpec[] = [
    { id: 'a', mac: '', match: { when: 'client.userClass[0] == "x"' }, address: '192.168.1.30' },
    { id: 'b', mac: '', match: { when: 'client.oui == "52:54:00"' }, address: '192.168.1.31' },
  ]
  const asks = [{ options: { 77: text('x') } }, {}]
  assert.deepEqual(
    asks.map((fields) => addressOf(site(...records), fields)),
    ['192.168.1.30', '192.168.1.31'],
  )
})

test('whatever a client shows, it is one of the machines or nobody', () => {
  const known = new Set(ROWS.map(([, , address]) => address))
  const found = site(...SITE)
  const value = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(PORT, text('n1'), pxe(7)[97]!))
  const options = fc.dictionary(fc.constantFrom('60', '61', '77', '82', '93', '97', '175'), value)
  fc.assert(
    fc.property(options, fc.boolean(), (options, relayed) => {
      const fields = { options, ...(relayed && { giaddr: '192.168.1.2' }) }
      assert.ok(known.has(addressOf(found, fields)))
    }),
  )
})
