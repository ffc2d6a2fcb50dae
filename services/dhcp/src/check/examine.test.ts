import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { ConfigError, loadConfig } from '@reboots/runtime'
import { fakeHardware, machine } from '@reboots/testkit'
import { listMachines } from '../adapters/list-machines.ts'
import { shape } from '../config.ts'
import { examine } from './examine.ts'

const directory = mkdtempSync(join(tmpdir(), 'reboots-examine-'))
after(() => rmSync(directory, { recursive: true }))
const file = join(directory, 'r.yaml')

function examined(text: string, machines?: Parameters<typeof examine>[1]) {
  writeFileSync(file, text)
  const { warnings, summary } = examine(loadConfig(shape, { env: {}, file }), machines)
  return { warnings: warnings.map((warning) => warning.replace(`${file}:`, '')), summary }
}

const ON_LO = 'links: { interfaces: [lo] }\n'
const subnet = (fields: string, dhcp = '') => `${ON_LO}dhcp:\n  subnets: [{ subnet: 127.0.0.0/24${fields} }]\n${dhcp}`
const POOL = ', pools: [{ range: 127.0.0.10-127.0.0.19 }]'

const odd: readonly (readonly [name: string, text: string, warnings: readonly string[]])[] = [
  ['nothing', subnet(POOL), []],
  [
    'a pool with a router and our own address',
    subnet(', routers: [127.0.0.3], pools: [{ range: 127.0.0.1-127.0.0.9 }]'),
    [
      '3:76 dhcp.subnets.0.pools.0.range: has 127.0.0.3, which is a router and is never given out',
      '3:76 dhcp.subnets.0.pools.0.range: has 127.0.0.1, which is our own address on lo and is never given out',
    ],
  ],
  [
    'a router elsewhere',
    subnet(', routers: [10.0.0.1]'),
    ['3:47 dhcp.subnets.0.routers.0: 10.0.0.1 is not within 127.0.0.0/24: clients may not reach it'],
  ],
  [
    'an option that is said twice',
    subnet(', domain: a.example, options: { domain-name: b.example }'),
    ['3:45 dhcp.subnets.0.domain: is said by options too (15), and that wins'],
  ],
  [
    'pools for classes only',
    subnet(', pools: [{ range: 127.0.0.10-127.0.0.19, class: PXEClient }]'),
    ['3:44 dhcp.subnets.0.pools: all of them are for classes: clients of no class get no address'],
  ],
  [
    'lease times that are a slip, or have no effect',
    subnet(`${POOL}, leaseSeconds: { default: 5, ipxe: 600 }`, '  leaseSeconds: { firmware: 90000 }\n'),
    [
      '4:29 dhcp.leaseSeconds.firmware: 90000 s is longer than the lease of the system, 86400 s, and has no effect',
      '3:105 dhcp.subnets.0.leaseSeconds.default: a lease of 5 s is shorter than offerSeconds, 60',
      '3:114 dhcp.subnets.0.leaseSeconds.ipxe: 600 s is longer than the lease of the system, 5 s, and has no effect',
    ],
  ],
  [
    'a subnet nobody can reach',
    `${ON_LO}dhcp:\n  subnets: [{ subnet: 10.1.0.0/24 }]\n  admission: { denyRelays: [10.0.0.0/8] }\n`,
    [
      '3:23 dhcp.subnets.0.subnet: no interface is in 10.1.0.0/24, and its relay agents are denied: nobody can reach it',
    ],
  ],
  [
    'an offer that is over before it can be made',
    subnet(POOL, '  offerSeconds: 2\n  conflictProbe: { waitMilliseconds: 2000 }\n'),
    ['4:17 dhcp.offerSeconds: an offer is over before its address is probed (conflictProbe)'],
  ],
  [
    'everybody served from nothing',
    `${ON_LO}dhcp: { unknownMachines: serve }\n`,
    ['2:26 dhcp.unknownMachines: there is no pool to serve machines without a record from'],
  ],
  [
    'Sentinels without copies',
    `${ON_LO}dhcp: { leases: { store: redis, redis: { sentinels: ['127.0.0.1:26379'] } } }\n`,
    ['2:40 dhcp.leases.redis.copies: a fail-over by Sentinel may forget leases that were acknowledged; 1 at least'],
  ],
  [
    'an interface that is not there',
    'links: { interfaces: [lo, none0] }\n',
    ['1:22 links.interfaces: none0: there is none yet; the service does not start without it (links.wait: true)'],
  ],
  [
    'one that is waited for, with a subnet',
    'links: { interfaces: [none0], wait: true }\ndhcp: { subnets: [{ subnet: 10.1.0.0/24, link: none0 }] }\n',
    [
      '1:22 links.interfaces: none0: there is none yet',
      '2:48 dhcp.subnets.0.link: there is no interface none0 with an address now',
    ],
  ],
]
for (const [name, text, warnings] of odd) {
  test(`odd: ${name}`, () => assert.deepEqual(examined(text).warnings, warnings))
}

test('a configuration that cannot be used after all is refused with its place', () => {
  const text = `${ON_LO}dhcp: { subnets: [{ subnet: 10.1.0.0/24, link: eth9 }] }\n`
  assert.throws(
    () => examined(text),
    (error) =>
      error instanceof ConfigError &&
      error.problems[0]!.startsWith(`${file}:2:48 dhcp.subnets.0.link: subnet 10.1.0.0/24`),
  )
})

test('what it comes to', () => {
  const text = `${ON_LO}dhcp:
  unknownMachines: serve
  leases: { store: memory }
  subnets:
    - { subnet: 127.0.0.0/24, pools: [{ range: 127.0.0.10-127.0.0.19 }, { range: 127.0.0.30-127.0.0.30, class: x }] }
    - { subnet: 10.1.0.0/24, sharedNetwork: hall, pools: [{ range: 10.1.0.10-10.1.0.19 }], reservationsOnly: true }\n`
  assert.deepEqual(examined(text, []).summary, [
    'interfaces: lo 127.0.0.1',
    '2 subnets, 3 pools, 11 addresses for anybody',
    '  127.0.0.0/24 by lo: 127.0.0.10-127.0.0.19 (10), 127.0.0.30-127.0.0.30 (1) for x',
    '  10.1.0.0/24 by relay agents, shared network hall: reservations only',
    'leases: memory',
    'machines: 0',
  ])
})

describe('hardware records', () => {
  const at = (address: string, netmask = '255.255.255.0') =>
    machine({ id: 'm', mac: '52:54:00:00:00:01', address, dhcp: { netmask } })
  const remarks: readonly (readonly [address: string, netmask: string, what: string | undefined])[] = [
    ['127.0.0.50', '255.255.255.0', undefined],
    ['127.0.0.1', '255.255.255.0', 'is our own address on lo'],
    ['127.0.0.254', '255.255.255.0', 'is a router'],
    ['127.0.0.50', '255.255.0.0', 'has the mask 255.255.0.0, and is in 127.0.0.0/24'],
    [
      '127.0.0.12',
      '255.255.255.0',
      'is within a pool: whoever has it when it is reserved keeps it to the end of the lease',
    ],
    ['127.9.0.1', '255.255.255.0', undefined],
    ['10.9.0.1', '255.255.255.0', 'is in no subnet, and at no interface: only relay agents in its network reach it'],
  ]
  for (const [address, netmask, what] of remarks) {
    test(`${address} ${what ?? 'is as it should be'}`, () => {
      const { warnings } = examined(subnet(`, routers: [127.0.0.254]${POOL}`), [at(address, netmask)])
      assert.deepEqual(
        warnings.map((warning) => warning.replace(/^.*: (?=\d)/, '')),
        what === undefined ? [] : [`${address} ${what}`],
      )
    })
  }

  test('without addresses are more than the pools have', () => {
    const machines = Array.from({ length: 11 }, (_, last) =>
      machine({ id: `${last}`, mac: `52:54:00:00:00:${10 + last}` }),
    )
    assert.deepEqual(examined(subnet(POOL), machines).warnings, [
      '11 machines have no reserved address, and the pools have 10 addresses',
    ])
    assert.deepEqual(examined(subnet(POOL), machines.slice(1)).warnings, [])
  })

  test('come from the hardware service; that it is not there is said with what to do', async () => {
    const server = await fakeHardware([at('127.0.0.50')])
    assert.deepEqual(
      (await listMachines(server.address)).map(({ id }) => id),
      ['m'],
    )
    await server.stop()
    await assert.rejects(listMachines(server.address), /cannot be asked for its machines/)
  })
})
