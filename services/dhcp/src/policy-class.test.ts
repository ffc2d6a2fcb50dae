import assert from 'node:assert/strict'
import { test } from 'node:test'
import { domainName, leaseTime, option, router } from '@reboots/protocol/dhcp'
import { formatIpv4 } from '@reboots/protocol/net'
import { machine, type MachineSpec } from '@reboots/testkit'
import { remarksOf } from './packet-line.ts'
import { got, ip, ipxe, MAC, message, pxe, Site, type Fields } from './site.fixture.ts'

const ADDRESS = '192.168.1.100'
const SERVER = '192.168.1.1'
const policy = (rules: string, otherwise = 'ignore') =>
  `apiVersion: reboots/v1\nkind: BootPolicy\nprofiles: { hook: { chain: 'http://a/b' } }\nrules: [${rules}]\notherwise: ${otherwise}\n`
const EVERYBODY = policy(`{ name: all, when: 'true', also: { class: installers } }`, '{ boot: hook }')

/** Every place says the domain, and what only it says: 12, 66 and so on are looked for by what they hold. */
const NETWORKS = {
  options: { 'domain-name': 'all', 224: '0xa0', 225: '0xa0', 226: '0xa0', 227: '0xa0' },
  leaseSeconds: { default: 8000, firmware: 800 },
  subnets: [
    {
      subnet: '192.168.1.0/24',
      routers: ['192.168.1.254'],
      options: { 'domain-name': 'subnet', 225: '0xa1', 226: '0xa1', 227: '0xa1' },
      pools: [{ range: '192.168.1.10-192.168.1.50', options: { 'domain-name': 'pool', 226: '0xa2', 227: '0xa2' } }],
      nextServer: '192.0.2.1',
      bootFile: 'subnet.efi',
    },
  ],
  classes: {
    installers: {
      options: { 'domain-name': 'class', routers: ['192.168.1.253'], 227: '0xa3' },
      leaseSeconds: { default: 600, ipxe: 60 },
      nextServer: '192.0.2.2',
      bootFile: 'class.efi',
    },
  },
}
const ASKS = [3, 15, 224, 225, 226, 227]

interface Asking {
  readonly record?: Partial<MachineSpec>
  readonly rules?: string
  readonly dhcp?: object
  readonly fields?: Fields
}

/** A machine with a record, or one of the pool without. */
function site({ record, rules = EVERYBODY, dhcp = NETWORKS }: Asking): Site {
  const machines = record === undefined ? [] : [machine({ mac: MAC, address: ADDRESS, ...record })]
  return new Site({ machines, policy: rules, dhcp, unknown: true })
}

/** Domain, routers, 224 to 227 and lease time of the offer. */
function offered(asking: Asking): unknown[] {
  const reply = site(asking).answer(message('discover', { asks: ASKS, ...asking.fields }))
  const values = [224, 225, 226, 227].map((code) => reply.reply.options.get(code)?.[0]?.toString(16))
  return [got(reply, domainName), got(reply, router)?.map(formatIpv4).join(), values.join(), got(reply, leaseTime)]
}

const POOL = ['pool', '192.168.1.254', 'a0,a1,a2,a2', 8000]
const CLASS = ['class', '192.168.1.253', 'a0,a1,a2,a3', 600]

const ROWS: readonly (readonly [what: string, asking: Asking, found: readonly unknown[]])[] = [
  ['no rule gives a class', { rules: policy('') }, POOL],
  ['the class comes before pool, subnet and all', {}, CLASS],
  [
    'the record comes before the class',
    { record: { dhcp: { domainName: 'record', gateway: '192.168.1.252' } } },
    ['record', '192.168.1.252', 'a0,a1,a1,a3', 600],
  ],
  ['what the record does not say the class does', { record: {} }, ['class', '192.168.1.253', 'a0,a1,a1,a3', 600]],
  [
    'a shorter lease of the record stays',
    { record: { dhcp: { leaseSeconds: 500 } } },
    [...CLASS.slice(0, 2), 'a0,a1,a1,a3', 500],
  ],
  ['firmware has the shorter of the times', { fields: { options: pxe(7) } }, CLASS],
  ['and iPXE that of its stage', { fields: { options: ipxe(7) } }, [...CLASS.slice(0, 3), 60]],
  [
    'a class that lengthens',
    { dhcp: { ...NETWORKS, classes: { installers: { leaseSeconds: { default: 90_000 } } } } },
    [...POOL.slice(0, 3), 90_000],
  ],
  ['a class that is not configured', { dhcp: { ...NETWORKS, classes: {} } }, POOL],
  [
    'rules see what a plain client shows of itself',
    {
      rules: policy(
        `{ name: a, when: 'client.loader == "" && client.firmware == "" && client.vendorClass == "printer" && network.subnet == "192.168.1.0/24"', also: { class: installers } }`,
      ),
      fields: { options: { 60: new TextEncoder().encode('printer') } },
    },
    CLASS,
  ],
  [
    'an outcome that stops before the class',
    {
      rules: policy(
        `{ name: a, when: 'true', then: local-disk }, { name: b, when: 'true', also: { class: installers } }`,
      ),
    },
    POOL,
  ],
]

for (const [what, asking, found] of ROWS) {
  test(`class: ${what}`, () => assert.deepEqual(offered(asking), found))
}

test('the ACK has what the OFFER had, and the books the same time (S5)', () => {
  const found = site({})
  const offer = found.answer(message('discover', { asks: ASKS }))
  const requested = formatIpv4(offer.reply.yiaddr)
  const ack = found.answer(message('request', { asks: ASKS, requested, server: SERVER }))
  const values = (reply: typeof ack) => [...ASKS, 51, 58, 59].map((code) => reply.reply.options.get(code))
  assert.deepEqual(values(ack), values(offer))
  assert.equal(found.ports.leases.at(offer.reply.yiaddr, found.now)?.expiresAt, found.now + 600_000)
  const inform = found.answer(message('inform', { asks: ASKS, ciaddr: requested }))
  assert.deepEqual([got(inform, domainName), got(inform, leaseTime)], ['class', undefined])
})

test('next server and boot file are those of the class, before those of the subnet', () => {
  const reply = (rules: string) => site({ rules }).answer(message('discover', { options: pxe(7) })).reply
  const found = [EVERYBODY, policy('', '{ boot: hook }')].map(reply)
  assert.deepEqual(
    found.map(({ file, siaddr }) => [file, formatIpv4(siaddr)]),
    [
      ['class.efi', '192.0.2.2'],
      ['subnet.efi', '192.0.2.1'],
    ],
  )
})

test('the class is in the log, also of a plain client and when it is not configured', () => {
  const remarks = [NETWORKS, {}].map((dhcp) =>
    remarksOf(site({ record: {}, dhcp }).answer(message('discover', { asks: ASKS }))),
  )
  assert.deepEqual(remarks, [{ class: 'installers' }, { class: 'installers' }])
})

test('without a policy plain clients get what they would get without a class', () => {
  const found = new Site({ policy: undefined, dhcp: NETWORKS, unknown: true })
  assert.equal(
    option(found.answer(message('discover', { asks: ASKS, mac: '52:54:00:aa:00:77' })).reply, domainName),
    'pool',
  )
})

test('a renewal has the class of the circuit that the lease began at (R4)', () => {
  const rules = policy(`{ name: a, when: 'network.circuitId == "6c6162"', also: { class: installers } }`)
  const found = site({ record: {}, rules })
  const renewal = message('request', { ciaddr: ADDRESS, asks: ASKS })
  const relayed = message('request', {
    ciaddr: ADDRESS,
    asks: ASKS,
    giaddr: '192.168.1.2',
    options: { 82: Uint8Array.of(1, 3, 0x6c, 0x61, 0x62) },
  })
  const domains = [renewal, relayed, renewal].map((request) => got(found.answer(request), domainName))
  assert.deepEqual(domains, ['subnet', 'class', 'class'])
})

test('terms of a class are made once', () => {
  const { classes } = site({}).ports.settings
  const [terms] = [site({}).ports.settings.networks.segmentOf(ip(ADDRESS))!.at(ip(ADDRESS), 'default')!]
  assert.equal(classes.termsOf(terms, 'installers'), classes.termsOf(terms, 'installers'))
  assert.equal(classes.termsOf(terms, 'nobody'), terms)
})
