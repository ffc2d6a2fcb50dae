import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { HOST_LINK, run, type Command, type Host, type Running } from './lan/index.ts'

/** A DHCP server that nobody here wrote, to run what `reboots byo-dhcp` prints for it. */
export interface ByoServer {
  /** What the command calls it. */
  readonly name: 'dnsmasq' | 'kea' | 'isc'
  readonly command: string
  /** The Debian package. */
  readonly package: string
  /** Has it read the text, and nothing else: it exits with 0 if it accepts it. */
  check(file: string, directory: string): Command
  /** Has it answer, with what it takes to run in a test beside the text: nothing of that is about booting. */
  serve(file: string, text: string, directory: string): Promise<Command>
  /** What it says when it answers. */
  readonly ready: RegExp
}

const MAIN = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url))

const dnsmasq: ByoServer = {
  name: 'dnsmasq',
  command: 'dnsmasq',
  package: 'dnsmasq-base',
  check: (file) => ({ command: 'dnsmasq', args: ['--test', `--conf-file=${file}`] }),
  serve: (file, _text, directory) => {
    const own = `--no-daemon --port=0 --user=root --pid-file= --no-ping --dhcp-leasefile=${path.join(directory, 'leases')}`
    return Promise.resolve({ command: 'dnsmasq', args: [...own.split(' '), `--conf-file=${file}`] })
  },
  ready: /DHCP, IP range/,
}

const kea: ByoServer = {
  name: 'kea',
  command: 'kea-dhcp4',
  package: 'kea-dhcp4-server',
  check: (file, directory) => ({ command: 'kea-dhcp4', args: ['-t', file], env: keaPlaces(directory) }),
  serve: async (file, text, directory) => {
    const leases = '"lease-database": { "type": "memfile", "persist": false },'
    await writeFile(file, text.replace('"Dhcp4": {', `$& ${leases}`))
    return { command: 'kea-dhcp4', args: ['-c', file], env: keaPlaces(directory) }
  },
  ready: /DHCP4_STARTED/,
}

const isc: ByoServer = {
  name: 'isc',
  command: 'dhcpd',
  package: 'isc-dhcp-server',
  check: (file) => ({ command: 'dhcpd', args: ['-t', '-cf', file] }),
  serve: async (file, _text, directory) => {
    const own = path.join(directory, 'own.conf')
    const leases = path.join(directory, 'leases')
    await writeFile(leases, '')
    await writeFile(own, `authoritative;\nping-check false;\ninclude "${file}";\n`)
    return { command: 'dhcpd', args: ['-4', '-f', '-d', '--no-pid', '-cf', own, '-lf', leases, HOST_LINK] }
  },
  ready: /Server starting service/,
}

export const BYO_SERVERS = { dnsmasq, kea, isc } as const

/** Runs the command for a server; gives what it prints. `options` are `--tftp` and the like. */
export function printByoDhcp(server: ByoServer, ...options: readonly string[]): Promise<string> {
  const args = [MAIN, 'byo-dhcp', '--for', server.name, ...options]
  return run({ command: process.execPath, args, env: { REBOOTS_CONFIG: '' } })
}

/** Starts a server on a host with a printed text. It has to accept the text first, as it stands. */
export async function startByoServer(server: ByoServer, text: string, host: Host, directory: string): Promise<Running> {
  const file = path.join(directory, `${server.name}.conf`)
  await writeFile(file, text)
  await run(server.check(file, directory))
  const running = host.start(server.command, await server.serve(file, text, directory))
  await running.waitFor(server.ready)
  return running
}

/** Its defaults are below /run/kea, which only its own service unit makes. */
function keaPlaces(directory: string): Readonly<Record<string, string>> {
  return { KEA_PIDFILE_DIR: directory, KEA_LOCKFILE_DIR: directory }
}
