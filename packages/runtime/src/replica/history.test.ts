import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { test } from 'node:test'
import { history, rules } from '@reboots/api'
import { createLog } from '../log.ts'
import { createMetrics } from '../metrics.ts'
import { serveRpc } from '../rpc/serve.ts'
import { openReplicas } from './replicas.ts'

const log = createLog('test', { level: 'silent', format: 'json' })
const nothing = () => assert.fail('not asked for')

test('a policy that looks at history is only decided by when there is one; others never ask for it', async (context) => {
  const events = new EventEmitter()
  let publish = (_document: string): void => {}
  const policies: rules.RulesServiceServer = {
    watch(call) {
      let revision = 0n
      publish = (document) => call.write({ revision: ++revision, version: document, document, candidate: undefined })
      events.emit('policy')
    },
    decide: nothing,
    reportShadow: nothing,
  }
  let tell = (_response: history.WatchResponse): void => {}
  const histories: history.HistoryServiceServer = {
    watch(call) {
      tell = (response) => call.write(response)
      call.sendMetadata(call.metadata)
      events.emit('history')
    },
    report: nothing,
    get: nothing,
    booted: nothing,
    reopen: nothing,
  }
  const services = [
    [rules.RulesServiceService, policies],
    [history.HistoryServiceService, histories],
  ] as const
  const rpc = await serveRpc({ listen: '127.0.0.1:0', services, log, graceMs: 1 })
  const compiled: string[] = []
  const opened = once(events, 'policy')
  const replicas = openReplicas({
    control: { hardware: '127.0.0.1:1', rules: rpc.address },
    prepare: nothing,
    compile(document) {
      compiled.push(document)
      events.emit('compiled')
      return { document, readsHistory: document === 'once' }
    },
    remember: ({ boots }) => boots.length,
    log,
    metrics: createMetrics('test'),
  })
  context.after(async () => {
    replicas.close()
    await rpc.close()
  })
  const current = async (wanted: string | undefined): Promise<void> => {
    while (replicas.policy.current()?.document !== wanted) await new Promise(setImmediate)
  }
  await opened
  publish('plain')
  await current('plain')
  assert.equal(replicas.history.problem, undefined)

  const asked = once(events, 'history')
  publish('once')
  await asked
  await current(undefined)
  assert.deepEqual(compiled, ['plain', 'once'])
  assert.match(replicas.problems().join(), /no history yet from the rules-engine/)

  const record = { subject: 'a', boots: [{ at: new Date(1), profile: 'p', rule: 'r' }], booted: undefined }
  const whole = { ...record, finished: [], reopened: undefined }
  tell({ revision: 1n, reset: true, histories: [whole], synced: false })
  tell({ revision: 1n, reset: false, histories: [], synced: true })
  await current('once')
  assert.deepEqual([replicas.history.of('a'), replicas.history.of('b')], [1, undefined])
})
