import assert from 'node:assert/strict'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { startHealth } from './health.ts'
import { createMetrics } from './metrics.ts'
import { OperatorError } from './operator-error.ts'

async function get(
  address: string,
  path: string,
): Promise<{ status: number | undefined; body: string; type: string | undefined }> {
  const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<typeof get>>>()
  const sent = request(`http://${address}${path}`, (response) => {
    const type = response.headers['content-type']
    text(response).then((body) => resolve({ status: response.statusCode, body, type }), reject)
  })
  sent.on('error', reject)
  sent.end()
  return promise
}

async function open(t: TestContext, reasons: readonly string[]) {
  const metrics = createMetrics('test')
  const health = await startHealth({ listen: '127.0.0.1:0', metrics, ready: () => reasons })
  t.after(() => health.close())
  return { address: health.address, metrics }
}

test('ready', async (t) => {
  const { address } = await open(t, [])
  assert.deepEqual(await get(address, '/readyz?verbose'), {
    status: 200,
    body: 'ready\n',
    type: 'text/plain; charset=utf-8',
  })
})

test('not ready, with every reason', async (t) => {
  const { address } = await open(t, ['no machines yet', 'no policy yet'])
  const { status, body } = await get(address, '/readyz')
  assert.deepEqual([status, body], [503, 'not ready:\n- no machines yet\n- no policy yet\n'])
  assert.equal((await get(address, '/healthz')).status, 200)
  assert.equal((await get(address, '/else')).status, 404)
})

test('metrics: those of the process, ours, and what is read at the time', async (t) => {
  const { address, metrics } = await open(t, [])
  const packets = metrics.counter('reboots_test_packets_total', 'Packets', ['outcome'])
  packets.inc({ outcome: 'sent' })
  assert.equal(metrics.counter('reboots_test_packets_total', 'Packets', ['outcome']), packets)
  const age = metrics.gauge('reboots_test_age_seconds', 'Age')
  metrics.onScrape(() => age.set(42))
  const { body, type } = await get(address, '/metrics')
  assert.match(type ?? '', /^text\/plain; version=0\.0\.4/)
  for (const line of [
    'reboots_up{service="test"} 1',
    'reboots_test_packets_total{outcome="sent"} 1',
    'reboots_test_age_seconds 42',
  ]) {
    assert.ok(body.split('\n').includes(line), line)
  }
  assert.match(body, /^process_cpu_seconds_total /m)
})

test('the document of old Boots', async (t) => {
  const { address } = await open(t, [])
  const document = JSON.parse((await get(address, '/healthcheck')).body) as Record<string, unknown>
  assert.deepEqual(Object.keys(document), ['git_rev', 'uptime_seconds', 'goroutines'])
})

test('an address that is taken is an error for the operator, with the holder', async (t) => {
  const { address } = await open(t, [])
  await assert.rejects(
    startHealth({ listen: address, metrics: createMetrics('other'), ready: () => [] }),
    (error) => error instanceof OperatorError && error.message.includes(`(pid ${process.pid})`),
  )
})

test('off is nowhere', async () => {
  const health = await startHealth({ listen: 'off', metrics: createMetrics('test'), ready: () => [] })
  assert.equal(health.address, 'off')
  await health.close()
})
