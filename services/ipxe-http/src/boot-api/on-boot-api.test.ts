import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseMac, type Instant } from '@reboots/protocol/net'
import { machineFacts, parsePolicy } from '@reboots/rules'
import { loadConfig } from '@reboots/runtime'
import { machine } from '@reboots/testkit'
import { shape } from '../config.ts'
import { siteOf } from '../site.ts'
import { onBootApi } from './on-boot-api.ts'

const mac = parseMac('52:54:00:00:00:01')!
const site = siteOf(loadConfig(shape, { env: {} }).config, {}).factsFor('http://192.0.2.1:7080')
const known = { mac, matched: false, facts: machineFacts(machine({ mac, name: 'node-1' }), 0) }

async function ask(profile: string, outcome = '{ boot: p }', synced = true) {
  const policy = parsePolicy(
    `apiVersion: reboots/v1\nkind: BootPolicy\nprofiles: { p: ${profile} }\nrules: []\notherwise: ${outcome}\n`,
    'test',
  )
  const ports = {
    machineByMac: () => known,
    machineByAddress: () => undefined,
    machineById: () => [],
    machineByUuid: () => undefined,
    policy: () => policy,
    machinesSynced: synced,
    history: { of: () => undefined },
    ask: () => Promise.resolve(undefined),
  }
  const network = { link: 'eth0', giaddr: '', circuitId: '', remoteId: '', relayFlags: [], subnet: '' }
  const nothing = { address: undefined, arch: undefined, uuid: undefined, item: undefined, machine: undefined }
  const request = { ...nothing, mac, network }
  const answer = await onBootApi(request, ports, site, { times: 0, delaySeconds: 0 }, 0 as Instant)
  return 'refused' in answer ? answer.refused : answer.spec
}

const rows: readonly (readonly [profile: string, outcome: string | undefined, expected: unknown])[] = [
  [
    '{ linux: { kernel: /files/k, initrd: [/files/a, http://192.0.2.9/b], args: [quiet, initrd=a, "x={{ machine.name }}", "{{ \'{{\' }}"] } }',
    undefined,
    {
      kernel: 'http://192.0.2.1:7080/files/k',
      initrd: ['http://192.0.2.1:7080/files/a', 'http://192.0.2.9/b'],
      cmdline: 'quiet x=node-1 {{"{{"}}',
      message: `Reboots: node-1 (${mac})`,
    },
  ],
  ['{ ipxe: { script: shell } }', undefined, { 'ipxe-script': '#!ipxe\nshell' }],
  ['{ chain: "{{ machine.name }}" }', undefined, 'profile-not-renderable'],
  ['{ chain: /x }', 'local-disk', 'local-disk'],
  ['{ chain: /x }', '{ deny: no }', 'netboot-not-allowed'],
  ['{ chain: /x }', 'ignore', 'ignored-by-policy'],
]
for (const [profile, outcome, expected] of rows) {
  test(`${outcome ?? 'boot'} ${profile.slice(0, 40)}: ${typeof expected === 'string' ? expected : 'told'}`, async () =>
    assert.deepEqual(await ask(profile, outcome), expected))
}

test('before anything has been received', async () =>
  assert.equal(await ask('{ chain: /x }', 'local-disk', false), 'not-synced'))
