import type { Instant } from '@reboots/protocol/net'
import { describedClientFacts } from './client-facts.ts'
import type { Facts, MachineFacts } from './facts.ts'
import { UNKNOWN_MACHINE } from './machine-facts.ts'
import { parsePolicy } from './parse-policy.ts'
import type { Policy } from './policy.ts'
import type { SiteFacts } from './site.ts'

export const NETWORK = { link: 'eth0', giaddr: '', circuitId: '', remoteId: '', relayFlags: [], subnet: '192.0.2.0/24' }

/** A known x86-64 UEFI machine that may boot. */
export const MACHINE: MachineFacts = {
  ...UNKNOWN_MACHINE,
  known: true,
  id: 'machine-1',
  name: 'node-1',
  arch: 'x86_64',
  facility: 'onprem',
  labels: { rack: '12', 'example.org/role': 'worker' },
  tags: ['gpu', 'new'],
  metadata: { cpus: 4, load: 0.5, owner: { team: 'infra' }, spare: null, disks: ['sda', 'sdb'] },
  interface: { ...UNKNOWN_MACHINE.interface, mac: '52:54:00:00:00:01', address: '192.0.2.10' },
  netboot: { ...UNKNOWN_MACHINE.netboot, allowPxe: true },
}

/** Facts of that machine, asking from its firmware at 2026-01-31T08:30:00Z. */
export const FACTS: Facts = {
  client: describedClientFacts({ mac: '52:54:00:00:00:01', arch: 7, vendorClass: 'PXEClient:Arch:00007:UNDI:003000' }),
  network: NETWORK,
  machine: MACHINE,
  now: 1_769_848_200_000 as Instant,
}

export const SITE: SiteFacts = {
  osieUrl: 'http://192.0.2.1:7080/files',
  kernelName: 'vmlinuz',
  initrdName: 'initramfs',
  tinkServer: '192.0.2.1:42113',
  tinkTls: false,
  tinkInsecureTls: true,
  syslogHost: '192.0.2.1',
  http: 'http://192.0.2.1:7080',
  extraKernelArgs: ['tink_worker_image=example.org/worker:1'],
  registry: { host: '', username: '', password: '' },
}

/** A policy of these rules (`when` → outcome in YAML), whatever else ignored. */
export function policyOf(rules: readonly (readonly [string, string])[], rest = ''): Policy {
  const list = rules.map(([when, then], i) => `  - { name: r${i + 1}, when: ${JSON.stringify(when)}, then: ${then} }\n`)
  return parsePolicy(
    `apiVersion: reboots/v1\nkind: BootPolicy\nrules:\n${list.join('') || '  []\n'}otherwise: ignore\n${rest}`,
    'test.yaml',
    'v1',
  )
}
