import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { status } from '@grpc/grpc-js'
import { history as api } from '@reboots/api'
import type { Instant } from '@reboots/protocol/net'
import { bootHistory, machineFacts, withBooted, type BootHistory } from '@reboots/rules'
import { connect, createLog, createMetrics, openHistoryReplica, serveRpc } from '@reboots/runtime'
import { machine } from '@reboots/testkit'
import { historyMemory } from '../adapters/history-memory.ts'
import { HistoryKeeper } from './keeper.ts'
import { historyService } from './service.ts'

const MAC = '52:54:00:00:00:01'
const STRANGER = '52:54:00:00:00:99'
const START = 1_800_000_000_000
const log = createLog('test', { level: 'silent', format: 'json' })
const known = { facts: machineFacts(machine({ id: 'node-1', mac: MAC }), 0), subnet: '' }

/** The service on a port, and a client of it. */
async function serve(context: TestContext, keeper = new HistoryKeeper(historyMemory), listen = '127.0.0.1:0') {
  const clock = { now: START }
  const { service, close } = historyService({
    keeper,
    machines: { byMac: (mac) => (mac === MAC ? known : undefined) },
    now: () => clock.now as Instant,
    log,
    metrics: createMetrics('test'),
  })
  const rpc = await serveRpc({ listen, services: [[api.HistoryServiceService, service]], log, graceMs: 1 })
  const client = connect(api.HistoryServiceClient, rpc.address)
  const stop = async (): Promise<void> => {
    close()
    await rpc.close()
  }
  context.after(async () => {
    client.close()
    await stop()
  })
  const report = promisify<api.ReportRequest, api.ReportResponse>(client.report.bind(client))
  const get = promisify<api.GetRequest, api.GetResponse>(client.get.bind(client))
  const booted = promisify<api.BootedRequest, api.BootedResponse>(client.booted.bind(client))
  const reopen = promisify<api.ReopenRequest, api.ReopenResponse>(client.reopen.bind(client))
  return { clock, keeper, address: rpc.address, client, stop, report, get, booted, reopen }
}

const boot = (subject: string, at: number, profile = 'install'): api.Event => ({
  subject,
  what: { $case: 'boot', value: { at: new Date(at), profile, rule: 'new' } },
})
const named = (mac: string, machineId = '') => ({ mac, machineId })

test('a cycle: sent, booted, reopened', async (context) => {
  const { clock, report, get, booted, reopen } = await serve(context)
  await report({ events: [boot('record:node-1', START - 5000), boot('record:node-1', START - 5000)] })
  const open = (await get(named('52-54-00-00-00-01'))).history!
  assert.deepEqual([open.subject, open.boots.length, open.finished, open.booted], ['record:node-1', 1, [], undefined])
  const closed = (await booted(named(MAC))).history!
  assert.deepEqual([closed.finished, closed.booted], [['install'], new Date(START)])
  clock.now += 1000
  assert.deepEqual((await reopen(named('', 'node-1'))).history, closed)
  // What is told late does not close it again.
  await report({ events: [{ subject: 'record:node-1', what: { $case: 'booted', value: new Date(START) } }] })
  const again = (await get(named(MAC))).history!
  assert.deepEqual([again.boots, again.finished, again.reopened], [[], [], new Date(clock.now)])
  assert.deepEqual((await get(named(STRANGER))).history, { ...again, subject: STRANGER, reopened: undefined })
})

test('what cannot be understood is refused, and nothing of it is kept', async (context) => {
  const { keeper, report, get } = await serve(context)
  const nobody = (error: { code: status; details: string }) => {
    assert.equal(error.code, status.INVALID_ARGUMENT)
    return true
  }
  await assert.rejects(get(named('nobody')), nobody)
  const bad: api.Event[] = [
    boot('', START),
    { subject: MAC, what: undefined },
    { subject: MAC, what: { $case: 'boot', value: { at: undefined, profile: '', rule: '' } } },
    boot('x'.repeat(2000), START),
  ]
  for (const event of bad) await assert.rejects(report({ events: [boot(STRANGER, START), event] }), nobody)
  assert.equal(keeper.size, 0)
})

test('what cannot be kept is UNAVAILABLE, so that it is told again', async (context) => {
  const full = new HistoryKeeper({ ...historyMemory, save: () => assert.fail('disk full') })
  const { report, booted } = await serve(context, full)
  const unavailable = { code: status.UNAVAILABLE }
  await assert.rejects(report({ events: [boot(MAC, START)] }), unavailable)
  await assert.rejects(booted(named(MAC)), unavailable)
})

test('a replica has all of it, each change, and goes on without the service; forgotten is forgotten', async (context) => {
  const keeper = new HistoryKeeper(historyMemory, 1001)
  const first = await serve(context, keeper)
  await first.report({ events: Array.from({ length: 1001 }, (_, i) => boot(`s${i}`, START + i)) })
  const seen: string[] = []
  const metrics = createMetrics('test')
  const replica = openHistoryReplica<BootHistory>({
    address: first.address,
    prepare: (record) => {
      seen.push(record.subject)
      return bootHistory(record)
    },
    log,
    metrics,
  })
  context.after(() => replica.close())
  const until = async (done: () => boolean): Promise<void> => {
    while (!done()) await new Promise(setImmediate)
  }
  assert.equal(replica.waiting, false)
  replica.follow()
  replica.follow()
  assert.equal(replica.waiting, true)
  await until(() => !replica.waiting)
  assert.deepEqual([seen.length, replica.of('s1000')?.boots[0]?.at], [1001, START + 1000])

  await first.report({ events: [boot('s1001', START), boot('record:node-1', START)] })
  await until(() => replica.of('record:node-1') !== undefined)
  assert.deepEqual([replica.of('s0'), replica.of('s1001')?.boots.length], [undefined, 1])

  await first.stop()
  while (!/reboots_replica_connected\{replica="history"\} 0/.test(await metrics.text())) await new Promise(setImmediate)
  assert.equal(replica.of('s1001')?.boots.length, 1)

  const empty = await serve(context, new HistoryKeeper(historyMemory), first.address)
  empty.keeper.apply([{ subject: STRANGER, change: (history) => withBooted(history, START as Instant) }])
  await until(() => replica.of(STRANGER) !== undefined)
  assert.equal(replica.of('s1001'), undefined)
})

test('Watch ends when the service does', async (context) => {
  const { client, stop } = await serve(context)
  const stream = client.watch({})
  await once(stream, 'data')
  stream.resume()
  const ended = once(stream, 'end')
  await stop()
  await ended
  assert.equal(stream.destroyed, true)
})
