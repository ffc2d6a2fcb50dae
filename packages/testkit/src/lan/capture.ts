import { packetOf, type Packet } from './packet.ts'
import { PcapReader, type Frame } from './pcap.ts'
import type { Command } from './command.ts'
import type { Running } from './running.ts'

/** The frames that pass a bridge, as they pass. */
export interface Capture {
  readonly frames: readonly Frame[]
  /** The frames that are IPv4 with UDP or TCP in it, in the order of their times. */
  packets(): Packet[]
  /** Calls back for every packet from now on. */
  watch(listener: (packet: Packet) => void): void
  /** Resolves with the first packet, past or to come, that is as wanted; rejects after `within` ms. */
  waitFor(wanted: (packet: Packet) => boolean, within?: number): Promise<Packet>
  close(): Promise<void>
}

/** Starts tcpdump by the caller's `start` and resolves once it listens. */
export async function openCapture(
  start: (command: Command) => Running,
  link: string,
  filter?: string,
): Promise<Capture> {
  const args = ['-i', link, '-U', '--immediate-mode', '-B', '16384', '-s', '2048', '-n', '-w', '-']
  const tcpdump = start({ command: 'tcpdump', args: filter === undefined ? args : [...args, filter] })
  const reader = new PcapReader()
  const frames: Frame[] = []
  const listeners = new Set<(packet: Packet) => void>()
  tcpdump.stdout.on('data', (chunk: Uint8Array) => {
    for (const frame of reader.push(chunk)) {
      frames.push(frame)
      const packet = packetOf(frame)
      if (packet !== undefined) for (const listener of listeners) listener(packet)
    }
  })
  await tcpdump.waitFor(/listening on/)
  const packets = (): Packet[] => frames.map(packetOf).filter((packet) => packet !== undefined)
  return {
    frames,
    packets,
    watch: (listener) => void listeners.add(listener),
    waitFor: (wanted, within = 30_000) => firstPacket(packets, listeners, wanted, within),
    close: async () => void (await tcpdump.stop('SIGINT')),
  }
}

async function firstPacket(
  packets: () => Packet[],
  listeners: Set<(packet: Packet) => void>,
  wanted: (packet: Packet) => boolean,
  within: number,
): Promise<Packet> {
  const there = packets().find(wanted)
  if (there !== undefined) return there
  const { promise, resolve, reject } = Promise.withResolvers<Packet>()
  const listener = (packet: Packet): void => {
    if (wanted(packet)) resolve(packet)
  }
  listeners.add(listener)
  const timer = setTimeout(() => reject(new Error(`no such packet within ${within} ms`)), within)
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    listeners.delete(listener)
  }
}
