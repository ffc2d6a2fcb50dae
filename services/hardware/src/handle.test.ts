import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { status, type ClientReadableStream, type ServiceError } from '@grpc/grpc-js'
import { hardware, tink } from '@reboots/api'
import { parseMac } from '@reboots/protocol/net'
import { connect, createLog, createMetrics, openMachineReplica, serveRpc } from '@reboots/runtime'
import { machine } from '@reboots/testkit'
import { handle, type Observer } from './handle.ts'
import { entryOf, type Entry } from './records/entry.ts'
import { Journal } from './roster/journal.ts'
import { Roster } from './roster/roster.ts'

const log = createLog('hardware', { level: 'silent', format: 'json' })
const MAC = ['00:00:5e:00:53:01', '00:00:5e:00:53:02', '00:00:5e:00:53:03'] as const

function entry(n: 0 | 1 | 2, hostname = `host${n}`): Entry {
  const built = machine({
    id: `m${n}`,
    mac: MAC[n],
    address: `192.0.2.${n + 1}`,
    facility: 'onprem',
    state: 'active',
    dhcp: { hostname, gateway: '192.0.2.254' },
    netboot: { osie: { baseUrl: 'http://192.0.2.9' } },
  })
  return entryOf(built, { file: 'f', line: 1, column: 1, path: '' })
}

interface Served {
  readonly address: string
  readonly ended: readonly string[]
  /** Emits `ended` with each call. */
  readonly calls: EventEmitter
  readonly client: hardware.HardwareServiceClient
  readonly tink: tink.HardwareServiceClient
}

async function serve(t: TestContext, roster: Roster): Promise<Served> {
  const ended: string[] = []
  const calls = new EventEmitter()
  const observer: Observer = {
    ended(method, outcome) {
      ended.push(`${method} ${outcome}`)
      calls.emit('ended')
    },
    watchers: () => {},
  }
  const server = await serveRpc({ listen: '127.0.0.1:0', services: handle(roster, observer), log, graceMs: 0 })
  const client = connect(hardware.HardwareServiceClient, server.address)
  const old = connect(tink.HardwareServiceClient, server.address)
  t.after(async () => {
    client.close()
    old.close()
    await server.close()
  })
  return { address: server.address, ended, calls, client, tink: old }
}

function rosterOf(...entries: readonly Entry[]): Roster {
  const roster = new Roster()
  roster.publish(entries, true)
  return roster
}

type Call<Q, R> = (request: Q, callback: (error: ServiceError | null, response: R) => void) => unknown

/** The response, or the code and text of the error. */
function call<Q, R>(method: Call<Q, R>, request: Q): Promise<R | [status, string]> {
  return new Promise((resolve) => {
    method(request, (error, response) => resolve(error === null ? response : [error.code, error.details]))
  })
}

/** Responses one by one; the stream is cancelled when the test ends. */
function reading<R>(t: TestContext, stream: ClientReadableStream<R>): () => Promise<R> {
  stream.on('error', () => {})
  t.after(() => stream.cancel())
  const items = stream[Symbol.asyncIterator]() as AsyncIterator<R>
  return async () => (await items.next()).value as R
}

type Key = hardware.GetMachineRequest['key']

const GETS: readonly { readonly key: Key; readonly answer: string | readonly [status, string] }[] = [
  { key: { $case: 'mac', value: MAC[1] }, answer: 'm1' },
  { key: { $case: 'mac', value: '0000.5E00.5302' }, answer: 'm1' },
  { key: { $case: 'ip', value: '192.0.2.1' }, answer: 'm0' },
  { key: { $case: 'id', value: 'm1' }, answer: 'm1' },
  {
    key: { $case: 'mac', value: '00:00:5e:00:53:ff' },
    answer: [status.NOT_FOUND, 'no machine with mac "00:00:5e:00:53:ff"'],
  },
  { key: { $case: 'ip', value: '192.0.2.3' }, answer: [status.NOT_FOUND, 'no machine with ip "192.0.2.3"'] },
  { key: { $case: 'id', value: 'm9' }, answer: [status.NOT_FOUND, 'no machine with id "m9"'] },
  { key: { $case: 'mac', value: 'x' }, answer: [status.INVALID_ARGUMENT, '"x" is no MAC address'] },
  { key: { $case: 'ip', value: '2001:db8::1' }, answer: [status.INVALID_ARGUMENT, '"2001:db8::1" is no IPv4 address'] },
  { key: { $case: 'id', value: '' }, answer: [status.INVALID_ARGUMENT, '"" is no id'] },
  { key: undefined, answer: [status.INVALID_ARGUMENT, 'say which machine: mac, ip or id'] },
]

for (const { key, answer } of GETS) {
  test(`GetMachine ${JSON.stringify(key)}`, async (t) => {
    const { client } = await serve(t, rosterOf(entry(0), entry(1)))
    const found = await call(
      client.getMachine.bind(client) as Call<hardware.GetMachineRequest, hardware.GetMachineResponse>,
      { key },
    )
    assert.deepEqual('machine' in found ? found.machine?.id : found, answer)
  })
}

test('before any file could be read, it is not said that there are no machines', async (t) => {
  const { client, ended } = await serve(t, new Roster())
  const getMachine = client.getMachine.bind(client) as Call<hardware.GetMachineRequest, unknown>
  const unavailable = [status.UNAVAILABLE, 'the machine files have not been read yet']
  assert.deepEqual(await call(getMachine, { key: { $case: 'id', value: 'm0' } }), unavailable)
  const list = client.listMachines({}).resume()
  const [error] = (await once(list, 'error')) as [ServiceError]
  assert.deepEqual([error.code, error.details], unavailable)
  assert.deepEqual(ended, ['GetMachine unavailable', 'ListMachines unavailable'])
})

test('ListMachines: all, in the order of their ids', async (t) => {
  const { client, ended } = await serve(t, rosterOf(entry(2), entry(0), entry(1)))
  const all = await client.listMachines({}).toArray()
  assert.deepEqual(
    all.map((response: hardware.ListMachinesResponse) => [response.machine?.id, response.machine?.origin]),
    [
      ['m0', 'f:1:1'],
      ['m1', 'f:1:1'],
      ['m2', 'f:1:1'],
    ],
  )
  assert.deepEqual(ended, ['ListMachines ok'])
})

const brief = ({ revision, reset, synced, upserted, deletedIds }: hardware.WatchResponse): unknown[] => [
  Number(revision),
  reset,
  synced,
  upserted.map(({ id }) => id),
  deletedIds,
]

test('Watch: a snapshot, then each change', async (t) => {
  const roster = rosterOf(entry(0), entry(1))
  const { client } = await serve(t, roster)
  const next = reading(t, client.watch({ epoch: '', revision: 0n }))
  assert.deepEqual(brief(await next()), [1, true, true, ['m0', 'm1'], []])
  roster.publish([entry(0), entry(1, 'changed'), entry(2)], true)
  assert.deepEqual(brief(await next()), [2, false, true, ['m1', 'm2'], []])
  roster.publish([entry(2)], true)
  assert.deepEqual(brief(await next()), [3, false, true, [], ['m0', 'm1']])
})

test('Watch: before the machines are known it waits; that there are none is said', async (t) => {
  const roster = new Roster()
  const { client } = await serve(t, roster)
  const next = reading(t, client.watch({ epoch: '', revision: 0n }))
  const first = next()
  roster.publish([], true)
  assert.deepEqual(brief(await first), [1, true, true, [], []])
})

interface Resume {
  readonly what: string
  readonly from: (roster: Roster) => hardware.WatchRequest
  readonly first: readonly unknown[]
}

const RESUMES: readonly Resume[] = [
  { what: 'up to date', from: ({ epoch }) => ({ epoch, revision: 3n }), first: [3, false, true, [], []] },
  { what: 'one behind', from: ({ epoch }) => ({ epoch, revision: 2n }), first: [3, false, true, ['m2'], []] },
  { what: 'two behind', from: ({ epoch }) => ({ epoch, revision: 1n }), first: [2, false, true, ['m1'], []] },
  {
    what: 'nothing held',
    from: ({ epoch }) => ({ epoch, revision: 0n }),
    first: [3, true, true, ['m0', 'm1', 'm2'], []],
  },
  {
    what: 'ahead of us',
    from: ({ epoch }) => ({ epoch, revision: 4n }),
    first: [3, true, true, ['m0', 'm1', 'm2'], []],
  },
  {
    what: 'of another process',
    from: () => ({ epoch: 'other', revision: 3n }),
    first: [3, true, true, ['m0', 'm1', 'm2'], []],
  },
]

for (const { what, from, first } of RESUMES) {
  test(`Watch resumed: ${what}`, async (t) => {
    const roster = rosterOf(entry(0))
    roster.publish([entry(0), entry(1)], true)
    roster.publish([entry(0), entry(1), entry(2)], true)
    const { client } = await serve(t, roster)
    assert.deepEqual(brief(await reading(t, client.watch(from(roster)))()), first)
  })
}

test('Watch: who holds machines of another process waits until every file could be read; who holds none does not', async (t) => {
  const roster = new Roster()
  roster.publish([entry(0)], false)
  const { client } = await serve(t, roster)
  const holding = reading(t, client.watch({ epoch: 'other', revision: 7n }))()
  const empty = reading(t, client.watch({ epoch: '', revision: 0n }))
  assert.deepEqual(brief(await empty()), [1, true, true, ['m0'], []])
  roster.publish([entry(0), entry(1)], true)
  assert.deepEqual(brief(await holding), [2, true, true, ['m0', 'm1'], []])
})

test('Watch: a watcher that does not read costs no memory, and is given a snapshot when it reads again', async (t) => {
  const roster = new Roster(new Journal({ revisions: 4, bytes: 1_000_000 }))
  const { client } = await serve(t, roster)
  roster.publish([entry(0, 'a'.repeat(900_000))], true)
  const stream = client.watch({ epoch: '', revision: 0n })
  const next = reading(t, stream)
  assert.equal((await next()).revision, 1n)
  const rounds = 200
  for (let round = 2; round <= rounds; round++) {
    roster.publish([entry(0, `${round}`.repeat(300_000))], true)
    await new Promise((resolve) => setImmediate(resolve))
  }
  const seen = [await next()]
  while (seen.at(-1)!.revision !== BigInt(rounds)) seen.push(await next())
  // What fits into the buffers of the connection was sent while nobody read, and nothing more.
  assert.ok(seen.length < rounds / 2, `${seen.length} responses`)
  assert.equal(seen.at(-1)!.reset, true)
})

test('Watch: a client that goes away is let go', async (t) => {
  const { client, calls, ended } = await serve(t, rosterOf(entry(0)))
  const stream = client.watch({ epoch: '', revision: 0n })
  await reading(t, stream)()
  const over = once(calls, 'ended')
  stream.cancel()
  await over
  assert.deepEqual(ended, ['Watch cancelled'])
})

test('the replica of the data plane follows, also an address that moves from one machine to another', async (t) => {
  const roster = rosterOf(entry(0), entry(1))
  const { address } = await serve(t, roster)
  const metrics = createMetrics('test')
  const applied = Promise.withResolvers<void>()
  const replica = openMachineReplica<string>({
    address,
    prepare(prepared, iface) {
      if (iface.dhcp?.hostname === 'moved') applied.resolve()
      return `${prepared.id} ${iface.dhcp?.address}`
    },
    log,
    metrics,
  })
  t.after(() => replica.close())
  await replica.whenSynced
  assert.equal(replica.byMac(parseMac(MAC[0])!), 'm0 192.0.2.1')
  const moved = machine({ id: 'm1', mac: MAC[1], address: '192.0.2.1', dhcp: { hostname: 'moved' } })
  roster.publish([entryOf(moved, entry(1).origin)], true)
  await applied.promise
  assert.deepEqual(
    [replica.size, replica.byMac(parseMac(MAC[0])!), replica.byMac(parseMac(MAC[1])!)],
    [1, undefined, 'm1 192.0.2.1'],
  )
})

test('Tink: ByMAC, ByIP and ByID give the record in the old words', async (t) => {
  const { tink: client } = await serve(t, rosterOf(entry(0)))
  const get = { mac: MAC[0], ip: '192.0.2.1', id: 'm0' }
  const expected: tink.Hardware = {
    id: 'm0',
    version: 0n,
    metadata: '{"facility":{"facility_code":"onprem"},"state":"active"}',
    network: {
      interfaces: [
        {
          dhcp: {
            mac: MAC[0],
            hostname: 'host0',
            leaseTime: 86_400n,
            nameServers: [],
            timeServers: [],
            arch: 'x86_64',
            uefi: true,
            ifaceName: '',
            ip: { address: '192.0.2.1', netmask: '255.255.255.0', gateway: '192.0.2.254', family: 4n },
          },
          netboot: {
            allowPxe: true,
            allowWorkflow: true,
            ipxe: { url: '', contents: '' },
            osie: { baseUrl: 'http://192.0.2.9', kernel: '', initrd: '' },
          },
        },
      ],
    },
  }
  for (const method of ['byMac', 'byIp', 'byId'] as const) {
    assert.deepEqual(await call(client[method].bind(client) as Call<tink.GetRequest, tink.Hardware>, get), expected)
  }
})

test('Tink: what cannot be found, and what cannot be done', async (t) => {
  const { tink: client, ended } = await serve(t, rosterOf(entry(0)))
  const byMac = client.byMac.bind(client) as Call<tink.GetRequest, tink.Hardware>
  const push = client.push.bind(client) as Call<tink.PushRequest, tink.Empty>
  const remove = client.delete.bind(client) as Call<tink.DeleteRequest, tink.Empty>
  const readOnly = 'machines are read from files here: change the record in its file, it is read again at once'
  assert.deepEqual(await call(byMac, { mac: MAC[1], ip: '', id: '' }), [
    status.NOT_FOUND,
    `no machine with mac "${MAC[1]}"`,
  ])
  assert.deepEqual(await call(byMac, { mac: '', ip: '', id: 'm0' }), [status.INVALID_ARGUMENT, '"" is no MAC address'])
  assert.deepEqual(await call(push, { data: undefined }), [status.FAILED_PRECONDITION, readOnly])
  assert.deepEqual(await call(remove, { id: 'm0' }), [status.FAILED_PRECONDITION, readOnly])
  assert.deepEqual(ended, ['ByMAC not-found', 'ByMAC invalid', 'Push refused', 'Delete refused'])
})

test('Tink: All, and DeprecatedWatch of a machine that is not there yet', async (t) => {
  const roster = rosterOf(entry(1), entry(0))
  const { tink: client } = await serve(t, roster)
  const all: tink.Hardware[] = await client.all({}).toArray()
  assert.deepEqual(
    all.map(({ id }) => id),
    ['m0', 'm1'],
  )
  const next = reading(t, client.deprecatedWatch({ id: 'm2', mac: '', ip: '' }))
  const first = next()
  roster.publish([entry(0), entry(2)], true)
  assert.equal((await first).id, 'm2')
  roster.publish([entry(2)], true)
  roster.publish([entry(2, 'changed')], true)
  assert.equal((await next()).network?.interfaces[0]?.dhcp?.hostname, 'changed')
})
