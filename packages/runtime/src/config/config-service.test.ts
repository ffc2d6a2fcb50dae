import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { status } from '@grpc/grpc-js'
import { config } from '@reboots/api'
import { z } from 'zod'
import { createLog } from '../log.ts'
import { createMetrics } from '../metrics.ts'
import { connect } from '../rpc/connect.ts'
import { serveRpc } from '../rpc/serve.ts'
import { configService } from './config-service.ts'
import { LiveConfig } from './live-config.ts'
import { loadConfig } from './load.ts'
import { sections } from './sections.ts'

const shape = z.object({
  log: sections.log,
  dhcp: z.object({ name: z.string().default(''), store: z.string().default('') }),
})
const FIRST = '# the first\ndhcp: { name: ann }\n'
const SECOND = '# the second\ndhcp: { name: bob }\n'

async function served(t: TestContext, withFile = true) {
  const directory = mkdtempSync(join(tmpdir(), 'reboots-config-service-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const file = join(directory, 'r.yaml')
  writeFileSync(file, FIRST)
  const log = createLog('dhcp', { level: 'silent', format: 'json' })
  const load = { env: {}, ...(withFile && { file }) }
  const live = new LiveConfig({ shape, loaded: loadConfig(shape, load), load, log, metrics: createMetrics('dhcp') })
  const inForce: string[] = []
  live.follow({ live: ['dhcp.name'], prepare: (next) => () => void inForce.push(next.config.dhcp.name) })
  const server = await serveRpc({ listen: '127.0.0.1:0', services: [configService(live)], log, graceMs: 0 })
  const client = connect(config.ConfigServiceClient, server.address)
  t.after(async () => {
    client.close()
    live.close()
    await server.close()
  })
  const call = {
    get: () => promisify<config.GetRequest, config.GetResponse>(client.get.bind(client))({}),
    check: (text: string) => promisify<config.CheckRequest, config.CheckResponse>(client.check.bind(client))({ text }),
    apply: (text: string, replaces = '') =>
      promisify<config.ApplyRequest, config.ApplyResponse>(client.apply.bind(client))({ text, replaces }),
  }
  return { file, inForce, ...call }
}

test('what is in force is told, and a text that is applied is in the file and in force', async (t) => {
  const { file, inForce, get, apply } = await served(t)
  const first = await get()
  assert.deepEqual(first, { text: FIRST, version: first.version, file, problems: [] })
  const { version } = await apply(SECOND, first.version)
  assert.deepEqual(inForce, ['bob'])
  assert.deepEqual(await get(), { text: SECOND, version, file, problems: [] })
  assert.notEqual(version, first.version)
  assert.equal(readFileSync(file, 'utf8'), SECOND)
})

test('a text is checked without a change', async (t) => {
  const { file, inForce, check } = await served(t)
  assert.deepEqual(await check(SECOND), { problems: [] })
  assert.deepEqual(await check('dhcp: { name: 5 }'), { problems: [`${file}:1:15 dhcp.name: must be text, not 5`] })
  assert.deepEqual([inForce, readFileSync(file, 'utf8')], [[], FIRST])
})

const refused: readonly (readonly [name: string, text: string, replaces: string, code: status, details: RegExp])[] = [
  [
    'not in order',
    'dhcp: { name: 5, nam: x }',
    '',
    status.INVALID_ARGUMENT,
    /r\.yaml:1:18 dhcp\.nam: unknown key.*\n.*r\.yaml:1:15 dhcp\.name: must be text, not 5$/,
  ],
  [
    'needs a restart',
    'dhcp: { store: x }',
    '',
    status.INVALID_ARGUMENT,
    /r\.yaml:1:16 dhcp\.store: cannot change without a restart/,
  ],
  [
    'meant for another version',
    SECOND,
    '0123456789ab',
    status.FAILED_PRECONDITION,
    /^version \w{12} is in force, not 0123/,
  ],
]
for (const [name, text, replaces, code, details] of refused) {
  test(`a text that is ${name} is refused, and nothing changes`, async (t) => {
    const { file, inForce, apply } = await served(t)
    await assert.rejects(apply(text, replaces), (error: { code: status; details: string }) => {
      assert.match(error.details, details)
      return error.code === code
    })
    assert.deepEqual([inForce, readFileSync(file, 'utf8')], [[], FIRST])
  })
}

test('without a file there is nothing to write to', async (t) => {
  const { apply } = await served(t, false)
  await assert.rejects(apply(SECOND), { code: status.FAILED_PRECONDITION, details: /no configuration file/ })
})
