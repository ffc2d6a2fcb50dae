import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Running } from '@reboots/testkit'
import { clientOf, hardwareFile, NETWORK, networkFor } from '../machines.ts'
import { LINK, on } from '../network.ts'
import type { Site, Subject } from './subject.ts'

/** Further settings come by REBOOTS_DHCP_… variables, as for any service. */
export interface Setting {
  readonly addresses: 'reservations' | 'pool'
  readonly store: 'memory' | 'sqlite'
  readonly level: 'warn' | 'info'
  readonly koffi: boolean
  /** May use every core, not only that of the server. */
  readonly roams?: boolean
}

export const USUAL: Setting = { addresses: 'reservations', store: 'sqlite', level: 'warn', koffi: true }
const SETTINGS: readonly Setting[] = [
  USUAL,
  { ...USUAL, store: 'memory' },
  { ...USUAL, level: 'info' },
  { ...USUAL, koffi: false },
  { ...USUAL, addresses: 'pool' },
  { ...USUAL, addresses: 'pool', store: 'memory' },
]

export const reboots: readonly Subject[] = SETTINGS.map((setting) => ({
  server: 'reboots',
  setting: nameOf(setting),
  addresses: setting.addresses,
  start: (site) => startReboots(site, setting),
  // The state of the control plane is in the replica: its processes would only take CPU from the one that is measured.
  stopWhenReady: (started) => started.slice(0, -1),
}))

function nameOf({ store, level, koffi }: Setting): string {
  const durable = store === 'sqlite' ? 'durable leases (SQLite)' : 'leases in memory'
  return [durable, ...(level === 'info' ? ['a log line for each packet'] : []), ...(koffi ? [] : ['node:dgram'])].join(
    ', ',
  )
}

/** hardware and rules-engine on any core, then dhcp on the server's, with all its threads, unless it roams. */
export async function startReboots(site: Site, setting: Setting): Promise<[Running, Running, Running]> {
  const { directory, clients } = site
  const file = path.join(directory, 'reboots.json')
  await writeFile(path.join(directory, 'hardware.json'), setting.addresses === 'pool' ? '{}' : hardwareFile(clients))
  await writeFile(file, JSON.stringify(configuration(site, setting)))
  const env = { REBOOTS_CONFIG: file, REBOOTS_UDP_RUNS: 'on', ...(setting.koffi ? {} : { REBOOTS_KOFFI: 'off' }) }
  const main = (name: string) => fileURLToPath(new URL(`../../../../services/${name}/src/main.ts`, import.meta.url))
  const start = (name: string) =>
    new Running(name, on('server', { command: process.execPath, args: [main(name)], env }, false))
  // Lines go to a file, as they do under a service manager: who reads a pipe takes part in the measurement.
  const args = ['-c', `exec "$@" > ${path.join(directory, 'dhcp.log')}`, 'sh', process.execPath, main('dhcp')]
  return [
    start('hardware'),
    start('rules-engine'),
    new Running('dhcp', on('server', { command: 'sh', args, env, cwd: directory }, !setting.roams)),
  ]
}

function configuration({ clients }: Site, { addresses, store, level }: Setting): unknown {
  const range = `${clientOf(0).address}-${clientOf(clients * 4 - 1).address}`
  const { gateway, nameServer, domain, leaseSeconds } = NETWORK
  const subnet = {
    subnet: networkFor(clients * 4).subnet,
    pools: [{ range }],
    routers: [gateway],
    nameServers: [nameServer],
    domain,
    leaseSeconds: { default: leaseSeconds },
  }
  // As the others are measured: neither of them probes.
  const pool = { unknownMachines: 'serve', subnets: [subnet], conflictProbe: { enabled: false } }
  return {
    log: { level },
    links: { interfaces: [LINK] },
    hardware: { files: ['hardware.json'] },
    dhcp: { leases: { store }, ...(addresses === 'pool' && pool) },
  }
}
