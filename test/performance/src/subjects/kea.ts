import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { requireTools, Running } from '@reboots/testkit'
import { clientOf, clientsUpTo, NETWORK, networkFor } from '../machines.ts'
import { LINK, on } from '../network.ts'
import type { Site, Subject } from './subject.ts'

const missing = requireTools({ root: true, commands: ['kea-dhcp4'] })

/** `cached`: a lease that has three quarters of its time left is not written again. */
interface Setting {
  readonly threads: boolean
  readonly persist: boolean
  readonly cached?: boolean
}

const SETTINGS: readonly Setting[] = [
  { threads: false, persist: false },
  { threads: false, persist: false, cached: true },
  { threads: false, persist: true },
  { threads: true, persist: false },
  { threads: true, persist: true },
]

export const kea: readonly Subject[] = (['reservations', 'pool'] as const).flatMap((addresses) =>
  SETTINGS.map((setting) => ({
    server: 'kea',
    setting: nameOf(setting),
    addresses,
    missing,
    async start(site) {
      const file = path.join(site.directory, 'kea.json')
      await writeFile(file, JSON.stringify(configuration(site, addresses, setting)))
      const env = { KEA_PIDFILE_DIR: site.directory, KEA_LOCKFILE_DIR: site.directory }
      return [new Running('kea', on('server', { command: 'kea-dhcp4', args: ['-c', file], env }))]
    },
  })),
)

function nameOf({ threads, persist, cached = false }: Setting): string {
  return [`threads ${threads ? 'on' : 'off'}`, `persist ${persist ? 'on' : 'off'}`, ...(cached ? ['cached'] : [])].join(
    ', ',
  )
}

function configuration(site: Site, addresses: 'reservations' | 'pool', { threads, persist, cached }: Setting): unknown {
  const clients = addresses === 'pool' ? [] : clientsUpTo(site.clients)
  const reservations = clients.map(({ mac, address }) => ({ 'hw-address': mac, 'ip-address': address }))
  const subnet =
    addresses === 'pool'
      ? { pools: [{ pool: `${clientOf(0).address} - ${clientOf(site.clients * 4 - 1).address}` }] }
      : { reservations, 'reservations-in-subnet': true, 'reservations-out-of-pool': true }
  return {
    Dhcp4: {
      'interfaces-config': { interfaces: [LINK], 'dhcp-socket-type': 'udp' },
      'lease-database': { type: 'memfile', persist, name: path.join(site.directory, 'leases.csv'), 'lfc-interval': 0 },
      'multi-threading': { 'enable-multi-threading': threads, 'thread-pool-size': 2, 'packet-queue-size': 64 },
      'valid-lifetime': NETWORK.leaseSeconds,
      'host-reservation-identifiers': ['hw-address'],
      ...(cached && { 'cache-threshold': 0.25 }),
      'option-data': [
        { name: 'routers', data: NETWORK.gateway },
        { name: 'domain-name-servers', data: NETWORK.nameServer },
        { name: 'domain-name', data: NETWORK.domain },
      ],
      subnet4: [{ subnet: networkFor(site.clients * 4).subnet, ...subnet }],
      loggers: [{ name: 'kea-dhcp4', severity: 'ERROR', output_options: [{ output: 'stderr' }] }],
    },
  }
}
