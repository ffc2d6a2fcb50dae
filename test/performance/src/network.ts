import { spawnSync } from 'node:child_process'
import { run, type Command } from '@reboots/testkit'

/*
 * Two hosts and a cable:
 *
 *     client 10.77.0.2 ──── eth0 ──── 10.77.0.1 server
 *     core 0                                    core 1
 *
 * The client speaks as a relay agent, so every packet is unicast between these two addresses.
 */
export const LINK = 'eth0'
export const SERVER = '10.77.0.1'
export const CLIENT = '10.77.0.2'
export const PREFIX = 16
/** Client n has address 10.77.16.0 + n and MAC 02:00:00:00:00:00 + n. */
export const FIRST_CLIENT = '10.77.16.0'

export const CORES = { client: 0, server: 1 } as const
export type Side = keyof typeof CORES

const nameOf = (side: Side): string => `pf-${process.pid}-${side}`

/** Makes the network; it is gone with this process at the latest. */
export async function openNetwork(): Promise<void> {
  process.once('exit', closeNetwork)
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
  for (const side of ['server', 'client'] as const) await ip('netns', 'add', nameOf(side))
  const peer = ['peer', 'name', LINK, 'netns', nameOf('client')]
  await ip('-n', nameOf('server'), 'link', 'add', LINK, 'type', 'veth', ...peer)
  for (const [side, address] of [
    ['server', SERVER],
    ['client', CLIENT],
  ] as const) {
    await ip('-n', nameOf(side), 'address', 'add', `${address}/${PREFIX}`, 'broadcast', '+', 'dev', LINK)
    for (const link of ['lo', LINK]) await ip('-n', nameOf(side), 'link', 'set', link, 'up')
  }
}

function closeNetwork(): void {
  for (const side of ['server', 'client'] as const) spawnSync('ip', ['netns', 'del', nameOf(side)])
}

/** The same command in one of the two namespaces; `pinned` to the core of that side. It keeps the pid of whoever starts it. */
export function on(side: Side, { command, args, ...rest }: Command, pinned = true): Command {
  const pin = pinned ? ['taskset', '--cpu-list', String(CORES[side])] : []
  return { command: 'ip', args: ['netns', 'exec', nameOf(side), ...pin, command, ...args], ...rest }
}

async function ip(...args: string[]): Promise<void> {
  await run({ command: 'ip', args })
}
