import { fileURLToPath } from 'node:url'
import { requireTools, Running } from '@reboots/testkit'
import { compile } from '../clients.ts'
import { FIRST_CLIENT, LINK, on, SERVER } from '../network.ts'
import type { Subject } from './subject.ts'

const ARGUMENTS = [LINK, SERVER, FIRST_CLIENT]

/** The two that decide nothing: C and the kernel alone, and runtime/udp. */
export const canned: readonly Subject[] = [
  {
    server: 'ceiling',
    setting: 'C, recvmmsg and sendmmsg',
    addresses: 'canned',
    missing: requireTools({ commands: ['cc'] }),
    async start({ directory }) {
      return [new Running('ceiling', on('server', { command: compile('ceiling', directory), args: ARGUMENTS }))]
    },
  },
  {
    server: 'door',
    setting: 'runtime/udp, koffi',
    addresses: 'canned',
    start: () => startDoor(),
  },
  {
    server: 'door',
    setting: 'runtime/udp, node:dgram',
    addresses: 'canned',
    start: () => startDoor({ REBOOTS_KOFFI: 'off' }),
  },
]

async function startDoor(env: Readonly<Record<string, string>> = {}): Promise<[Running]> {
  const script = fileURLToPath(new URL('../canned-responder.ts', import.meta.url))
  return [new Running('door', on('server', { command: process.execPath, args: [script, ...ARGUMENTS], env }))]
}
