import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseMac, type Instant } from '@reboots/protocol/net'
import type { ConfiguredLoader } from '@reboots/protocol/pxe'
import { machineFacts, parsePolicy } from '@reboots/rules'
import { loadConfig } from '@reboots/runtime'
import { machine } from '@reboots/testkit'
import { shape } from './config.ts'
import { onConfig } from './on-config.ts'
import type { ScriptPorts } from './ports.ts'
import { siteOf } from './site.ts'

const mac = parseMac('52:54:00:00:00:01')!
const PROFILES = `
  grub: { grub: { file: g.efi, config: 'linux {{ site.http }}/files/k {{ client.firmware }} {{ client.loader }}' } }
  pxelinux: { pxelinux: { file: p.0, config: "SAY {{ machine.labels.rack }}\\n" } }`
const site = siteOf(loadConfig(shape, { env: {} }).config, {}).factsFor('http://192.0.2.1:7080')
const known = { mac, matched: false, facts: machineFacts(machine({ mac, name: 'node-1' }), 0) }

function ask(outcome: string, loader: ConfiguredLoader, synced = true) {
  const policy = parsePolicy(
    `apiVersion: reboots/v1\nkind: BootPolicy\nprofiles:${PROFILES}\nrules: [{ name: r, when: 'client.loader == "firmware"', then: ${outcome} }]\notherwise: ignore\n`,
    'test',
  )
  const ports: ScriptPorts = {
    machineByMac: () => known,
    machineByAddress: () => undefined,
    machineById: () => [],
    machineByUuid: () => undefined,
    policy: () => policy,
    history: { of: () => undefined },
    machinesSynced: synced,
  }
  const network = { link: 'eth0', giaddr: '', circuitId: '', remoteId: '', relayFlags: [], subnet: '' }
  const nothing = { address: undefined, arch: undefined, uuid: undefined, item: undefined, machine: undefined }
  const answer = onConfig({ loader, mac }, { ...nothing, mac, network }, ports, site, 0 as Instant)
  return 'refused' in answer ? answer.refused : answer.config
}

const rows: readonly (readonly [outcome: string, loader: ConfiguredLoader, got: string])[] = [
  ['{ boot: grub }', 'grub', 'linux http://192.0.2.1:7080/files/k uefi-x64 firmware\n'],
  ['{ boot: grub }', 'pxelinux', 'not-for-this-loader'],
  ['{ boot: pxelinux }', 'pxelinux', 'profile-not-renderable'],
  ['local-disk', 'grub', 'exit\n'],
  ['local-disk', 'pxelinux', 'DEFAULT disk\nLABEL disk\n  LOCALBOOT -1\n'],
  ['{ deny: no }', 'grub', 'netboot-not-allowed'],
  ['ignore', 'grub', 'ignored-by-policy'],
]
for (const [outcome, loader, got] of rows) {
  test(`${outcome} for ${loader}: ${got.trim()}`, () => assert.equal(ask(outcome, loader), got))
}

test('before anything has been received', () => assert.equal(ask('local-disk', 'grub', false), 'not-synced'))
