import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Host, Running } from '@reboots/testkit'
import {
  BOOT,
  DOMAIN,
  LEASE_SECONDS,
  RELAY,
  SERVER,
  type Machine,
  type MenuItem,
  type Port,
  type Site,
} from '../site.ts'
import type { Stand, Started, Subject } from './subject.ts'

/** Rows that wait for what is not built yet. To switch one on: build it, give the site's configuration below, delete the line. */
const NOT_YET: Readonly<Record<string, string>> = {}

const stands: Readonly<Record<string, Stand>> = Object.fromEntries(
  Object.entries(NOT_YET).map(([id, why]) => [id, { notClaimed: `not yet: ${why}` }]),
)

/** The services as processes of their own, with the hardware records and the boot policy in files. */
export const reboots: Subject = {
  name: 'reboots',
  commands: ['curl'],
  stands,
  async start(host, directory, site) {
    const files = { config: path.join(directory, 'reboots.yaml'), hardware: path.join(directory, 'hardware.yaml') }
    await writeFile(files.config, JSON.stringify(configuration(site)))
    await writeFile(path.join(directory, 'policy.yaml'), policy(site))
    const records = [...site.machines.map(record), ...(site.ports ?? []).map(portRecord)]
    await writeFile(files.hardware, records.map((record) => JSON.stringify(record)).join('\n---\n'))
    const environment = { REBOOTS_CONFIG: files.config, ...(site.unprivileged && { REBOOTS_KOFFI: 'off' }) }
    return start(host, environment, site.mode === 'proxy' ? 'proxydhcp' : 'dhcp')
  },
}

const METRICS_PORTS = { dhcp: 7067, proxydhcp: 7011 } as const

async function start(
  host: Host,
  env: Readonly<Record<string, string>>,
  name: keyof typeof METRICS_PORTS,
): Promise<Started> {
  const service = (service: string): Running => {
    const main = fileURLToPath(new URL(`../../../../services/${service}/src/main.ts`, import.meta.url))
    return host.start(service, { command: process.execPath, args: [main], env })
  }
  service('hardware')
  service('rules-engine')
  let running = service(name)
  await synced(running)
  return {
    async crash() {
      await running.stop('SIGKILL')
      running = service(name)
      await synced(running)
    },
    async malformed() {
      const url = `http://127.0.0.1:${METRICS_PORTS[name]}/metrics`
      const metrics = await host.run('curl', '--silent', '--fail', url)
      const counted = [...metrics.matchAll(/^reboots_\w+_packets_total\{[^}]*outcome="malformed"\} (\d+)$/gm)]
      return counted.reduce((sum, [, count]) => sum + Number(count), 0)
    },
  }
}

async function synced(service: Running): Promise<void> {
  await service.waitFor(/"msg":"ready:/, 60_000)
  await service.waitFor(/"replica":"machines"[^\n]*"msg":"synced"/, 60_000)
  await service.waitFor(/"replica":"policy"[^\n]*"msg":"synced"/, 60_000)
}

function configuration(site: Site): unknown {
  const {
    mode,
    links,
    unprivileged,
    subnets,
    rapidCommit = false,
    probe = false,
    discovery = { broadcast: false },
    captured = false,
  } = site
  // Without koffi a process serves one link.
  const served = unprivileged === true ? links.slice(0, 1) : links
  return {
    links: { interfaces: served.map(({ name }) => name) },
    hardware: { files: ['hardware.yaml'] },
    rules: { policy: 'policy.yaml' },
    boot: { binaries: { bios: BOOT.bios, 'uefi-ia32': BOOT.ia32, 'uefi-x64': BOOT.x64, 'uefi-arm64': BOOT.arm64 } },
    ...(mode === 'proxy' && { proxydhcp: { discovery, port67: captured ? 'capture' : 'bind' } }),
    ...(mode === 'dhcp' && { dhcp: addressing(subnets, rapidCommit, probe) }),
  }
}

function addressing(subnets: Site['subnets'], rapidCommit: boolean, probe: boolean): unknown {
  return {
    subnets: subnets.map(({ prefix, router, pool }) => ({
      subnet: prefix,
      routers: [router],
      pools: [{ range: pool.join('-') }],
      leaseSeconds: { default: LEASE_SECONDS },
    })),
    unknownMachines: 'serve',
    clientIdentity: 'client-id',
    options: { 108: 300, 150: [SERVER, '192.168.77.2'], 209: 'lab.cfg', 210: '/pxe/' },
    rapidCommit,
    conflictProbe: { enabled: probe },
    subnetSelection: true,
    admission: { relays: [`${RELAY}/32`] },
  }
}

function policy({ menu }: Site): string {
  if (menu === undefined) return `${RULES}otherwise: { boot: hook }\n`
  const { prompt, seconds: timeoutSeconds, items } = menu
  const menus = { m: { prompt, timeoutSeconds, entries: items.map(entryOf) } }
  return `${RULES}otherwise: { menu: m }\nmenus: ${JSON.stringify(menus)}\n`
}

/** A file of ours is one that firmware loads by itself; the layer belongs to its name, as in every subject. */
function entryOf({ text: title, type, server, file }: MenuItem): unknown {
  if (file !== undefined) return { title, file: [`${file}.0`, `${file}.1`] }
  return type === 0 ? { title, boot: 'local-disk' } : { title, type, server }
}

const RULES = `apiVersion: reboots/v1
kind: BootPolicy
profiles:
  hook: { linux: { kernel: http://192.0.2.1/vmlinuz, initrd: http://192.0.2.1/initrd } }
rules:
  - { name: ignored, when: client.mac == "${BOOT.ignored.mac}", then: ignore }
  - { name: refused circuit, when: network.circuitId == "${BOOT.refusedCircuit}", then: { deny: that cage boots from disk } }
  - { name: refused remote, when: network.remoteId == "${BOOT.refusedRemote}", then: { deny: that door boots from disk } }
  - { name: refused unicast, when: '"unicast" in network.relayFlags', then: { deny: what comes by unicast boots from disk } }
  - { name: refused uuid, when: client.uuid == "${BOOT.refusedUuid}", then: { deny: that machine boots from disk } }
`

function record(machine: Machine): unknown {
  const dhcp = {
    mac: machine.mac,
    hostname: machine.hostName,
    domain_name: DOMAIN,
    lease_time: machine.leaseTime,
    name_servers: machine.nameServers,
    time_servers: machine.timeServers,
    ip: { address: machine.address, netmask: '255.255.255.0', gateway: gatewayOf(machine) },
    classless_static_routes: machine.routes.map(({ prefix, router }) => ({ destination_descriptor: prefix, router })),
  }
  return {
    apiVersion: 'tinkerbell.org/v1alpha1',
    kind: 'Hardware',
    metadata: { name: machine.hostName, namespace: 'default' },
    spec: { interfaces: [{ dhcp, netboot: { allowPXE: true, allowWorkflow: true } }] },
  }
}

function portRecord({ circuit, address }: Port): unknown {
  const dhcp = { ip: { address, netmask: '255.255.255.0' }, lease_time: LEASE_SECONDS }
  const metadata = { name: `port-${circuit}`, namespace: 'default' }
  const spec = { interfaces: [{ dhcp, match: { circuitId: `0x${circuit}` }, netboot: { allowPXE: true } }] }
  return { apiVersion: 'tinkerbell.org/v1alpha1', kind: 'Hardware', metadata, spec }
}

/** The first address of its network, as in the site's subnets. */
function gatewayOf({ address }: Machine): string {
  return address.replace(/\d+$/, '1')
}
