import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findCommand, HOST_LINK, type Host, type Running } from '@reboots/testkit'

/** A stock DHCP server, as a site has one already: it gives addresses and knows nothing of booting. */
export interface SiteDhcp {
  readonly command: string
  readonly package: string
  start(host: Host, directory: string): Promise<Running>
}

/** Every host of a test network is in it. */
export const NETWORK = '192.168.88.0/24'
const POOL = ['192.168.88.100', '192.168.88.150'] as const
const NETMASK = '255.255.255.0'
const LEASE_SECONDS = 600

// In the foreground, by its arguments alone, without DNS.
const DNSMASQ = [
  '--no-daemon --conf-file=/dev/null --pid-file= --user=root --port=0 --log-dhcp',
  `--interface=${HOST_LINK}`,
].flatMap((line) => line.split(' '))

export const dnsmasq: SiteDhcp = dnsmasqWith('--bind-interfaces')

/** As it is when nothing is said of interfaces: nobody else can have port 67 on its host. */
export const dnsmasqAlone: SiteDhcp = dnsmasqWith()

/** It lets others have port 67, too. */
export const dnsmasqSharing: SiteDhcp = dnsmasqWith('--bind-dynamic')

/** It names a boot file of its own, which does not exist. */
export const dnsmasqWithBootFile: SiteDhcp = dnsmasqWith('--bind-interfaces', '--dhcp-boot=not-there.kpxe')

/** A network behind a relay agent, and the agent's address there. */
export const BEHIND = { network: '192.168.89.0/24', relay: '192.168.89.1' } as const
const POOL_BEHIND = ['192.168.89.100', '192.168.89.150'] as const

/** It has addresses for clients behind the relay agent, too. */
export const dnsmasqRelayed: SiteDhcp = dnsmasqWith(`--dhcp-range=${POOL_BEHIND.join(',')},${NETMASK},${LEASE_SECONDS}`)

function dnsmasqWith(...more: readonly string[]): SiteDhcp {
  return {
    command: 'dnsmasq',
    package: 'dnsmasq-base',
    start: async (host, directory) => {
      const range = `--dhcp-range=${POOL.join(',')},${NETMASK},${LEASE_SECONDS}`
      const leases = `--dhcp-leasefile=${join(directory, 'dnsmasq.leases')}`
      const server = host.start('dnsmasq', {
        command: 'dnsmasq',
        args: [...DNSMASQ, ...more, range, leases, '--dhcp-authoritative'],
      })
      await server.waitFor(/DHCP, IP range/)
      return server
    },
  }
}

const KEA_SUBNET = { id: 1, subnet: NETWORK, pools: [{ pool: POOL.join(' - ') }] }

export const kea: SiteDhcp = keaWith([KEA_SUBNET])

/** It has addresses for clients behind the relay agent, too. */
export const keaRelayed: SiteDhcp = keaWith([
  KEA_SUBNET,
  {
    id: 2,
    subnet: BEHIND.network,
    pools: [{ pool: POOL_BEHIND.join(' - ') }],
    'option-data': [{ name: 'routers', data: BEHIND.relay }],
  },
])

function keaWith(subnets: readonly unknown[]): SiteDhcp {
  return {
    command: 'kea-dhcp4',
    package: 'kea-dhcp4-server',
    start: async (host, directory) => {
      const file = join(directory, 'kea-dhcp4.json')
      await writeFile(file, JSON.stringify(keaConfiguration(subnets), undefined, 2))
      // Its defaults are below /run/kea, which only its own service unit makes.
      const env = { KEA_PIDFILE_DIR: directory, KEA_LOCKFILE_DIR: directory }
      const server = host.start('kea-dhcp4', { command: 'kea-dhcp4', args: ['-c', file], env })
      await server.waitFor(/DHCP4_STARTED/)
      return server
    },
  }
}

export const udhcpd: SiteDhcp = {
  command: 'busybox',
  package: 'busybox-static',
  start: async (host, directory) => {
    const file = join(directory, 'udhcpd.conf')
    const leases = join(directory, 'udhcpd.leases')
    await writeFile(leases, '')
    const lines = [
      `start ${POOL[0]}`,
      `end ${POOL[1]}`,
      `interface ${HOST_LINK}`,
      `lease_file ${leases}`,
      'pidfile /dev/null',
      `option subnet ${NETMASK}`,
      `option lease ${LEASE_SECONDS}`,
    ]
    await writeFile(file, `${lines.join('\n')}\n`)
    const server = host.start('udhcpd', { command: 'busybox', args: ['udhcpd', '-f', file] })
    await server.waitFor(/started/)
    return server
  },
}

/** The stock DHCP servers this can run, in the order of preference. */
export const SITE_DHCPS: readonly SiteDhcp[] = [dnsmasq, kea, udhcpd]

/** The first that is installed. */
export function anySiteDhcp(): SiteDhcp | undefined {
  return SITE_DHCPS.find(({ command }) => findCommand(command) !== undefined)
}

/** `advertised`: hosts make their own addresses. `managed`: a DHCPv6 server gives them, and knows nothing of booting. */
export type Ipv6 = 'none' | 'advertised' | 'managed'

const IPV6_RANGES = {
  advertised: `::,constructor:${HOST_LINK},ra-only`,
  managed: `fd00:88::100,fd00:88::1ff,64,${LEASE_SECONDS}`,
} as const

/**
 * An IPv6 router. On a network without one iPXE waits some 13 s for it before it fetches anything, and UEFI a minute for a
 * DHCPv6 server before it gives up booting by IPv6.
 */
export async function startRouter(host: Host, directory: string, ipv6: Exclude<Ipv6, 'none'>): Promise<Running> {
  await host.ip('-6', 'address', 'add', 'fd00:88::1/64', 'dev', HOST_LINK, 'nodad')
  const leases = `--dhcp-leasefile=${join(directory, 'router.leases')}`
  const args = [...DNSMASQ, '--bind-interfaces', '--enable-ra', `--dhcp-range=${IPV6_RANGES[ipv6]}`, leases]
  const router = host.start('router', { command: 'dnsmasq', args })
  await router.waitFor(/router advertisement on (?:fd00|eth0)/)
  return router
}

function keaConfiguration(subnets: readonly unknown[]): unknown {
  return {
    Dhcp4: {
      'interfaces-config': { interfaces: [HOST_LINK], 'dhcp-socket-type': 'raw' },
      'lease-database': { type: 'memfile', persist: false },
      'valid-lifetime': LEASE_SECONDS,
      subnet4: subnets,
      loggers: [{ name: 'kea-dhcp4', severity: 'INFO', output_options: [{ output: 'stdout' }] }],
    },
  }
}
