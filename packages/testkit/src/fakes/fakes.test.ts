import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { credentials, status } from '@grpc/grpc-js'
import { hardware, rules } from '@reboots/api'
import {
  brokenHardware,
  brokenRules,
  fakeHardware,
  fakeRules,
  machine,
  type HardwareFault,
  type LoopbackServer,
  type RulesFault,
} from '../index.ts'

const first = machine({ mac: '00:00:5e:00:53:01', address: '192.0.2.1' })
const second = machine({ mac: '00:00:5e:00:53:02', address: '192.0.2.2' })

test('a machine built with nothing but a MAC survives the wire unchanged', () => {
  const bytes = hardware.Machine.encode(first).finish()
  assert.deepEqual(hardware.Machine.decode(bytes), first)
})

test('a watcher gets the snapshot, then each change', async (t) => {
  const fake = await running(t, fakeHardware([first]))
  const stream = hardwareClient(t, fake).watch({ epoch: '', revision: 0n })
  const snapshot = await next<hardware.WatchResponse>(stream)
  assert.deepEqual([snapshot.reset, snapshot.synced, snapshot.upserted], [true, true, [first]])
  fake.publish([second])
  const change = await next<hardware.WatchResponse>(stream)
  assert.deepEqual([change.reset, change.upserted, change.deletedIds], [false, [second], [first.id]])
})

test('a watcher resumes after an outage, and starts over after a restart', async (t) => {
  const fake = await running(t, fakeHardware([first]))
  const client = hardwareClient(t, fake)
  const cut = client.watch({ epoch: '', revision: 0n })
  const seen = await next<hardware.WatchResponse>(cut)
  await Promise.all([once(cut, 'error'), fake.stop()])
  fake.publish([first, second])
  await fake.start()
  const from = { epoch: seen.epoch, revision: seen.revision }
  const resumed = await next<hardware.WatchResponse>(client.watch(from))
  assert.deepEqual([resumed.reset, resumed.upserted], [false, [second]])
  fake.forget()
  const restarted = await next<hardware.WatchResponse>(client.watch(from))
  assert.deepEqual([restarted.reset, restarted.upserted], [true, [first, second]])
  assert.deepEqual(fake.watches.slice(1), [from, from])
})

test('rules: the document, then each new one', async (t) => {
  const fake = await running(t, fakeRules('one'))
  const client = new rules.RulesServiceClient(fake.address, credentials.createInsecure())
  t.after(() => client.close())
  const stream = client.watch({})
  stream.on('error', () => {})
  assert.equal((await next<rules.WatchResponse>(stream)).document, 'one')
  fake.publish('two')
  const two = await next<rules.WatchResponse>(stream)
  assert.deepEqual([two.document, two.revision], ['two', 2n])
})

const errors: readonly { readonly fault: HardwareFault; readonly code: status }[] = [
  { fault: 'failing', code: status.INTERNAL },
  { fault: 'garbage', code: status.INTERNAL },
]
for (const { fault, code } of errors) {
  test(`broken hardware: ${fault} ends the watch with code ${code}`, async (t) => {
    const fake = await running(t, brokenHardware(fault))
    const stream = hardwareClient(t, fake).watch({ epoch: '', revision: 0n })
    stream.resume()
    const [error] = await once(stream, 'error')
    assert.equal(error.code, code)
  })
}

test('broken hardware: never-synced begins a snapshot and no more', async (t) => {
  const fake = await running(t, brokenHardware('never-synced'))
  const part = await next<hardware.WatchResponse>(hardwareClient(t, fake).watch({ epoch: '', revision: 0n }))
  assert.deepEqual([part.reset, part.synced], [true, false])
})

test('broken hardware: ending ends without an error', async (t) => {
  const fake = await running(t, brokenHardware('ending'))
  const stream = hardwareClient(t, fake).watch({ epoch: '', revision: 0n })
  stream.resume()
  const [ended] = await once(stream, 'status')
  assert.equal(ended.code, status.OK)
})

test('broken rules: failing ends the watch', async (t) => {
  const fault: RulesFault = 'failing'
  const fake = await running(t, brokenRules(fault))
  const client = new rules.RulesServiceClient(fake.address, credentials.createInsecure())
  t.after(() => client.close())
  const stream = client.watch({})
  stream.resume()
  const [error] = await once(stream, 'error')
  assert.equal(error.code, status.INTERNAL)
})

async function running<S extends LoopbackServer>(t: TestContext, starting: Promise<S>): Promise<S> {
  const server = await starting
  t.after(() => server.stop())
  return server
}

function hardwareClient(t: TestContext, server: LoopbackServer): hardware.HardwareServiceClient {
  const client = new hardware.HardwareServiceClient(server.address, credentials.createInsecure())
  t.after(() => client.close())
  return client
}

async function next<T>(stream: NodeJS.EventEmitter): Promise<T> {
  stream.on('error', () => {})
  const [value] = await once(stream, 'data')
  return value as T
}
