import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { HOST_LINK, run, type Host, type Running } from '@reboots/testkit'

/** Programs that `StockClients` starts. */
export const STOCK_CLIENTS = ['dhclient', 'udhcpc', 'dhcpcd', 'unshare', 'nsenter', 'mount']

/** What a client hands over to its script: the word for what happened, and its variables. */
export interface ClientEvent {
  readonly name: string
  readonly variables: Readonly<Record<string, string>>
}

/* Each script gives the interface its address and the host its way out, as the client's own does, and prints what it was handed. */
const script = (name: string, configure = ''): string => `#!/bin/sh
${configure}
echo "event=${name} $(env | sort | tr '\\n' ';')"
`
const configure = (address: string, router: string): string => `
[ -n "$${address}" ] && ip address replace "$${address}/$mask$new_subnet_mask" dev "$interface"
[ -n "$${router}" ] && ip route replace default via "$${router}"`
const FILES: Readonly<Record<string, string>> = {
  'dhclient.sh': script('$reason', configure('new_ip_address', 'new_routers')),
  'dhcpcd.sh': script('$reason'),
  'udhcpc.sh': script('$1', configure('ip', 'router')),
  'dhclient.conf': 'request subnet-mask, routers, domain-name, domain-name-servers, ntp-servers;\ntimeout 20;\n',
  'dhcpcd.conf':
    'option subnet_mask, routers, domain_name_servers, domain_name, ntp_servers, host_name, classless_static_routes\n' +
    'require dhcp_server_identifier\nvendorclassid\n',
}

/** DHCP clients that nobody here wrote, as daemons in the foreground; their files are in one directory. */
export class StockClients {
  readonly #directory: string

  static async in(directory: string): Promise<StockClients> {
    for (const [name, text] of Object.entries(FILES))
      await writeFile(path.join(directory, name), text, { mode: name.endsWith('.sh') ? 0o755 : 0o644 })
    return new StockClients(directory)
  }

  private constructor(directory: string) {
    this.#directory = directory
  }

  file(name: string): string {
    return path.join(this.#directory, name)
  }

  /** ISC dhclient. What it knows of its lease is in `<host>.leases`, from one start to the next. */
  dhclient(host: Host): Running {
    const files = [
      '-sf',
      'dhclient.sh',
      '-cf',
      'dhclient.conf',
      '-lf',
      `${host.name}.leases`,
      '-pf',
      `${host.name}.pid`,
    ]
    const args = ['-4', '-d', ...files.map((word) => (word.startsWith('-') ? word : this.file(word))), HOST_LINK]
    return host.start('dhclient', { command: 'dhclient', args })
  }

  udhcpc(host: Host, ...more: string[]): Running {
    const args = ['-f', '-i', HOST_LINK, '-s', this.file('udhcpc.sh'), '-t', '10', '-T', '1', ...more]
    return host.start('udhcpc', { command: 'udhcpc', args })
  }

  /**
   * dhcpcd, with a state of its own: where it keeps leases, pids and sockets is compiled in and has only the name of the interface in it, so it
   * gets a mount namespace. And one of processes, because its helpers outlive it at times: with the shell, which is the first there, all end.
   */
  dhcpcd(host: Host, ...more: string[]): Running {
    const own = 'mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /var/lib/dhcpcd && "$@"; exit'
    const files = ['-f', this.file('dhcpcd.conf'), '-c', this.file('dhcpcd.sh')]
    const dhcpcd = ['dhcpcd', '-4', '-B', '-d', ...files, ...more, HOST_LINK]
    const apart = ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', own, 'sh']
    return host.start('dhcpcd', { command: 'unshare', args: [...apart, ...dhcpcd] })
  }
}

/**
 * Has a running dhcpcd renew its lease, by its control socket. Not by a signal: one that comes while it waits for its script (which has just printed
 * the event that a test waits for) is taken by an inner loop that has no use for it, and is lost.
 */
export async function renewDhcpcd(dhcpcd: Running): Promise<void> {
  await tellDhcpcd(dhcpcd, '-N')
}

/** Has a running dhcpcd release its lease and end. */
export async function releaseDhcpcd(dhcpcd: Running): Promise<void> {
  // The messenger waits inside the namespace that ends with dhcpcd, so it is killed at the moment of its success.
  await tellDhcpcd(dhcpcd, '-k').catch(() => undefined)
  await dhcpcd.ended
}

async function tellDhcpcd({ pid }: Running, what: string): Promise<void> {
  const inside = ['--target', String(childOf(pid)), '--mount', '--pid', '--net']
  await run({ command: 'nsenter', args: [...inside, 'dhcpcd', '-4', what, HOST_LINK] })
}

function childOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim())
}

/** The first event of a name, past or to come. */
export async function event(client: Running, name: string, within?: number): Promise<ClientEvent> {
  const [, variables] = await client.waitFor(new RegExp(`event=${name} (.*)`), within)
  const pairs = variables!.split(';').map((pair) => pair.split('=') as [string, ...string[]])
  return { name, variables: Object.fromEntries(pairs.map(([name, ...value]) => [name, value.join('=')])) }
}
