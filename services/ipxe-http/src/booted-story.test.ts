import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { parseIpv4, parseMac, type Instant } from '@reboots/protocol/net'
import { createLog, createMetrics, loadConfig } from '@reboots/runtime'
import { machineFacts, parsePolicy, SeenBoots } from '@reboots/rules'
import { machine } from '@reboots/testkit'
import { createApp } from './app.ts'
import { shape } from './config.ts'
import { onConfig } from './on-config.ts'
import { onBooted } from './on-booted.ts'
import { onScript } from './on-script.ts'
import type { KnownMachine } from './ports.ts'
import { siteOf } from './site.ts'

const NEW = '52:54:00:00:00:01'
const SECOND_PORT = '52:54:00:00:00:02'
const STRANGER = '52:54:00:00:00:99'
const IPXE = { 'user-agent': 'iPXE/1.21.1+ (g1234)' }
const POLICY = `
apiVersion: reboots/v1
kind: BootPolicy
profiles: { install: { ipxe: { script: echo install } }, live: { ipxe: { script: echo live } }, grub: { grub: { file: grubx64.efi, config: 'boot' } } }
guard: { boots: 3, within: 1h, then: { deny: too often } }
rules:
  - { name: new, when: machine.known, once: true, then: { boot: install } }
  - { name: disk, when: machine.known, then: local-disk }
  - { name: loader, when: client.mac == "52:54:00:00:00:33", then: { boot: grub } }
otherwise: { boot: live }
`

/** The service without sockets, a rules-engine, or a clock that moves by itself. */
async function service(context: TestContext, synced = true) {
  const record = machine({ id: 'node-1', mac: NEW, address: '192.0.2.10' })
  const known: KnownMachine = { mac: parseMac(NEW), matched: false, facts: machineFacts(record, 0) }
  const clock = { now: 1_800_000_000_000 as Instant }
  const boots = new SeenBoots({ of: () => undefined }, () => clock.now)
  const policy = parsePolicy(POLICY, 'p')
  const ports = {
    machineByMac: (mac: string) => (mac === NEW || mac === SECOND_PORT ? known : undefined),
    machineByAddress: (address: number) => (address === parseIpv4('192.0.2.10') ? known : undefined),
    machineById: () => [],
    machineByUuid: () => undefined,
    policy: () => policy,
    history: boots,
    machinesSynced: synced,
    ask: () => Promise.resolve(undefined),
  }
  const site = siteOf(loadConfig(shape, { env: {} }).config, {}).factsFor('http://192.0.2.1:7080')
  const metrics = createMetrics('ipxe-http')
  const app = createApp({
    trustedProxies: [],
    log: createLog('ipxe-http', { level: 'silent', format: 'json' }),
    metrics,
    files: { open: () => Promise.resolve(undefined) },
    linkOf: () => '',
    script: (request) => onScript(request, ports, site, { times: 1, delaySeconds: 1 }, clock.now),
    bootApi: async () => ({ refused: 'not-synced', text: '' }),
    config: (name, request) => onConfig(name, request, ports, site, clock.now),
    sent: (sent) => boots.add(sent),
    booted: (request) => onBooted(request, ports, boots, clock.now),
    ready: () => [],
  })
  context.after(() => app.close())
  const later = (seconds: number): void => void (clock.now = (clock.now + seconds * 1000) as Instant)
  const boot = async (mac: string, headers: Record<string, string> = IPXE) => {
    later(1)
    return (await app.inject({ url: `/${mac}/auto.ipxe`, headers })).payload.replace(/^#!ipxe\n/, '').split('\n')[0]
  }
  const say = async (path: string, options: { payload?: string; type?: string; from?: string } = {}) => {
    later(1)
    const { payload, type = 'application/x-www-form-urlencoded', from = '192.0.2.77' } = options
    const headers = payload === undefined ? {} : { 'content-type': type }
    const request = { method: 'POST' as const, url: path, headers, remoteAddress: from }
    return (await app.inject(payload === undefined ? request : { ...request, payload })).statusCode
  }
  const config = async (mac: string) => {
    later(1)
    return (await app.inject({ url: `/grub/grub.cfg-01-${mac.replaceAll(':', '-')}` })).statusCode
  }
  return { boot, config, say, later, boots, metrics }
}

test('a machine is installed until it says that it runs, on whichever port it asks', async (context) => {
  const { boot, say } = await service(context)
  assert.equal(await boot(NEW), 'echo install')
  assert.equal(await boot(SECOND_PORT), 'echo install')
  assert.equal(await say(`/booted/${SECOND_PORT.replaceAll(':', '-')}`), 204)
  assert.match((await boot(NEW))!, /^echo Reboots: /)
  assert.match((await boot(SECOND_PORT))!, /^echo Reboots: /)
})

test('one that never does so is stopped, and another time goes on', async (context) => {
  const { boot, say, later } = await service(context)
  const boots = [await boot(STRANGER), await boot(STRANGER), await boot(STRANGER), await boot(STRANGER)]
  assert.deepEqual(boots, ['echo live', 'echo live', 'echo live', 'Rule "guard" denies 52:54:00:00:00:99: too often'])
  assert.equal(await say(`/booted/${STRANGER}`), 204)
  assert.match((await boot(STRANGER))!, /^Rule "guard" denies/)
  later(3600)
  assert.equal(await boot(STRANGER), 'echo live')
})

test('only what iPXE gets is a boot: a person who looks at a script boots nothing', async (context) => {
  const { boot, boots } = await service(context)
  assert.equal(await boot(STRANGER, { 'user-agent': 'curl/8.14.1' }), 'echo live')
  assert.equal(await boot(STRANGER, {}), 'echo live')
  assert.equal(boots.of(STRANGER), undefined)
})

test('a loader boots when it has its configuration, once', async (context) => {
  const mac = '52:54:00:00:00:33'
  const { boot, boots, config } = await service(context)
  assert.match((await boot(mac))!, /^echo Reboots: /)
  assert.equal(boots.of(mac), undefined)
  for (const count of [1, 2, 3]) {
    assert.equal(await config(mac), 200)
    assert.deepEqual(boots.of(mac)?.boots.length, count)
  }
  assert.equal(await config(mac), 403)
  assert.equal(boots.of(mac)?.boots.at(-1)?.profile, 'grub')
})

test('POST /booted: who is meant, and who is not', async (context) => {
  const { boot, say, boots, metrics } = await service(context)
  await boot(NEW)
  const rows = [
    [`/booted/${STRANGER}`, {}, 204],
    ['/booted/nobody', {}, 400],
    ['/booted', {}, 404],
    ['/booted/', {}, 400],
    [`/booted/${STRANGER}`, { payload: `pub_key_rsa=${'A'.repeat(5000)}&hostname=x` }, 204],
    [`/booted/${STRANGER}`, { payload: '{not json', type: 'application/json' }, 204],
    [`/booted/${STRANGER}`, { payload: 'A'.repeat(100_000) }, 413],
  ] as const
  for (const [path, options, status] of rows) assert.equal(await say(path, options), status, path)
  assert.deepEqual(boots.of('record:node-1')?.finished, [])
  assert.equal(await say('/booted', { from: '192.0.2.10' }), 204)
  assert.deepEqual(boots.of('record:node-1')?.finished, ['install'])
  assert.match(await metrics.text(), /reboots_http_requests_total\{route="booted",outcome="booted"\} 4/)
})

test('before the records are there it cannot be said who that is', async (context) => {
  const { say, boots } = await service(context, false)
  assert.equal(await say(`/booted/${NEW}`), 503)
  assert.equal(boots.untold.length, 0)
})
