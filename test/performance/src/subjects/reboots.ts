import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Running } from '@reboots/testkit'
import { hardwareFile } from '../machines.ts'
import { LINK, on } from '../network.ts'
import type { Site, Subject } from './subject.ts'

/** Further settings come by REBOOTS_DHCP_… variables, as for any service. */
interface Setting {
  readonly level: 'warn' | 'info'
  readonly koffi: boolean
}

const SETTINGS: readonly Setting[] = [
  { level: 'warn', koffi: true },
  { level: 'info', koffi: true },
  { level: 'warn', koffi: false },
]

export const reboots: readonly Subject[] = SETTINGS.map((setting) => ({
  server: 'reboots',
  setting: `log ${setting.level}${setting.koffi ? '' : ', node:dgram'}`,
  addresses: 'reservations',
  start: (site) => startReboots(site, setting),
  // The state of the control plane is in the replica: its processes would only take CPU from the one that is measured.
  stopWhenReady: (started) => started.slice(0, -1),
}))

/** hardware and rules-engine on the client's core, then dhcp; `nodeOptions` go to dhcp's Node. */
export async function startReboots(
  { directory, clients }: Site,
  { level, koffi }: Setting,
  nodeOptions: readonly string[] = [],
): Promise<[Running, Running, Running]> {
  const file = path.join(directory, 'reboots.json')
  const config = { log: { level }, links: { interfaces: [LINK] }, hardware: { files: ['hardware.json'] } }
  await writeFile(path.join(directory, 'hardware.json'), hardwareFile(clients))
  await writeFile(file, JSON.stringify(config))
  const env = { REBOOTS_CONFIG: file, ...(koffi ? {} : { REBOOTS_KOFFI: 'off' }) }
  const main = (name: string) => fileURLToPath(new URL(`../../../../services/${name}/src/main.ts`, import.meta.url))
  const start = (name: string) =>
    new Running(name, on('server', { command: process.execPath, args: [main(name)], env }, false))
  // Lines go to a file, as they do under a service manager: who reads a pipe takes part in the measurement.
  const dhcp = ['sh', '-c', `exec "$@" > ${path.join(directory, 'dhcp.log')}`, 'sh']
  const args = [...dhcp.slice(1), process.execPath, ...nodeOptions, main('dhcp')]
  return [
    start('hardware'),
    start('rules-engine'),
    new Running('dhcp', on('server', { command: 'sh', args, env, cwd: directory })),
  ]
}
