import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import type { FastifyInstance, InjectOptions } from 'fastify'
import type { Instant } from '@reboots/protocol/net'
import { DEFAULT_POLICY } from '@reboots/rules'
import { createLog, createMetrics } from '@reboots/runtime'
import { defaultPolicy } from '../adapters/default-policy.ts'
import { openPolicies } from '../open-policies.ts'
import { Operations } from '../operations.ts'
import { versionOf } from '../publisher.ts'
import { memoryStore } from '../stores/memory-store.ts'
import { Shadow } from '../shadow.ts'
import { TRUST_ALL } from '../trust.ts'
import { createRest } from './rest.ts'

const log = createLog('test', { level: 'silent', format: 'json' })
const now = (): Instant => 1_769_848_200_000 as Instant
const DOCUMENT = DEFAULT_POLICY.replace(/^otherwise: .*$/m, 'otherwise: local-disk').replace(/\ntests:[^]*/, '\n')
const VERSION = versionOf(DEFAULT_POLICY)

async function rest(context: TestContext): Promise<FastifyInstance> {
  const surroundings = { source: defaultPolicy, store: memoryStore(10), trust: TRUST_ALL, now, log }
  const policies = await openPolicies(surroundings, () => {})
  const machines = {
    byMac: () => undefined,
    byId: () => [],
    values: () => [],
    matching: false,
    byTraits: () => undefined,
  }
  const operations = new Operations(
    policies,
    new Shadow(policies, now),
    { ...machines, problem: undefined },
    { of: () => undefined },
    now,
  )
  const app = await createRest({ operations, log, metrics: createMetrics('test') })
  context.after(() => app.close())
  return app
}

const ask = async (
  app: FastifyInstance,
  method: InjectOptions['method'],
  url: string,
  payload?: object,
  headers = {},
) => {
  const reply = await app.inject({ method: method!, url, headers, ...(payload && { payload }) })
  return { status: reply.statusCode, headers: reply.headers, body: reply.json<Record<string, unknown>>() }
}

test('a policy is applied to what was looked at, listed, and gone back from', async (context) => {
  const app = await rest(context)
  const { headers, body } = await ask(app, 'GET', '/v1/policy')
  assert.deepEqual([headers.etag, body['document'], body['inForce']], [`"${VERSION}"`, DEFAULT_POLICY, true])
  const change = { document: DOCUMENT, by: 'anna', why: 'less to answer' }
  const applied = await ask(app, 'PUT', '/v1/policy', change, { 'if-match': headers.etag })
  assert.deepEqual([applied.status, applied.headers.etag], [200, `"${versionOf(DOCUMENT)}"`])
  const late = await ask(app, 'PUT', '/v1/policy', change, { 'if-match': headers.etag })
  assert.deepEqual([late.status, late.body['title']], [412, 'conflict'])
  assert.equal((await ask(app, 'POST', '/v1/policy/rollback', { by: 'ben' }, { 'if-match': '*' })).status, 200)
  const { versions } = (await ask(app, 'GET', '/v1/policy/versions?limit=2')).body as {
    versions: Record<string, unknown>[]
  }
  assert.deepEqual(
    versions.map(({ revision, by, why, origin, at }) => [revision, by, why, origin, at]),
    [
      [3, 'ben', '', 'rollback', '2026-01-31T08:30:00.000Z'],
      [2, 'anna', 'less to answer', 'apply', '2026-01-31T08:30:00.000Z'],
    ],
  )
  assert.equal((await ask(app, 'GET', '/v1/policy/versions/%232')).body['document'], DOCUMENT)
})

test('questions change nothing: check, explain, impact', async (context) => {
  const app = await rest(context)
  const bad = await ask(app, 'POST', '/v1/check', { document: 'rules: []\n', source: 'x.yaml' })
  assert.equal(bad.body['accepted'], false)
  const [problem] = bad.body['problems'] as { source: string; line: number }[]
  assert.deepEqual([problem!.source, problem!.line], ['x.yaml', 1])
  const explained = await ask(app, 'POST', '/v1/explain', { client: { mac: '52:54:00:00:00:01', arch: 7 } })
  assert.deepEqual([explained.body['outcome'], explained.body['rule']], ['ignore', 'otherwise'])
  assert.ok((explained.body['trace'] as object[]).length > 2)
  const other = { client: { mac: '52:54:00:00:00:01' }, document: DOCUMENT }
  assert.equal((await ask(app, 'POST', '/v1/explain', other)).body['outcome'], 'local-disk')
  const impact = (await ask(app, 'POST', '/v1/impact', { document: DOCUMENT })).body
  assert.deepEqual([impact['machines'], impact['changed'], impact['before']], [1, 1, VERSION])
  assert.equal((await ask(app, 'GET', '/v1/policy')).body['revision'], 1)
})

test('a policy is tried out, and no longer', async (context) => {
  const app = await rest(context)
  assert.equal((await ask(app, 'GET', '/v1/shadow')).status, 404)
  const started = await ask(app, 'PUT', '/v1/shadow', { document: DOCUMENT, by: 'anna' })
  assert.deepEqual(started.body, { version: versionOf(DOCUMENT) })
  const { body } = await ask(app, 'GET', '/v1/shadow')
  assert.deepEqual([body['after'], body['by'], body['decisions']], [versionOf(DOCUMENT), 'anna', 0])
  const same = await ask(app, 'PUT', '/v1/shadow', { document: DEFAULT_POLICY, by: 'anna' })
  assert.deepEqual([same.status, same.body['title']], [400, 'bad-request'])
  assert.equal((await ask(app, 'DELETE', '/v1/shadow')).status, 200)
  assert.equal((await ask(app, 'GET', '/v1/shadow')).status, 404)
})

const refusals: readonly (readonly [InjectOptions['method'], string, object | undefined, object, number, RegExp])[] = [
  ['PUT', '/v1/policy', { document: DOCUMENT, by: 'a' }, {}, 428, /If-Match: the version/],
  ['PUT', '/v1/policy', { document: 'x', by: 'a' }, { 'if-match': '*' }, 422, /^policy:1:1/],
  ['PUT', '/v1/policy', { document: DOCUMENT }, { 'if-match': '*' }, 400, /required property 'by'/],
  ['PUT', '/v1/policy', { document: DOCUMENT, by: ' ' }, { 'if-match': '*' }, 400, /^by: /],
  ['POST', '/v1/check', { document: 'x', whose: 'y' }, {}, 400, /additional properties/],
  ['POST', '/v1/explain', { client: { mac: 'x' } }, {}, 400, /not a MAC address/],
  ['GET', '/v1/policy/versions/abcd', undefined, {}, 404, /there is no version abcd/],
  ['GET', '/v1/policy/versions?limit=2000', undefined, {}, 400, /at most 1000/],
  ['GET', '/v2', undefined, {}, 404, /openapi\.json/],
  ['GET', '/v1/policy', undefined, { origin: 'http://evil.example' }, 403, /not for pages in a browser/],
]
for (const [method, url, body, headers, status, says] of refusals) {
  test(`${method} ${url} ${JSON.stringify(body)}: ${status}`, async (context) => {
    const reply = await ask(await rest(context), method, url, body, headers)
    assert.equal(reply.status, status, JSON.stringify(reply.body))
    assert.match(String(reply.body['detail']), says)
    assert.match(String(reply.headers['content-type']), /^application\/problem\+json/)
  })
}

test('the OpenAPI document is one, names every route, and is the one that is published', async (context) => {
  const { body } = await ask(await rest(context), 'GET', '/openapi.json')
  const { valid, errors } = await new Validator().validate(structuredClone(body))
  assert.ok(valid, JSON.stringify(errors))
  assert.deepEqual(Object.keys(body['paths'] as object), [
    '/v1/policy',
    '/v1/policy/rollback',
    '/v1/policy/versions',
    '/v1/policy/versions/{version}',
    '/v1/check',
    '/v1/explain',
    '/v1/impact',
    '/v1/shadow',
  ])
  const published = JSON.parse(readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8')) as object
  assert.deepEqual(
    body,
    published,
    'write it anew: curl -s http://127.0.0.1:42116/openapi.json > services/rules-engine/openapi.json',
  )
})
