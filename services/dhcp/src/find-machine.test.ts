import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { formatIpv4, type MacAddress } from '@reboots/protocol/net'
import * as fc from 'fast-check'
import { machine, type MachineSpec } from '@reboots/testkit'
import { remarksOf } from './packet-line.ts'
import { RelayMemory } from './relay-memory.ts'
import { Cards } from './rival.ts'
import { ip, ipxe, message, pxe, Site, typeOf, type Fields, type SiteOptions } from './site.fixture.ts'

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
    found.ask(message('discover', { mac, options: pxe(7) }))
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
  const bound = (mac: string) => {
    assert.equal(addressOf(found, { mac, ...RELAYED }), '192.168.1.22')
    return typeOf(found.ask(message('request', { mac, ...RELAYED, requested: '192.168.1.22', server: SERVER })))
  }
  assert.deepEqual([bound(NIC), bound(NEW_NIC)], ['ack', 'ack'])
  // And nobody else has it, whatever they ask for.
  assert.notEqual(addressOf(found, { mac: '52:54:00:aa:00:13', requested: '192.168.1.22' }), '192.168.1.22')
})

describe('a renewal, which comes past no relay, is known', () => {
  const AT = '192.168.1.22'
  const record: MachineSpec = { id: 'port', mac: '', match: PORT_MATCH, address: AT }
  const from = { from: { address: ip(AT), port: 68 } }
  const renew = (found: Site, mac: string, fields: Fields = {}) =>
    typeOf(found.ask(message('request', { mac, ciaddr: AT, ...fields }), from))

  /** Everything but the books is forgotten. */
  function restarted(): Site {
    const found = site(record)
    assert.equal(renew(found, NIC, RELAYED), 'ack')
    found.ports = { ...found.ports, relays: new RelayMemory(), cards: new Cards() }
    return found
  }

  test('by what the relay said before', () => {
    const found = site(record)
    assert.deepEqual(
      [renew(found, NIC), renew(found, NIC, RELAYED), renew(found, NIC)],
      ['unknown-machine', 'ack', 'ack'],
    )
    assert.equal(addressOf(found, {}), 'unknown-machine')
  })

  test('by its lease, after a restart or at another replica', () => {
    const outcome = restarted().answer(message('request', { mac: NIC, ciaddr: AT }), from)
    assert.deepEqual([typeOf(outcome), outcome.found], ['ack', 'port by lease'])
  })

  const others: readonly (readonly [what: string, act: (found: Site) => string])[] = [
    ['who does not send from the address', (found) => typeOf(found.ask(message('request', { mac: NIC, ciaddr: AT })))],
    ['who comes past a relay', (found) => renew(found, NIC, { giaddr: '192.168.1.2' })],
    ['who asks for an address', (found) => addressOf(found, { requested: AT })],
    ['who uses it after its lease is over', (found) => (found.wait(86_400), renew(found, NIC))],
  ]
  for (const [what, act] of others) test(`not ${what}`, () => assert.equal(act(restarted()), 'unknown-machine'))

  test('nor does whoever renewed by the lease keep it from a machine at that port', () => {
    const found = restarted()
    assert.equal(renew(found, NEW_NIC), 'ack')
    assert.equal(renew(found, NIC, RELAYED), 'ack')
    assert.equal(renew(found, NEW_NIC), 'nak')
  })
})

test('what a relay agent said of strangers is not kept', () => {
  const found = site({ id: 'port', mac: '', match: { circuitId: 'ff' }, address: '192.168.1.22' })
  addressOf(found, RELAYED)
  assert.equal(
    found.ports.relays.recall(message('request', { mac: NIC, ciaddr: '192.168.1.22' }), NIC as never).giaddr,
    0,
  )
})

describe('two machines that fit one record', () => {
  const AT = '192.168.1.24'
  const PRINTERS: MachineSpec = { id: 'p', mac: '', match: { when: 'client.vendorClass == "printer"' }, address: AT }
  const printer = { options: { 60: text('printer') } }
  const PROBING = { conflictProbe: { enabled: true, waitMilliseconds: 400, atOnce: 64 } }

  const ask = (found: Site, mac: string, fields: Fields, type: 'request' | 'release' | 'decline' = 'request') =>
    typeOf(found.ask(message(type, { mac, ...printer, ...fields })))
  const second = { mac: NEW_NIC, ...printer }

  /** The first one has the address. */
  function shared(settings: SiteOptions['settings'] = PROBING): Site {
    const found = new Site({ machines: [machine(PRINTERS)], settings })
    addressOf(found, printer)
    ask(found, NIC, { requested: AT, server: SERVER })
    return found
  }

  test('while the first has an offer, the second gets no answer', () => {
    const found = new Site({ machines: [machine(PRINTERS)], settings: PROBING })
    addressOf(found, printer)
    found.wait(59)
    const early = found.ask(message('discover', second))
    const note = `${AT} is with ${NIC}: more than one machine fits the record`
    assert.deepEqual([typeOf(early), early.note, found.probed], ['address-in-use', note, []])
    found.wait(1)
    assert.equal(addressOf(found, second), AT)
  })

  test('once the first has it, the second is offered it only if the first does not answer', () => {
    const found = shared()
    found.occupied.set(ip(AT), { occupant: NIC as MacAddress })
    const outcome = found.ask(message('discover', second))
    const note = `${AT} is at ${NIC}: more than one machine fits the record`
    assert.deepEqual([typeOf(outcome), outcome.note], ['address-in-use', note])
    assert.deepEqual(
      found.probed.map(({ address, method, client, anew }) => [formatIpv4(address), method, client, anew]),
      [[AT, 'arp', NEW_NIC, true]],
    )
    assert.equal(ask(found, NIC, { ciaddr: AT }), 'ack')
  })

  test('nor is it believed when it names the address, or says that it is in use or free', () => {
    const found = shared()
    found.wait(3600)
    assert.equal(ask(found, NEW_NIC, { requested: AT }), 'nak')
    assert.equal(ask(found, NEW_NIC, { requested: AT, server: SERVER }, 'decline'), 'not-the-owner')
    assert.equal(ask(found, NEW_NIC, { ciaddr: AT, server: SERVER }, 'release'), 'not-the-owner')
    assert.equal(found.ports.leases.at(ip(AT), found.now)?.state, 'bound')
  })

  test('a first one that does not answer has been replaced; if it comes back it is refused, and then it is the second', () => {
    const found = shared()
    assert.equal(addressOf(found, second), AT)
    assert.equal(ask(found, NEW_NIC, { requested: AT, server: SERVER }), 'ack')
    assert.equal(ask(found, NIC, { ciaddr: AT }), 'nak')
    found.occupied.set(ip(AT), { occupant: NEW_NIC as MacAddress })
    assert.equal(addressOf(found, printer), 'address-in-use')
  })

  test('what was given back, or is over, is anybody’s', () => {
    const found = shared()
    ask(found, NIC, { ciaddr: AT, server: SERVER }, 'release')
    assert.equal(addressOf(found, second), AT)
  })

  test('where nothing is probed the next one has it, and the first is told at its renewal', () => {
    const found = shared({})
    assert.deepEqual([addressOf(found, second), ask(found, NIC, { ciaddr: AT })], [AT, 'nak'])
  })
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
