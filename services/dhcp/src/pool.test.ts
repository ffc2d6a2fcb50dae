import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { leaseTime, rapidCommit, router } from '@reboots/protocol/dhcp'
import { formatIpv4 } from '@reboots/protocol/net'
import { machine } from '@reboots/testkit'
import {
  ADDRESS,
  codes,
  got,
  ip,
  ipxe,
  MAC,
  MACHINE,
  message,
  pxe,
  Site,
  typeOf,
  type Fields,
  type SiteOptions,
} from './site.fixture.ts'

const US = '192.168.1.1'
const pool = (first: number, last: number) => ({ range: `192.168.1.${first}-192.168.1.${last}` })
const SUBNETS = [{ subnet: '192.168.1.0/24', routers: ['192.168.1.254'], pools: [pool(10, 12)] }]
const stranger = (last: number, fields: Fields = {}): Fields => ({ mac: `52:54:00:ff:00:0${last}`, ...fields })

const open = (options: SiteOptions = {}) =>
  new Site({ dhcp: { subnets: SUBNETS }, unknown: true, machines: [], ...options })
const addressOf = (site: Site, fields: Fields) => formatIpv4(site.answer(message('discover', fields)).reply.yiaddr)

/** DISCOVER and REQUEST: the address. */
function bind(site: Site, fields: Fields): string {
  const requested = addressOf(site, fields)
  assert.equal(typeOf(site.ask(message('request', { ...fields, requested, server: US }))), 'ack')
  return requested
}

describe('who gets an address of the pool', () => {
  const rows: readonly (readonly [who: string, options: SiteOptions, fields: Fields, outcome: string])[] = [
    ['a machine without a record, if it is served', { unknown: true }, {}, 'offer'],
    ['a machine without a record, by default', { unknown: false }, {}, 'unknown-machine'],
    ['a machine with a record without an address', { unknown: false, machines: [machine({ mac: MAC })] }, {}, 'offer'],
    [
      'a machine whose address is of another network',
      { machines: [machine({ mac: MAC, address: '10.9.0.9' })] },
      {},
      'offer',
    ],
    ['nobody, before the records have been seen', { synced: false }, {}, 'not-synced'],
    ['nobody where there is no pool', { dhcp: { subnets: [{ subnet: '192.168.1.0/24' }] } }, {}, 'unknown-machine'],
    [
      'nobody where only reservations are',
      { dhcp: { subnets: [{ ...SUBNETS[0], reservationsOnly: true }] } },
      {},
      'unknown-machine',
    ],
    ['nobody behind a relay of another network (R2)', {}, { giaddr: '172.31.0.1' }, 'unknown-network'],
    ['nobody whom nothing tells from others', {}, { mac: '' }, 'no-client-identity'],
    [
      'nobody whose identifier is none, without a hardware address',
      {},
      { mac: '', options: { 61: new Uint8Array(256) } },
      'no-client-identity',
    ],
    [
      'a client without hardware address, by its identifier',
      {},
      { mac: '', options: { 61: Uint8Array.of(0, 1, 2) } },
      'offer',
    ],
  ]
  for (const [who, options, fields, outcome] of rows) {
    test(`${who}: ${outcome}`, () => assert.equal(typeOf(open(options).ask(message('discover', fields))), outcome))
  }

  test('the reservation wins over the pool, and is nobody else’s (S17)', () => {
    const site = open({ machines: [machine({ mac: MAC, address: '192.168.1.11' })] })
    assert.equal(addressOf(site, { requested: '192.168.1.10' }), '192.168.1.11')
    const others = [1, 2].map((last) => addressOf(site, stranger(last, { requested: '192.168.1.11' })))
    assert.deepEqual(others, ['192.168.1.10', '192.168.1.12'])
    assert.equal(typeOf(site.ask(message('discover', stranger(3)))), 'no-free-address')
    site.record()
    site.wait(60)
    assert.equal(addressOf(site, stranger(4, { requested: '192.168.1.11' })), '192.168.1.11')
  })

  test('a record does not take an address from a client of the pool that still uses it', () => {
    const site = open()
    bind(site, stranger(1, { requested: '192.168.1.11' }))
    site.record(machine({ mac: MAC, address: '192.168.1.11' }))
    assert.equal(typeOf(site.ask(message('discover'))), 'address-in-use')
    assert.equal(typeOf(site.ask(message('request', { requested: '192.168.1.11' }))), 'nak')
    site.wait(86_400)
    assert.equal(addressOf(site, {}), '192.168.1.11')
  })
})

describe('a client of the pool', () => {
  test('gets options and lease of its subnet, and the same address again (S1, S4)', () => {
    const site = open()
    const offer = site.answer(message('discover', { asks: [1, 3] }))
    assert.deepEqual(
      [formatIpv4(offer.reply.yiaddr), got(offer, router), got(offer, leaseTime)],
      ['192.168.1.10', [ip('192.168.1.254')], 86_400],
    )
    assert.deepEqual(codes(offer), [1, 3, 51, 58, 59])
    assert.equal(addressOf(site, { requested: '192.168.1.12' }), '192.168.1.10')
  })

  test('may wish for a free address, and gets another if it is taken (S2), none when all are (S18)', () => {
    const site = open()
    assert.equal(bind(site, stranger(1, { requested: '192.168.1.12' })), '192.168.1.12')
    assert.equal(addressOf(site, stranger(2, { requested: '192.168.1.12' })), '192.168.1.10')
    assert.equal(addressOf(site, stranger(3)), '192.168.1.11')
    assert.equal(typeOf(site.ask(message('discover', stranger(4)))), 'no-free-address')
  })

  test('keeps an offer for its time (S3)', () => {
    const site = open({ dhcp: { subnets: [{ subnet: '192.168.1.0/24', pools: [pool(10, 10)] }] } })
    assert.equal(addressOf(site, stranger(1)), '192.168.1.10')
    site.wait(59)
    assert.equal(typeOf(site.ask(message('discover', stranger(2)))), 'no-free-address')
    site.wait(1)
    assert.equal(addressOf(site, stranger(2)), '192.168.1.10')
  })

  test('that chose another server gives the offer up (S6), but not its lease', () => {
    const site = open()
    const other = (last: number) =>
      message('request', stranger(last, { server: '192.168.1.250', requested: '192.168.1.99' }))
    addressOf(site, stranger(1))
    assert.equal(typeOf(site.ask(other(1))), 'other-server-selected')
    assert.deepEqual(site.ports.leases.count(site.now), { offered: 0, bound: 0, declined: 0 })
    bind(site, stranger(2))
    site.ask(other(2))
    assert.deepEqual(site.ports.leases.count(site.now), { offered: 0, bound: 1, declined: 0 })
  })

  test('that finds its address in use gets another, and nobody gets that one (S10)', () => {
    const site = open()
    const requested = bind(site, stranger(1))
    assert.equal(typeOf(site.ask(message('decline', stranger(2, { requested, server: US })))), 'not-the-owner')
    assert.equal(typeOf(site.ask(message('decline', stranger(1, { requested, server: US })))), 'declined')
    assert.deepEqual(
      [1, 2].map((last) => addressOf(site, stranger(last, { requested }))),
      ['192.168.1.11', '192.168.1.12'],
    )
  })

  test('that goes is remembered (S11)', () => {
    const site = open()
    const ciaddr = bind(site, stranger(1))
    assert.equal(typeOf(site.ask(message('release', stranger(2, { ciaddr, server: US })))), 'not-the-owner')
    assert.equal(typeOf(site.ask(message('release', stranger(1, { ciaddr, server: US })))), 'released')
    assert.equal(addressOf(site, stranger(2)), '192.168.1.11')
    assert.equal(addressOf(site, stranger(1)), ciaddr)
  })

  const told: readonly (readonly [what: string, fields: Fields, authoritative: string, otherwise: string])[] = [
    ['comes back with its address (S7)', stranger(1, { requested: '192.168.1.10' }), 'ack', 'ack'],
    [
      'comes back with one that it never had (S7)',
      stranger(2, { requested: '192.168.1.11' }),
      'nak',
      'not-authoritative',
    ],
    ['comes back with that of another', stranger(2, { requested: '192.168.1.10' }), 'nak', 'not-authoritative'],
    ['comes back with one of another network', stranger(1, { requested: '172.16.0.9' }), 'nak', 'not-authoritative'],
    ['renews (S8)', stranger(1, { ciaddr: '192.168.1.10' }), 'ack', 'ack'],
    ['renews one that is free: it goes on using it', stranger(2, { ciaddr: '192.168.1.11' }), 'ack', 'ack'],
    ['renews that of another (S8)', stranger(2, { ciaddr: '192.168.1.10' }), 'nak', 'not-authoritative'],
    [
      'selects what it was not offered, and is free',
      stranger(2, { requested: '192.168.1.11', server: US }),
      'ack',
      'ack',
    ],
    ['selects that of another', stranger(2, { requested: '192.168.1.10', server: US }), 'nak', 'nak'],
    ['selects one that is in no pool', stranger(2, { requested: '192.168.1.77', server: US }), 'nak', 'nak'],
  ]
  for (const [what, fields, authoritative, otherwise] of told) {
    test(`that ${what}: ${authoritative}, not authoritative: ${otherwise}`, () => {
      const outcomes = [true, false].flatMap((authoritative) =>
        [false, true].map((sharedLeases) => {
          const site = open({ settings: { authoritative, sharedLeases } })
          bind(site, stranger(1))
          return typeOf(site.ask(message('request', fields)))
        }),
      )
      assert.deepEqual(outcomes, [authoritative, authoritative, otherwise, otherwise])
    })
  }

  test('that only asks gets the parameters of its subnet, and no lease (S13)', () => {
    const ack = open().answer(message('inform', { ciaddr: '192.168.1.77', asks: [3, 51] }))
    assert.deepEqual([codes(ack), got(ack, router)], [[3], [ip('192.168.1.254')]])
  })

  test('boots as the policy says, with a short lease while it does', () => {
    const site = open({ dhcp: { subnets: SUBNETS, leaseSeconds: { firmware: 300, ipxe: 600 } } })
    const stages = [pxe(7), ipxe(7), {}].map((options) => {
      const offer = site.answer(message('discover', { options }))
      return [formatIpv4(offer.reply.yiaddr), got(offer, leaseTime)]
    })
    assert.deepEqual(stages, [
      ['192.168.1.10', 300],
      ['192.168.1.10', 600],
      ['192.168.1.10', 86_400],
    ])
  })
})

describe('client identity (S19)', () => {
  const identifier = (last: number): Record<number, Uint8Array> => ({ 61: Uint8Array.of(0, 9, 9, last) })
  const asked: readonly Fields[] = [
    stranger(1),
    stranger(1, { options: identifier(1) }),
    stranger(2, { options: identifier(1) }),
  ]
  const rows: readonly (readonly ['mac' | 'client-id', readonly string[]])[] = [
    ['mac', ['192.168.1.10', '192.168.1.10', '192.168.1.11']],
    ['client-id', ['192.168.1.10', '192.168.1.11', '192.168.1.11']],
  ]
  for (const [clientIdentity, addresses] of rows) {
    test(`${clientIdentity}: ${addresses.join(', ')}`, () => {
      const site = open({ settings: { clientIdentity } })
      assert.deepEqual(
        asked.map((fields) => addressOf(site, fields)),
        addresses,
      )
    })
  }

  test('a machine with a reservation is its MAC either way', () => {
    const site = open({ machines: [MACHINE], settings: { clientIdentity: 'client-id' } })
    const addresses = [{}, { options: identifier(1) }, { options: identifier(2) }].map((fields) => bind(site, fields))
    assert.deepEqual(addresses, [ADDRESS, ADDRESS, ADDRESS])
  })
})

test('a pool of a class is for its clients only, and they get it first', () => {
  const pools = [pool(10, 10), { ...pool(20, 20), class: 'lab' }, { ...pool(30, 30), class: 'PXEClient' }]
  const site = open({ dhcp: { subnets: [{ subnet: '192.168.1.0/24', pools }] } })
  const lab = { options: { 77: new TextEncoder().encode('lab') } }
  assert.equal(addressOf(site, stranger(1, lab)), '192.168.1.20')
  assert.equal(addressOf(site, stranger(2, lab)), '192.168.1.10')
  assert.equal(typeOf(site.ask(message('discover', stranger(3)))), 'no-free-address')
  assert.equal(addressOf(site, stranger(4, { options: pxe(7) })), '192.168.1.30')
})

test('nor is one of its addresses given to others who name it, but who has it keeps it', () => {
  const pools = [{ ...pool(20, 21), class: 'lab' }]
  const site = open({ dhcp: { subnets: [{ subnet: '192.168.1.0/24', pools }] } })
  const lab = { options: { 77: new TextEncoder().encode('lab') } }
  bind(site, stranger(1, lab))
  const rows: readonly (readonly [fields: Fields, outcome: string])[] = [
    [stranger(2, { requested: '192.168.1.21', server: US }), 'nak'],
    [stranger(2, { requested: '192.168.1.21' }), 'nak'],
    [stranger(2, { ciaddr: '192.168.1.21' }), 'nak'],
    [stranger(2, { ...lab, requested: '192.168.1.21', server: US }), 'ack'],
    [stranger(1, { ciaddr: '192.168.1.20' }), 'ack'],
    [stranger(1, { requested: '192.168.1.20' }), 'ack'],
  ]
  assert.deepEqual(
    rows.map(([fields]) => typeOf(site.ask(message('request', fields)))),
    rows.map(([, outcome]) => outcome),
  )
})

test('rapid commit binds at once, when enabled and asked for (X1)', () => {
  const asked = message('discover', { options: { 80: new Uint8Array(0) } })
  const site = open({ settings: { rapidCommit: true } })
  const ack = site.answer(asked)
  assert.deepEqual([typeOf(ack), got(ack, rapidCommit)], ['ack', true])
  assert.equal(site.ports.leases.at(ack.reply.yiaddr, site.now)?.state, 'bound')
  assert.deepEqual([site.ask(message('discover', stranger(1))), open().ask(asked)].map(typeOf), ['offer', 'offer'])
})

test('next server and boot file of a subnet are for firmware, not for iPXE, and not against the policy', () => {
  const subnets = [{ ...SUBNETS[0], nextServer: '192.0.2.69', bootFile: 'grub.efi' }]
  const boots = (options: Record<number, Uint8Array>, more: SiteOptions = {}) => {
    const { reply } = open({ dhcp: { subnets }, policy: BOOT_ALL, ...more }).answer(message('discover', { options }))
    return [formatIpv4(reply.siaddr), reply.file.split('?')[0]]
  }
  assert.deepEqual(boots(pxe(7)), ['192.0.2.69', 'grub.efi'])
  assert.match(boots(ipxe(7))[1]!, /^http:/)
  assert.match(boots(pxe(16, 'HTTPClient'))[1]!, /^http:/)
  assert.deepEqual(boots(pxe(7), { policy: BOOT_ALL.replace('{ boot: any }', '{ deny: no }') }), [
    '0.0.0.0',
    '/netboot-not-allowed',
  ])
})

const BOOT_ALL = `
apiVersion: reboots/v1
kind: BootPolicy
profiles:
  any: { linux: { kernel: http://192.0.2.1/vmlinuz, initrd: http://192.0.2.1/initrd } }
rules: []
otherwise: { boot: any }
`
