import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { Metadata, status, type ServerWritableStream, type UntypedServiceImplementation } from '@grpc/grpc-js'
import { hardware } from '@reboots/api'
import { formatIpv4, parseIpv4, parseMac } from '@reboots/protocol/net'
import { brokenHardware, brokenRules, fakeHardware, fakeRules, machine } from '@reboots/testkit'
import { createLog } from '../log.ts'
import { createMetrics } from '../metrics.ts'
import { serveRpc } from '../rpc/serve.ts'
import { openMachineReplica, type MachineReplica } from './machines.ts'
import { openPolicyReplica, type PolicyReplica } from './policy.ts'

const log = createLog('test', { level: 'silent', format: 'json' })
const macs = ['02:00:00:00:00:01', '02:00:00:00:00:02', '02:00:00:00:00:03'] as const
const [one, two, three] = macs.map((mac, index) =>
  machine({ id: `m${index + 1}`, mac, address: `10.0.0.${index + 1}` }),
)

interface Follower {
  readonly replica: MachineReplica<string>
  readonly metrics: ReturnType<typeof createMetrics>
  /** Resolves when the change that the machine is part of has been applied. */
  prepared(id: string): Promise<unknown>
  /** What is found under the three MACs and the three addresses. */
  found(): { macs: (string | undefined)[]; addresses: (string | undefined)[] }
}

function follow(t: TestContext, address: string): Follower {
  const events = new EventEmitter()
  const metrics = createMetrics('test')
  const prepare = (record: hardware.Machine, iface: hardware.Interface): string => {
    events.emit(record.id)
    assert.notEqual(record.name, 'unusable')
    return `${record.id} ${iface.mac.slice(-2)}`
  }
  const replica = openMachineReplica({ address, prepare, log, metrics })
  t.after(() => replica.close())
  return {
    replica,
    metrics,
    prepared: (id) => once(events, id),
    found: () => ({
      macs: macs.map((mac) => replica.byMac(parseMac(mac)!)),
      addresses: [1, 2, 3].map((last) => replica.byIp(parseIpv4(`10.0.0.${last}`)!)),
    }),
  }
}

async function serve(t: TestContext, machines: readonly hardware.Machine[]) {
  const server = await fakeHardware(machines)
  t.after(() => server.stop())
  return server
}

const both = (...found: (string | undefined)[]) => ({ macs: found, addresses: found })

test('machines are found by MAC and by reserved address, and changes are followed', async (t) => {
  const server = await serve(t, [one!, two!])
  const { replica, prepared, found } = follow(t, server.address)
  assert.deepEqual([replica.synced, replica.size], [false, 0])
  await replica.whenSynced
  assert.deepEqual([replica.synced, replica.size, replica.problem], [true, 2, undefined])
  assert.deepEqual(found(), both('m1 01', 'm2 02', undefined))
  server.publish([two!, three!])
  await prepared('m3')
  assert.deepEqual(found(), both(undefined, 'm2 02', 'm3 03'))
})

test('who asks hears which addresses came, went and moved, each change and each snapshot', async (t) => {
  const server = await serve(t, [one!, two!])
  const heard: (readonly string[])[] = []
  const hearing = new EventEmitter()
  const replica: MachineReplica<string> = openMachineReplica({
    address: server.address,
    prepare: (record) => record.id,
    changed(addresses) {
      heard.push(Array.from(addresses, (address) => `${formatIpv4(address)} ${replica.byIp(address)}`).toSorted())
      hearing.emit('changed')
    },
    log,
    metrics: createMetrics('test'),
  })
  t.after(() => replica.close())
  await replica.whenSynced
  server.publish([two!, machine({ id: 'm3', mac: macs[2], address: '10.0.0.1' })])
  while (heard.length < 2) await once(hearing, 'changed')
  assert.deepEqual(heard, [['10.0.0.1 m1', '10.0.0.2 m2'], ['10.0.0.1 m3']])
})

test('an address moves from one machine to another within one change, whatever their order', async (t) => {
  const server = await serve(t, [one!, two!])
  const { replica, prepared, found } = follow(t, server.address)
  await replica.whenSynced
  const swapped = [
    machine({ id: 'm1', mac: macs[0], address: '10.0.0.2' }),
    machine({ id: 'm2', mac: macs[1], address: '10.0.0.1' }),
  ]
  server.publish(swapped)
  await prepared('m2')
  assert.deepEqual(found(), {
    macs: ['m1 01', 'm2 02', undefined],
    addresses: ['m2 02', 'm1 01', undefined],
  })
})

test('a machine that cannot be used is left out alone, and is not served as it was before', async (t) => {
  const server = await serve(t, [one!, two!, machine({ id: 'm3', mac: 'not a mac' })])
  const { replica, prepared, found } = follow(t, server.address)
  await replica.whenSynced
  assert.deepEqual(found(), both('m1 01', 'm2 02', undefined))
  server.publish([{ ...one!, name: 'unusable' }, two!, three!])
  await prepared('m3')
  assert.deepEqual(found(), both(undefined, 'm2 02', 'm3 03'))
})

test('a server that comes later than the client is found, and until then there is a reason', async (t) => {
  const server = await serve(t, [one!])
  await server.stop()
  const { replica } = follow(t, server.address)
  assert.match(
    replica.problem ?? '',
    /^no machines yet from the hardware service at 127\.0\.0\.1:\d+: not reached yet$/,
  )
  await server.start()
  await replica.whenSynced
  assert.equal(replica.size, 1)
})

test('the last known state stays when the server is gone, and is resumed from when it is back', async (t) => {
  const server = await serve(t, [one!])
  const { replica, prepared, found } = follow(t, server.address)
  await replica.whenSynced
  await server.stop()
  server.publish([one!, two!])
  assert.deepEqual(found(), both('m1 01', undefined, undefined))
  const change = prepared('m2')
  await server.start()
  await change
  assert.deepEqual(found(), both('m1 01', 'm2 02', undefined))
  const [first, second] = server.watches
  assert.deepEqual(first, { epoch: '', revision: 0n })
  assert.equal(second?.revision, 1n)
  assert.notEqual(second?.epoch, '')
})

test('a server that has forgotten sends a snapshot, and what is not in it is gone', async (t) => {
  const server = await serve(t, [one!, two!])
  const { replica, prepared, found } = follow(t, server.address)
  await replica.whenSynced
  await server.stop()
  server.publish([three!])
  server.forget()
  const snapshot = prepared('m3')
  await server.start()
  await snapshot
  assert.deepEqual(found(), both(undefined, undefined, 'm3 03'))
})

test('a snapshot in parts shows when it is whole, and one that breaks off never does', async (t) => {
  const calls = new EventEmitter()
  const watch = (call: ServerWritableStream<hardware.WatchRequest, hardware.WatchResponse>): void =>
    void calls.emit('watch', call)
  const implementation: UntypedServiceImplementation = { watch, getMachine: () => {}, listMachines: () => {} }
  const services = [[hardware.HardwareServiceService, implementation] as const]
  const server = await serveRpc({ listen: '127.0.0.1:0', services, log, graceMs: 0 })
  t.after(() => server.close())
  const { replica, prepared, found } = follow(t, server.address)
  const part = { epoch: 'e', deletedIds: [] }

  const [first] = await once(calls, 'watch')
  first.write({ ...part, revision: 7n, reset: true, synced: false, upserted: [one!] })
  await prepared('m1')
  assert.deepEqual([replica.synced, found()], [false, both(undefined, undefined, undefined)])
  first.write({ ...part, revision: 7n, reset: false, synced: true, upserted: [two!] })
  await replica.whenSynced
  assert.deepEqual(found(), both('m1 01', 'm2 02', undefined))

  first.write({ ...part, epoch: 'f', revision: 2n, reset: true, synced: false, upserted: [three!] })
  await prepared('m3')
  first.end()
  const [second] = await once(calls, 'watch')
  assert.deepEqual(second.request, { epoch: 'e', revision: 7n })
  second.write({ ...part, revision: 8n, reset: false, synced: true, upserted: [] })
  second.write({ ...part, revision: 9n, reset: false, synced: true, upserted: [{ ...one!, name: 'again' }] })
  await prepared('m1')
  assert.deepEqual(found(), both('m1 01', 'm2 02', undefined))
})

test('a server that begins streams and breaks them off before a word is not said to be connected', async (t) => {
  const calls = new EventEmitter()
  const watch = (call: ServerWritableStream<hardware.WatchRequest, hardware.WatchResponse>): void =>
    void calls.emit('watch', call)
  const services = [[hardware.HardwareServiceService, { watch, getMachine: () => {}, listMachines: () => {} }] as const]
  const server = await serveRpc({ listen: '127.0.0.1:0', services, log, graceMs: 0 })
  t.after(() => server.close())
  const { replica, metrics } = follow(t, server.address)
  for (const sentence of ['first', 'second']) {
    const [call] = await once(calls, 'watch')
    call.sendMetadata(new Metadata())
    call.emit('error', { code: status.INTERNAL, details: sentence })
  }
  await once(calls, 'watch')
  assert.match(replica.problem ?? '', /INTERNAL: second$/)
  assert.match(await metrics.text(), /reboots_replica_connected\{replica="machines"\} 0\n/)
})

test('it shows in the metrics how old the state is', async (t) => {
  const server = await serve(t, [one!, two!])
  const { replica, metrics } = follow(t, server.address)
  await replica.whenSynced
  const text = await metrics.text()
  for (const line of [
    'connected{replica="machines"} 1',
    'size{replica="machines"} 2',
    'revision{replica="machines"} 1',
    'age_seconds{replica="machines"} 0',
  ]) {
    assert.ok(text.includes(`reboots_replica_${line}\n`), `${line} in ${text}`)
  }
})

for (const fault of ['failing', 'garbage', 'never-synced', 'ending'] as const) {
  test(`a hardware service that is ${fault} gives nothing, and does no harm`, async (t) => {
    const server = await brokenHardware(fault)
    t.after(() => server.stop())
    const { replica, found } = follow(t, server.address)
    assert.deepEqual([replica.synced, found()], [false, both(undefined, undefined, undefined)])
    assert.match(replica.problem ?? '', /^no machines yet/)
  })
}

interface Compiled {
  readonly replica: PolicyReplica<string>
  compiled(): Promise<unknown>
}

function followPolicy(t: TestContext, address: string): Compiled {
  const events = new EventEmitter()
  const compile = (document: string): string => {
    events.emit('compiled')
    assert.notEqual(document, 'broken')
    return document.toUpperCase()
  }
  const replica = openPolicyReplica({ address, compile, log, metrics: createMetrics('test') })
  t.after(() => replica.close())
  return { replica, compiled: () => once(events, 'compiled') }
}

test('the published policy is compiled once per version, and one that cannot be is left out', async (t) => {
  const server = await fakeRules('one')
  t.after(() => server.stop())
  const { replica, compiled } = followPolicy(t, server.address)
  assert.equal(replica.current(), undefined)
  await replica.whenSynced
  assert.equal(replica.current(), 'ONE')
  const version = replica.version
  for (const [document, current] of [
    ['two', 'TWO'],
    ['broken', 'TWO'],
    ['three', 'THREE'],
  ] as const) {
    server.publish(document)
    await compiled()
    assert.equal(replica.current(), current)
  }
  assert.notEqual(replica.version, version)
  await server.stop()
  assert.equal(replica.current(), 'THREE')
})

test('a first policy that cannot be compiled is a reason not to be ready', async (t) => {
  const server = await fakeRules('broken')
  t.after(() => server.stop())
  const { replica, compiled } = followPolicy(t, server.address)
  await compiled()
  assert.match(replica.problem ?? '', /^version \w+ cannot be compiled: AssertionError/)
  server.publish('good')
  await replica.whenSynced
  assert.deepEqual([replica.current(), replica.problem], ['GOOD', undefined])
})

for (const fault of ['failing', 'silent'] as const) {
  test(`a rules engine that is ${fault} gives nothing, and does no harm`, async (t) => {
    const server = await brokenRules(fault)
    t.after(() => server.stop())
    const { replica } = followPolicy(t, server.address)
    assert.deepEqual([replica.synced, replica.current()], [false, undefined])
    assert.match(replica.problem ?? '', /^no policy yet from the rules-engine at/)
  })
}
