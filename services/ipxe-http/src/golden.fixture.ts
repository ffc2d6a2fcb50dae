import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { parseMac, type Instant } from '@reboots/protocol/net'
import type { ConfiguredLoader } from '@reboots/protocol/pxe'
import { machineFacts, parsePolicy, type Policy } from '@reboots/rules'
import { loadConfig } from '@reboots/runtime'
import { machine } from '@reboots/testkit'
import { shape } from './config.ts'
import { onConfig } from './on-config.ts'
import { onScript } from './on-script.ts'
import type { BootPorts } from './ports.ts'
import { siteOf } from './site.ts'

// What the policies that ship come to, as files. Run as a program, this writes them anew.

const DEPLOY = new URL('../../../deploy/', import.meta.url)
const GOLDEN = new URL('golden/', import.meta.url)

const MAC = parseMac('52:54:00:88:00:01')!
const ORIGIN = 'http://192.168.88.1:7080'
const NETWORK = { link: 'eth0', giaddr: '', circuitId: '', remoteId: '', relayFlags: [], subnet: '192.168.88.0/24' }

/** Machines by what they are called in the names of files, and of their records what the policies look at. */
const MACHINES = [
  { called: 'bios', arch: 0, record: {} },
  { called: 'uefi', arch: 7, record: {} },
  { called: 'arm64', arch: 11, record: { arch: 'aarch64' } },
  { called: 'provisioning', arch: 7, record: { state: 'provisioning' } },
  { called: 'talos', arch: 7, record: { labels: { talos: 'worker', os: '' } } },
  { called: 'harvester', arch: 7, record: { labels: { os: 'harvester' } } },
  { called: 'k3os', arch: 7, record: { labels: { os: 'k3os' } } },
  { called: 'iso', arch: 7, record: { isoUrl: `${ORIGIN}/files/hook.iso` } },
  { called: 'url', arch: 7, record: { netboot: { ipxe: { url: 'http://192.168.88.1/own.ipxe' } } } },
  {
    called: 'script',
    arch: 7,
    record: { netboot: { ipxe: { contents: '#!ipxe\necho A script of its own\nexit 1\n' } } },
  },
] as const

/** What each shipped policy gives each machine: the first machine of those that get the same. By name of the file. */
export async function goldenFiles(): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  for (const [name, policy] of shippedPolicies()) {
    const seen = new Set<string>()
    for (const { called, arch, record } of MACHINES) {
      for (const [extension, text] of await filesFor(policy, arch, record)) {
        if (!seen.has(extension + text)) files.set(`${name}.${called}.${extension}`, text)
        seen.add(extension + text)
      }
    }
  }
  return files
}

export function shippedPolicies(): [name: string, policy: Policy][] {
  const profiles = readdirSync(new URL('profiles/', DEPLOY)).filter((file) => file.endsWith('.yaml'))
  return ['examples/policy.yaml', ...profiles.map((file) => `profiles/${file}`)].map((path) => {
    const name = path.replace(/^.*\/(.*)\.yaml$/, '$1')
    return [name, parsePolicy(readFileSync(new URL(path, DEPLOY), 'utf8'), path)]
  })
}

async function filesFor(policy: Policy, arch: number, record: object): Promise<[extension: string, text: string][]> {
  const facts = machineFacts(machine({ mac: MAC, name: 'node-1', address: '192.168.88.77', ...record }), 0)
  const known = { mac: MAC, matched: false, facts }
  const ports: BootPorts = {
    ask: () => Promise.resolve(undefined),
    machineByMac: () => known,
    machineByAddress: () => undefined,
    machineById: () => [],
    machineByUuid: () => undefined,
    policy: () => policy,
    history: { of: () => undefined },
    machinesSynced: true,
  }
  const site = siteOf(loadConfig(shape, { env: {} }).config, {}).factsFor(ORIGIN)
  const nothing = { address: undefined, uuid: undefined, item: undefined, machine: undefined }
  const request = { ...nothing, mac: MAC, arch, network: NETWORK }
  const now = 0 as Instant
  const script = await onScript(request, ports, site, { times: 1, delaySeconds: 1 }, now)
  const configs = (['grub', 'pxelinux'] as const).flatMap((loader: ConfiguredLoader): [string, string][] => {
    const answer = onConfig({ loader, mac: MAC }, request, ports, site, now)
    return 'refused' in answer ? [] : [[`${loader}.cfg`, answer.config]]
  })
  return 'refused' in script ? configs : [['ipxe', script.script], ...configs]
}

/** What is on disk. */
export function filesOnDisk(): Map<string, string> {
  const names = readdirSync(GOLDEN)
  return new Map(names.map((name) => [name, readFileSync(new URL(name, GOLDEN), 'utf8')]))
}

if (import.meta.main) {
  rmSync(GOLDEN, { recursive: true, force: true })
  mkdirSync(GOLDEN)
  for (const [name, text] of await goldenFiles()) writeFileSync(new URL(name, GOLDEN), text)
}
