import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '@reboots/testkit'
import { CLIENT, LINK, on, SERVER } from './network.ts'

/** What a client asks for. */
export interface Load {
  /** 4-message exchanges begun per second. */
  readonly rate: number
  readonly seconds: number
  readonly clients: number
  /** Exchanges under way at most; absent: any number. */
  readonly window?: number
}

export interface Delays {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** What came of it. */
export interface Result {
  readonly begun: number
  readonly completed: number
  /** Exchanges completed per second, from the first packet to the last. */
  readonly rate: number
  /** Microseconds between a message and its reply, DISCOVER and REQUEST together. */
  readonly delays: Delays
}

export type Client = (load: Load) => Promise<Result>

/** Compiles one of the C programs of this directory; the path of the program. */
export function compile(name: 'ceiling' | 'storm', directory: string): string {
  const program = path.join(directory, name)
  execFileSync('cc', ['-O2', '-o', program, fileURLToPath(new URL(`${name}.c`, import.meta.url))])
  return program
}

interface StormReport {
  readonly begun: number
  readonly acks: number
  readonly rate: number
  readonly offer: Delays
  readonly ack: Delays
}

/** storm.c: steady load of any rate that the network can carry. */
export function stormClient(program: string, env: Readonly<Record<string, string>> = {}): Client {
  return async ({ rate, seconds, clients, window = [] }) => {
    const args = [CLIENT, SERVER, rate, seconds, clients, window].flat().map(String)
    const {
      begun,
      acks,
      rate: completed,
      offer,
      ack,
    } = JSON.parse(await run(on('client', { command: program, args, env }))) as StormReport
    const worse = (key: keyof Delays): number => Math.max(offer[key], ack[key])
    return {
      begun,
      completed: acks,
      rate: completed,
      delays: { p50: worse('p50'), p99: worse('p99'), max: worse('max') },
    }
  }
}

/**
 * perfdhcp of Kea. With `-x t` it prints when each message was sent and its reply received; `-R n` makes it take n MACs in turn, by
 * adding 0, 1, 2 … to the octets of the base.
 */
export const perfdhcpClient: Client = async ({ rate, seconds, clients }) => {
  const base = ['-4', '-l', LINK, '-b', 'mac=02:00:00:00:00:00', '-R', String(clients)]
  const limits = ['-r', String(rate), '-p', String(seconds), '-W', '500000', '-g', 'single', '-x', 't']
  const command = on('client', { command: 'perfdhcp', args: [...base, ...limits, SERVER] })
  // It exits with 3 when exchanges were lost; its report is what counts.
  const text = await run({ command: 'sh', args: ['-c', '"$@" || [ $? = 3 ]', 'sh', command.command, ...command.args] })
  return perfdhcpResult(text, seconds)
}

export function perfdhcpResult(text: string, seconds: number): Result {
  const [, begun = '0'] = /DISCOVER-OFFER\*\*\*\s+sent packets: (\d+)/.exec(text) ?? []
  const [, completed = '0'] = /REQUEST-ACK\*\*\*\s+sent packets: \d+\s+received packets: (\d+)/.exec(text) ?? []
  const delays: number[] = []
  for (const [, sent, received] of text.matchAll(/^sent \/ received: (\S+) \/ (\S+)$/gm)) {
    delays.push(Math.round((Number(received) - Number(sent)) * 1e6))
  }
  return {
    begun: Number(begun),
    completed: Number(completed),
    rate: Number(completed) / seconds,
    delays: delaysOf(delays),
  }
}

function delaysOf(delays: number[]): Delays {
  delays.sort((a, b) => a - b)
  const at = (share: number): number => delays[Math.floor((delays.length - 1) * share)] ?? 0
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}

/** What came of all clients being switched on at once. */
export interface Avalanche {
  readonly served: number
  /** From the first message to the last ACK; Infinity when not all were served. */
  readonly seconds: number
  readonly resent: number
  /** Milliseconds from a message to its reply, times that it was sent in vain included: until an OFFER, and then until the ACK. */
  readonly offer: { readonly mean: number; readonly max: number }
  readonly ack: { readonly mean: number; readonly max: number }
}

/**
 * All clients at once by perfdhcp: each asks again after one, two, four, up to sixteen seconds or so, until it is served; it goes on for ever
 * where a client is never served, so there is an end to it.
 */
export async function perfdhcpAvalanche(clients: number, mostSeconds: number): Promise<Avalanche> {
  const base = ['-4', '-l', LINK, '-b', 'mac=02:00:00:00:00:00', '-R', String(clients), '-g', 'single']
  const perfdhcp = on('client', { command: 'perfdhcp', args: [...base, '--scenario', 'avalanche', SERVER] })
  const limited = ['-k', '5', '-s', 'INT', String(mostSeconds), perfdhcp.command, ...perfdhcp.args]
  return avalancheResult(await run({ command: 'sh', args: ['-c', 'timeout "$@" || true', 'sh', ...limited] }))
}

export function avalancheResult(text: string): Avalanche {
  const [, hours = Infinity, minutes = 0, seconds = 0] = /It took (\d+):(\d+):([\d.]+) to provision/.exec(text) ?? []
  const [, resent = '0'] = /Requests resent: (\d+)/.exec(text) ?? []
  const [discovers = '', requests = ''] = text.split('***Statistics for:').slice(1)
  const number = (from: string, what: RegExp): number => Number(what.exec(from)?.[1] ?? NaN)
  const delays = (from: string) => ({
    mean: number(from, /avg delay: ([\d.]+) ms/),
    max: number(from, /max delay: ([\d.]+) ms/),
  })
  return {
    served: number(requests, /received packets: (\d+)/),
    seconds: Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds),
    resent: Number(resent),
    offer: delays(discovers),
    ack: delays(requests),
  }
}
