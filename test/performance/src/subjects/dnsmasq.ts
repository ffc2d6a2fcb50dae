import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { requireTools, Running } from '@reboots/testkit'
import { clientOf, clientsUpTo, NETWORK, networkFor } from '../machines.ts'
import { LINK, on } from '../network.ts'
import type { Site, Subject } from './subject.ts'

const missing = requireTools({ root: true, commands: ['dnsmasq'] })

export const dnsmasq: readonly Subject[] = (['reservations', 'pool'] as const).map((addresses) => ({
  server: 'dnsmasq',
  setting: 'no ping, quiet',
  addresses,
  missing,
  async start(site) {
    await writeFile(path.join(site.directory, 'hosts'), hostsFile(site.clients))
    const args = ['--keep-in-foreground', '--conf-file=/dev/null', ...optionsFor(site, addresses)]
    return [new Running('dnsmasq', on('server', { command: 'dnsmasq', args }))]
  },
}))

function optionsFor({ directory, clients }: Site, addresses: 'reservations' | 'pool'): string[] {
  const first = clientOf(0).address
  const last = addresses === 'pool' ? clientOf(clients * 4 - 1).address : 'static'
  return [
    '--user=root',
    '--port=0',
    `--interface=${LINK}`,
    '--bind-interfaces',
    `--pid-file=${path.join(directory, 'pid')}`,
    `--dhcp-leasefile=${path.join(directory, 'leases')}`,
    `--dhcp-range=${first},${last},${networkFor(clients * 4).netmask},${NETWORK.leaseSeconds}`,
    `--dhcp-lease-max=${clients * 4}`,
    ...(addresses === 'reservations' ? [`--dhcp-hostsfile=${path.join(directory, 'hosts')}`] : []),
    `--dhcp-option=option:router,${NETWORK.gateway}`,
    `--dhcp-option=option:dns-server,${NETWORK.nameServer}`,
    `--domain=${NETWORK.domain}`,
    '--dhcp-authoritative',
    '--no-ping',
    '--quiet-dhcp',
  ]
}

function hostsFile(clients: number): string {
  return clientsUpTo(clients)
    .map(({ mac, address }) => `${mac},${address}\n`)
    .join('')
}
