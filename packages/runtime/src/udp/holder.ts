import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/**
 * Who holds a local port: `dnsmasq (pid 812)`, or `another user's program (uid 101)` when its files may not be seen. Linux only;
 * undefined when it cannot be found out. Reads /proc of this network namespace.
 */
export function holderOf(protocol: 'udp' | 'tcp', port: number): string | undefined {
  const sockets = [
    ...socketsOn(`/proc/net/${protocol}`, protocol, port),
    ...socketsOn(`/proc/net/${protocol}6`, protocol, port),
  ]
  if (sockets.length === 0) return undefined
  const links = new Set(sockets.map((socket) => `socket:[${socket.inode}]`))
  for (const pid of namesIn('/proc').filter((name) => /^\d+$/.test(name))) {
    if (namesIn(`/proc/${pid}/fd`).some((fd) => links.has(linkOf(`/proc/${pid}/fd/${fd}`))))
      return `${programOf(pid)} (pid ${pid})`
  }
  return `a program that cannot be seen from here (uid ${sockets[0]!.uid})`
}

/** Datagrams that the kernel dropped for all sockets on a UDP port, from the last column of /proc/net/udp. 0 when it cannot be read. */
export function dropsOf(port: number): number {
  const drops = rowsOn('/proc/net/udp', 'udp', port).map((columns) => Number(columns[12] ?? 0))
  return drops.reduce((sum, count) => sum + count, 0)
}

/** Columns of /proc/net/udp: sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode … drops. Addresses are hexadecimal. */
function rowsOn(file: string, protocol: 'udp' | 'tcp', port: number): string[][] {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  // 0A is LISTEN: a TCP connection on the port is not a holder of it.
  return textOf(file)
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[1]?.endsWith(wanted) && (protocol === 'udp' || columns[3] === '0A'))
}

function socketsOn(file: string, protocol: 'udp' | 'tcp', port: number): { uid: string; inode: string }[] {
  return rowsOn(file, protocol, port).map((columns) => ({ uid: columns[7]!, inode: columns[9]! }))
}

/** The program as it was started, short: for an interpreter its script too. Node calls its main thread `MainThread`, so not comm. */
function programOf(pid: string): string {
  const [command, ...rest] = textOf(`/proc/${pid}/cmdline`).split('\0')
  const name = command?.split('/').at(-1) || textOf(`/proc/${pid}/comm`).trim()
  const script = rest.find((argument) => /\.(m?[jt]s|py|pl|rb)$/.test(argument))
  return script === undefined ? name : `${name} ${script.split('/').slice(-4).join('/')}`
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
