import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { status, type ServiceError } from '@grpc/grpc-js'
import { leases as api } from '@reboots/api'
import type { LeaseLedger, LeaseStep } from '@reboots/leases'
import { formatIpv4, type Instant, type Ipv4Address, type Seconds } from '@reboots/protocol/net'
import { connect, createLog, createMetrics, now } from '@reboots/runtime'
import { machine } from '@reboots/testkit'
import { ip, networks } from '../site.fixture.ts'
import { openMemoryStore } from '../stores/memory-store.ts'
import { reservationOf } from '../reservation.ts'
import { serveLeases, type LeaseApiOptions } from './serve-leases.ts'

const log = createLog('dhcp', { level: 'silent', format: 'json' })
const DHCP = {
  subnets: [
    { subnet: '192.168.1.0/24', routers: ['192.168.1.150'], pools: [{ range: '192.168.1.100-192.168.1.199' }] },
    { subnet: '10.1.0.0/16', pools: [{ range: '10.1.0.1-10.1.255.254' }] },
  ],
}
const NETWORKS = networks(DHCP)
const RECORD = machine({ mac: '52:54:00:aa:00:07', address: '192.168.1.107', dhcp: { hostname: 'node-seven' } })
const SEVEN = reservationOf(RECORD, RECORD.interfaces[0]!)
const MACHINES: LeaseApiOptions['machines'] = {
  byMac: (mac) => (mac === RECORD.interfaces[0]!.mac ? SEVEN : undefined),
  byIp: (address) => (address === ip('192.168.1.107') ? SEVEN : undefined),
}
const A = '52:54:00:aa:00:01'
const B = '52:54:00:aa:00:02'
const C = '52:54:00:aa:00:03'

const pool = {
  ranges: [
    { first: ip('10.1.0.0'), last: ip('10.1.255.255') },
    { first: ip('192.168.1.0'), last: ip('192.168.1.255') },
  ],
  leaseTime: 3600 as Seconds,
  offerTime: 60 as Seconds,
  quarantineTime: 600 as Seconds,
}
const step = (kind: 'offer' | 'bind' | 'decline', client: string, address: string): LeaseStep => ({
  kind,
  pool,
  claim: { client, requested: ip(address), reserved: undefined },
})

interface Served {
  readonly store: LeaseLedger
  readonly client: api.LeaseServiceClient
  run(...steps: LeaseStep[]): Promise<unknown>
}

async function served(t: TestContext, options: Partial<LeaseApiOptions> = {}): Promise<Served> {
  const store = options.leases ?? openMemoryStore()
  const settings = () => ({ networks: NETWORKS, clientIdentity: 'mac' as const })
  const metrics = createMetrics('dhcp')
  const all = { listen: '127.0.0.1:0', leases: store, settings, machines: MACHINES, log, metrics, ...options }
  const server = await serveLeases(all)
  const client = connect(api.LeaseServiceClient, server.address)
  t.after(async () => {
    client.close()
    await server.close()
  })
  return { store, client, run: (...steps) => store.run(steps, now()) }
}

type Method = 'get' | 'reserve' | 'release' | 'history'

/** The reply, or the name of the status and the message. */
function call(client: api.LeaseServiceClient, method: Method, request: object): Promise<unknown> {
  return new Promise((resolve) => {
    const ask = client[method].bind(client) as (
      request: object,
      done: (e: ServiceError | null, r: unknown) => void,
    ) => void
    ask(request, (error, reply) => resolve(error === null ? reply : `${status[error.code]} ${error.details}`))
  })
}

async function list(client: api.LeaseServiceClient, request: Partial<api.ListRequest> = {}): Promise<string[]> {
  const rows: string[] = []
  for await (const { leases } of client.list({ subnet: '', states: [], client: '', text: '', ...request })) {
    rows.push(...(leases as api.Lease[]).map(brief))
  }
  return rows
}

const brief = ({ address, state, client, reservation }: api.Lease): string =>
  [address, state, client, reservation === undefined ? '' : `for ${reservation.client}`].join(' ').trimEnd()

const { FREE, OFFERED, BOUND, DECLINED } = api.LeaseState

describe('list', () => {
  const rows: readonly (readonly [what: string, request: Partial<api.ListRequest>, found: readonly number[]])[] = [
    ['everything, ascending', {}, [0, 1, 2, 3, 4]],
    ['of a subnet', { subnet: '192.168.1.0/24' }, [1, 2, 3, 4]],
    ['of a subnet that is one address', { subnet: '10.1.0.9/32' }, [0]],
    ['of a state', { states: [DECLINED] }, [3]],
    ['of several states', { states: [BOUND, OFFERED] }, [0, 1, 2]],
    ['reserved and not taken', { states: [FREE] }, [4]],
    ['of a client, its MAC written with dashes', { client: A.replaceAll(':', '-').toUpperCase() }, [0, 4]],
    ['with a text in the client', { text: 'AA:00:02' }, [1]],
    ['with a text in the name of the machine', { text: 'Node-Sev' }, [2]],
    ['with a text in the address', { text: '10.1.' }, [0]],
    ['with a text that is nowhere', { text: 'nothing' }, []],
  ]
  const books = [
    `10.1.0.9 ${BOUND} ${A}`,
    `192.168.1.100 ${OFFERED} ${B}`,
    `192.168.1.107 ${BOUND} 52:54:00:aa:00:07`,
    `192.168.1.110 ${DECLINED} ${C}`,
    `192.168.1.120 ${FREE}  for ${A}`,
  ]
  for (const [what, request, found] of rows) {
    test(what, async (t) => {
      const { client, run } = await served(t)
      await run(step('bind', C, '192.168.1.110'), step('decline', C, '192.168.1.110'))
      await run(step('offer', B, '192.168.1.100'), step('bind', A, '10.1.0.9'))
      await run(step('bind', '52:54:00:aa:00:07', '192.168.1.107'))
      await run({ kind: 'hold', client: A, address: ip('192.168.1.120'), time: 60 as Seconds })
      assert.deepEqual(
        await list(client, request),
        found.map((index) => books[index]),
      )
    })
  }

  test('others have their turn while 60 000 leases are listed', async (t) => {
    const { client, run } = await served(t)
    const binds = Array.from({ length: 60_000 }, (_, i) =>
      step('bind', `c${i}`, formatIpv4((ip('10.1.0.1') + i) as Ipv4Address)),
    )
    await run(...binds)
    let turns = 0
    let listing = true
    const turn = (): void => {
      turns++
      if (listing) setImmediate(turn)
    }
    turn()
    assert.equal((await list(client)).length, 60_000)
    listing = false
    assert.ok(turns > 60, `${turns} turns`)
  })
})

describe('what cannot be is refused in a sentence', () => {
  const address = '192.168.1.100'
  const until = (milliseconds: number) => new Date(now() + milliseconds)
  const rows: readonly (readonly [method: Method, request: object, says: RegExp])[] = [
    ['get', {}, /^INVALID_ARGUMENT say what to get/],
    [
      'get',
      { subject: { $case: 'address', value: '1.2.3' } },
      /^INVALID_ARGUMENT address: "1\.2\.3" is no IPv4 address/,
    ],
    ['get', { subject: { $case: 'client', value: 'nobody' } }, /^INVALID_ARGUMENT client: "nobody" is neither a MAC/],
    ['get', { subject: { $case: 'client', value: A } }, /^NOT_FOUND no lease, quarantine or reservation of 52:54/],
    ['get', { subject: { $case: 'address', value: '172.16.0.1' } }, /^NOT_FOUND 172\.16\.0\.1 is not in the books/],
    ['history', {}, /^INVALID_ARGUMENT say whose history/],
    ['reserve', { address, client: '' }, /^INVALID_ARGUMENT client: "" is neither/],
    ['reserve', { address, client: A, until: until(-1) }, /^INVALID_ARGUMENT until: .* is over already/],
    ['reserve', { address, client: A, until: until(2 ** 43) }, /^INVALID_ARGUMENT until: .* more than a century/],
    ['reserve', { address: '172.16.0.1', client: A }, /^INVALID_ARGUMENT address: 172\.16\.0\.1 is in no subnet/],
    ['reserve', { address: '192.168.1.9', client: A }, /^INVALID_ARGUMENT address: .* in none of its pools/],
    ['reserve', { address: '192.168.1.150', client: A }, /^INVALID_ARGUMENT address: .* that of a router/],
    ['reserve', { address: '192.168.1.107', client: A }, /^FAILED_PRECONDITION .* by its hardware record/],
    [
      'reserve',
      { address: '192.168.1.101', client: A },
      /^FAILED_PRECONDITION .* leased to 52:54:00:aa:00:02 until 20/,
    ],
    [
      'reserve',
      { address: '192.168.1.110', client: B },
      /^FAILED_PRECONDITION .* in quarantine until .*: 52:54:00:aa:00:02 found/,
    ],
    [
      'reserve',
      { address: '192.168.1.120', client: A },
      /^FAILED_PRECONDITION .* reserved for 52:54:00:aa:00:02 for ever; /,
    ],
    ['reserve', { address: '192.168.1.130', client: A }, /^FAILED_PRECONDITION .* withheld from the pool/],
    ['release', { address }, /^INVALID_ARGUMENT client: say whose it is/],
    ['release', { address, client: A, what: 9 }, /^INVALID_ARGUMENT what: 9 is none of/],
    ['release', { address, client: A, what: 0 }, /^FAILED_PRECONDITION 192\.168\.1\.100 is free/],
    [
      'release',
      { address: '192.168.1.101', client: A, what: 0 },
      /^FAILED_PRECONDITION .* leased to 52:54:00:aa:00:02 until .*, not 52:54:00:aa:00:01’s/,
    ],
    [
      'release',
      { address: '192.168.1.120', client: B, what: 1 },
      /^FAILED_PRECONDITION .* reserved for .*; that is not what/,
    ],
  ]
  for (const [method, request, says] of rows) {
    test(`${method} ${JSON.stringify(request)}`, async (t) => {
      const { client, run, store } = await served(t)
      store.reserve(ip('192.168.1.130'))
      const [held, free] = [ip('192.168.1.120'), 0xffffffff as Seconds]
      await run(step('bind', B, '192.168.1.110'), step('decline', B, '192.168.1.110'), step('bind', B, '192.168.1.101'))
      await run({ kind: 'hold', client: B, address: held, time: free })
      const before = await list(client)
      assert.match(String(await call(client, method, { address: '', client: '', what: 0, limit: 0, ...request })), says)
      assert.deepEqual(await list(client), before)
    })
  }

  test('a list of no network, and a client where clients are told apart by their identifier', async (t) => {
    const { client } = await served(t, { settings: () => ({ networks: NETWORKS, clientIdentity: 'client-id' }) })
    await assert.rejects(list(client, { subnet: '192.0.2.0' }), /INVALID_ARGUMENT.*"192\.0\.2\.0" is no network/)
    const reply = await call(client, 'reserve', { address, client: A })
    assert.match(
      String(reply),
      /^INVALID_ARGUMENT .* \(dhcp\.clientIdentity\); most make theirs of it: id:01525400aa0001/,
    )
    assert.notEqual(typeof (await call(client, 'reserve', { address, client: 'id:01525400aa0001' })), 'string')
    assert.deepEqual(await list(client, { client: A }), [`${address} ${FREE}  for id:01525400aa0001`])
  })

  test('books that cannot be asked', async (t) => {
    const broken = { ...openMemoryStore(), problem: 'the disk is full', run: async () => ['unavailable' as const] }
    const { client } = await served(t, { leases: broken })
    const reply = await call(client, 'reserve', { address, client: A })
    assert.match(String(reply), /^UNAVAILABLE nothing was changed: the disk is full; try again/)
  })
})

test('get tells since when, of which machine, and what happened before', async (t) => {
  const { client, store } = await served(t)
  const start = now()
  const then = (seconds: number) => (start - 1_000_000 + seconds * 1000) as Instant
  const mine = '52:54:00:aa:00:07'
  for (const [seconds, one] of [
    [0, step('bind', A, '192.168.1.107')],
    [1, { kind: 'release', client: A, address: ip('192.168.1.107') }],
    [2, step('bind', mine, '192.168.1.107')],
    [3, step('bind', mine, '192.168.1.107')],
    [4, step('bind', mine, '10.1.0.5')],
  ] as const) {
    await store.run([{ ...one }], then(seconds))
  }
  const reply = (await call(client, 'get', {
    subject: { $case: 'client', value: '5254.00AA.0007' },
  })) as api.GetResponse
  const shown = reply.addresses.map(({ lease, since, subnet, pooled, machine, hostName, history }) => [
    brief(lease!),
    since?.getTime(),
    subnet,
    pooled,
    machine,
    hostName,
    history.map(({ kind, client }) => `${kind} ${client}`),
  ])
  const { BOUND: bound, RELEASED: released } = api.EventKind
  const names = [RECORD.name, 'node-seven']
  const [first, second] = [`10.1.0.5 ${BOUND} ${mine}`, `192.168.1.107 ${FREE} ${mine}`]
  assert.deepEqual(shown, [
    [first, then(4), '10.1.0.0/16', true, ...names, [`${bound} ${mine}`]],
    [
      second,
      undefined,
      '192.168.1.0/24',
      true,
      ...names,
      [`${released} ${mine}`, `${bound} ${mine}`, `${released} ${A}`, `${bound} ${A}`],
    ],
  ])
})

test('reserve again is no mistake; release ends the lease, the reservation or both', async (t) => {
  const { client, run } = await served(t)
  const address = '192.168.1.100'
  const lease = async (method: Method, request: object) =>
    brief(((await call(client, method, { address, client: A, what: 0, ...request })) as api.ReserveResponse).lease!)
  assert.equal(await lease('reserve', {}), `${address} ${FREE}  for ${A}`)
  const later = new Date(now() + 60_000)
  assert.equal(await lease('reserve', { until: later }), `${address} ${FREE}  for ${A}`)
  await run(step('bind', A, address))
  assert.equal(await lease('release', { what: api.ReleaseWhat.LEASE }), `${address} ${FREE} ${A} for ${A}`)
  await run(step('bind', A, address))
  assert.equal(await lease('release', { what: api.ReleaseWhat.RESERVATION }), `${address} ${BOUND} ${A}`)
  await run(step('decline', A, address))
  assert.equal(await lease('release', {}), `${address} ${FREE}`)
})

interface Watcher {
  readonly seen: string[]
  last: api.WatchResponse | undefined
  until(text: string): Promise<void>
}

function watch(t: TestContext, { client }: Served, from: Partial<api.WatchRequest> = {}): Watcher {
  const stream = client.watch({ epoch: '', revision: 0n, ...from })
  t.after(() => stream.cancel())
  let heard = (): void => {}
  const watcher: Watcher = {
    seen: [],
    last: undefined,
    async until(text) {
      while (!this.seen.includes(text)) await new Promise<void>((resolve) => (heard = resolve))
    },
  }
  stream.on('error', () => {})
  stream.on('data', (response: api.WatchResponse) => {
    watcher.last = response
    if (response.reset) watcher.seen.push('reset')
    watcher.seen.push(...response.leases.map(brief))
    watcher.seen.push(...response.events.map(({ kind, address }) => `${kind} ${address}`))
    if (response.synced && response.events.length === 0) watcher.seen.push('synced')
    heard()
  })
  return watcher
}

describe('watch', () => {
  const { BOUND: bound, RENEWED, DECLINED: declined, RELEASED, RESERVED, EXPIRED } = api.EventKind

  test('a snapshot, then what happens; and from where it was left, what was missed', async (t) => {
    const site = await served(t)
    await site.run(step('bind', A, '10.1.0.1'), step('offer', B, '10.1.0.2'))
    const watcher = watch(t, site)
    await watcher.until('synced')
    await site.run(step('bind', B, '10.1.0.2'), step('bind', A, '10.1.0.1'))
    await watcher.until(`${RENEWED} 10.1.0.1`)
    const { epoch, revision } = watcher.last!
    await site.run(step('decline', A, '10.1.0.1'), { kind: 'release', client: B, address: ip('10.1.0.2') })
    await site.run({ kind: 'hold', client: C, address: ip('192.168.1.100'), time: 60 as Seconds })
    await watcher.until(`${RESERVED} 192.168.1.100`)
    const missed = [`${declined} 10.1.0.1`, `${RELEASED} 10.1.0.2`, `${RESERVED} 192.168.1.100`]
    const events = [`${bound} 10.1.0.2`, `${RENEWED} 10.1.0.1`, ...missed]
    assert.deepEqual(watcher.seen, ['reset', `10.1.0.1 ${BOUND} ${A}`, 'synced', ...events])
    const back = watch(t, site, { epoch, revision })
    await back.until(`${RESERVED} 192.168.1.100`)
    assert.deepEqual(back.seen, missed)
    const stranger = watch(t, site, { epoch: 'another', revision })
    await stranger.until('synced')
    assert.deepEqual(stranger.seen, ['reset', `10.1.0.1 ${DECLINED} ${A}`, `192.168.1.100 ${FREE}  for ${C}`, 'synced'])
  })

  test('a lease that ends is told, although nobody asks for anything', async (t) => {
    const site = await served(t)
    const watcher = watch(t, site)
    await watcher.until('synced')
    await site.store.run([step('bind', A, '10.1.0.1')], (now() - 3_599_500) as Instant)
    await watcher.until(`${EXPIRED} 10.1.0.1`)
  })
})
