import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { requireTools, Running } from '@reboots/testkit'
import { hardwareFile } from '../machines.ts'
import { LINK, on, SERVER } from '../network.ts'
import type { Site, Subject } from './subject.ts'

/** What services/proxydhcp knows. */
interface Knowledge {
  readonly machines: number
  /** Rules that look for the rack of a machine, none of which matches. */
  readonly rules: number
  /** Rules that look for how a MAC begins, which no index helps with. */
  readonly patterns: number
}

const KNOWLEDGE: readonly Knowledge[] = [
  { machines: 10_000, rules: 0, patterns: 0 },
  { machines: 100_000, rules: 1000, patterns: 0 },
  { machines: 100_000, rules: 1000, patterns: 20 },
]

const missing = requireTools({ root: true, commands: ['dnsmasq'] })

/** ProxyDHCP servers: DISCOVER and OFFER only. */
export const PROXIES: readonly Subject[] = [
  ...KNOWLEDGE.map((knowledge): Subject => ({
    server: 'reboots',
    addresses: 'canned',
    setting: settingOf(knowledge),
    start: (site) => startProxy(site, knowledge),
    stopWhenReady: (started) => started.slice(0, -1),
  })),
  { server: 'dnsmasq', addresses: 'canned', setting: 'proxy', missing, start: startDnsmasq },
]

function settingOf({ machines, rules, patterns }: Knowledge): string {
  const more = patterns === 0 ? '' : `, ${patterns} of MAC prefixes`
  return `${machines} machines, ${rules === 0 ? 'default policy' : `${rules} rules${more}`}`
}

async function startProxy({ directory }: Site, knowledge: Knowledge): Promise<[Running, Running, Running]> {
  const file = path.join(directory, 'reboots.json')
  await writeFile(path.join(directory, 'hardware.json'), hardwareFile(knowledge.machines))
  await writeFile(path.join(directory, 'policy.yaml'), policyOf(knowledge))
  const configuration = {
    log: { level: 'warn' },
    links: { interfaces: [LINK] },
    hardware: { files: ['hardware.json'] },
    rules: { policy: knowledge.rules === 0 ? '' : 'policy.yaml' },
    proxydhcp: { otherServers: { watch: false } },
  }
  await writeFile(file, JSON.stringify(configuration))
  const env = { REBOOTS_CONFIG: file, REBOOTS_UDP_RUNS: 'on' }
  const service = (name: string, pinned: boolean) => {
    const main = fileURLToPath(new URL(`../../../../services/${name}/src/main.ts`, import.meta.url))
    return new Running(name, on('server', { command: process.execPath, args: [main], env, cwd: directory }, pinned))
  }
  return [service('hardware', false), service('rules-engine', false), service('proxydhcp', true)]
}

function policyOf({ rules, patterns }: Knowledge): string {
  const rule = (name: string, when: string, outcome: string) =>
    `  - { name: ${name}, when: '${when}', then: ${outcome} }\n`
  const racks = Array.from({ length: rules }, (_, i) =>
    rule(`rack-${i}`, `machine.labels.rack == "r${i}"`, 'local-disk'),
  )
  const prefixes = Array.from({ length: patterns }, (_, i) =>
    rule(`prefix-${i}`, `client.mac.startsWith("aa:${String(i).padStart(2, '0')}")`, 'local-disk'),
  )
  const last = rule('known', 'machine.known', '{ boot: disk }')
  const profiles = 'profiles:\n  disk: { chain: "http://192.0.2.1/boot.ipxe" }\n'
  return `apiVersion: reboots/v1\nkind: BootPolicy\n${profiles}rules:\n${racks.join('')}${prefixes.join('')}${last}otherwise: ignore\n`
}

async function startDnsmasq({ directory }: Site): Promise<[Running]> {
  const args = [
    '--keep-in-foreground',
    '--conf-file=/dev/null',
    '--user=root',
    '--port=0',
    `--interface=${LINK}`,
    '--bind-interfaces',
    `--pid-file=${path.join(directory, 'pid')}`,
    `--dhcp-leasefile=${path.join(directory, 'leases')}`,
    `--dhcp-range=${SERVER},proxy,255.255.0.0`,
    '--pxe-service=X86-64_EFI,iPXE,ipxe.efi',
    '--quiet-dhcp',
  ]
  return [new Running('dnsmasq', on('server', { command: 'dnsmasq', args }))]
}
