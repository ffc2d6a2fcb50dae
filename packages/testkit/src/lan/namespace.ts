import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { run, SEARCH_PATH, type Command } from './command.ts'
import { killAll } from './running.ts'

const DIRECTORY = '/run/netns'
const ENVIRONMENT = { ...process.env, PATH: SEARCH_PATH }

/** A network namespace of this process, with loopback up and IPv6 as the kernel has it. */
export interface Namespace {
  readonly name: string
}

const open = new Set<string>()
let count = 0

/**
 * Makes a namespace named `<prefix>-<pid>-<n>-<label>`: the pid in it lets a later run see which ones were left behind by
 * a run that was killed. It is removed at the latest when this process exits, also on SIGINT and SIGTERM.
 */
export async function openNamespace(prefix: string, label: string): Promise<Namespace> {
  if (count === 0) {
    removeLeftOvers(prefix)
    cleanUpOnExit()
  }
  const name = `${prefix}-${process.pid}-${count++}-${label}`
  await run({ command: 'ip', args: ['netns', 'add', name] })
  open.add(name)
  await run({ command: 'ip', args: ['-n', name, 'link', 'set', 'lo', 'up'] })
  return { name }
}

/** The same command, run inside the namespace; the pid is that of the command itself. */
export function inNamespace(namespace: Namespace, { command, args, ...rest }: Command): Command {
  return { command: 'ip', args: ['netns', 'exec', namespace.name, command, ...args], ...rest }
}

/** Removes the namespace, and with it every interface in it. Processes inside must have been ended before. */
export async function closeNamespace({ name }: Namespace): Promise<void> {
  if (!open.delete(name)) return
  await run({ command: 'ip', args: ['netns', 'del', name] })
}

/** Ends what runs in the namespaces of runs that no longer exist, and removes those. */
function removeLeftOvers(prefix: string): void {
  for (const name of namespaces()) {
    const [, owner] = new RegExp(`^${prefix}-(\\d+)-`).exec(name) ?? []
    if (owner === undefined || isAlive(Number(owner))) continue
    const { stdout } = spawnSync('ip', ['netns', 'pids', name], { encoding: 'utf8', env: ENVIRONMENT })
    for (const pid of stdout.split('\n').filter(Boolean)) signal(Number(pid), 'SIGKILL')
    spawnSync('ip', ['netns', 'del', name], { env: ENVIRONMENT })
  }
}

function namespaces(): string[] {
  try {
    return readdirSync(DIRECTORY)
  } catch {
    return []
  }
}

function isAlive(pid: number): boolean {
  return signal(pid, 0)
}

function signal(pid: number, what: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, what)
  } catch {
    return false
  }
}

function cleanUpOnExit(): void {
  process.once('exit', () => {
    killAll()
    for (const name of open) spawnSync('ip', ['netns', 'del', name], { env: ENVIRONMENT })
  })
  // The default of these signals ends the process without an `exit` event.
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
}
