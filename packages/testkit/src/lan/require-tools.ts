import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { SEARCH_PATH } from './command.ts'

export interface Needs {
  /** Programs, looked for as `run` does. */
  readonly commands?: readonly string[]
  /** Absolute paths that must exist. */
  readonly files?: readonly string[]
  /** True if it takes root: namespaces, taps, ports below 1024. */
  readonly root?: boolean
}

/** The Debian package that has a program or file, where it is not called the same. */
const PACKAGES: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  bridge: 'iproute2',
  dnsmasq: 'dnsmasq-base',
  'kea-dhcp4': 'kea-dhcp4-server',
  'qemu-system-x86_64': 'qemu-system-x86',
  busybox: 'busybox-static',
  dhclient: 'isc-dhcp-client',
  dhcpcd: 'dhcpcd-base',
  dhcpd: 'isc-dhcp-server',
  dhcrelay: 'isc-dhcp-relay',
  perfdhcp: 'kea-admin',
  tftp: 'tftp-hpa',
  'redis-server': 'redis-server',
  '/usr/share/OVMF': 'ovmf',
  '/usr/lib/ipxe/qemu': 'ipxe-qemu',
  '/usr/lib/ipxe': 'ipxe',
}

/**
 * Whether a test has to be left out on this machine: false if everything is there, else what is missing and how to get it.
 * To be handed over as it is: `test(name, { skip: requireTools(…) }, …)`. With CI=true in the environment nothing may be left out: it throws.
 */
export function requireTools(needs: Needs): string | false {
  const problems = missing(needs)
  if (problems.length === 0) return false
  const sentence = problems.join('; ')
  if (process.env['CI'] === 'true') throw new Error(sentence)
  return sentence
}

/** What is missing, one text each; empty when nothing is. */
export function missing(needs: Needs): string[] {
  const problems: string[] = []
  if (needs.root === true && process.getuid?.() !== 0) {
    problems.push('needs root, for network namespaces: run it with sudo')
  }
  const commands = (needs.commands ?? []).filter((command) => findCommand(command) === undefined)
  const files = (needs.files ?? []).filter((file) => !existsSync(file))
  const lacking = [...commands, ...files]
  if (lacking.length > 0) {
    const packages = [...new Set(lacking.map(packageOf))].join(' ')
    problems.push(`${lacking.join(', ')} not found: apt-get install ${packages}`)
  }
  return problems
}

/** The full path of a program; undefined if there is none. */
export function findCommand(command: string): string | undefined {
  return SEARCH_PATH.split(delimiter)
    .map((directory) => join(directory, command))
    .find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function packageOf(needed: string): string {
  if (!needed.startsWith('/')) return PACKAGES[needed] ?? needed
  const directory = Object.keys(PACKAGES).find((path) => needed === path || needed.startsWith(`${path}/`))
  return directory === undefined ? needed : PACKAGES[directory]!
}
