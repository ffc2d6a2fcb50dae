import type { Socket } from 'node:dgram'
import { on } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { decodePacket, encodePacket, type TftpPacket } from '@reboots/protocol/tftp'
import { createLog } from '@reboots/runtime'
import { bootFilesOnDisk } from './adapters/boot-files.ts'
import type { TftpMetrics } from './adapters/metrics.ts'
import { openUdp, type Peer } from './adapters/udp.ts'
import { openServer, type Server, type ServerOptions } from './server.ts'
import { Transfers } from './transfers.ts'

/** Octets that differ from place to place, so that a block at the wrong place is seen. */
export function octetsOf(size: number): Buffer {
  const bytes = Buffer.alloc(size)
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >>> 8) * 17 + (i >>> 16)) & 0xff
  return bytes
}

/** A directory with boot files, and what tempts to leave it. */
export class Tree {
  readonly top = mkdtempSync(path.join(tmpdir(), 'reboots-tftp-'))
  readonly root = path.join(this.top, 'root')

  constructor() {
    mkdirSync(path.join(this.root, 'sub'), { recursive: true })
    mkdirSync(path.join(this.root, '52:54:00:00:00:01'))
    writeFileSync(path.join(this.top, 'secret'), 'secret')
    symlinkSync('../secret', path.join(this.root, 'leaves'))
    symlinkSync('/dev/zero', path.join(this.root, 'device'))
    this.write('small', Buffer.from('small'))
    this.write('sub/deep', Buffer.from('deep'))
    this.write('52:54:00:00:00:01/small', Buffer.from('only for 01'))
  }

  write(name: string, content: Uint8Array): void {
    writeFileSync(path.join(this.root, name), content)
  }

  remove(): void {
    rmSync(this.top, { recursive: true })
  }
}

/** Metrics as a list of lines: `rrq transfer`, `stray foreign-tid`, `end complete`. */
export class RecordedMetrics implements TftpMetrics {
  readonly lines: string[] = []
  packet(received: string, outcome: string): void {
    this.lines.push(`${received} ${outcome}`)
  }
  stray(reason: string): void {
    this.lines.push(`stray ${reason}`)
  }
  ended(end: string): void {
    this.lines.push(`end ${end}`)
  }
}

/** The service on a loopback port, serving a tree. */
export async function serve(
  root: string,
  metrics: TftpMetrics,
  maxTransfers = 10,
  limits: ServerOptions['limits'] = { windowsize: 64, timeoutSeconds: 1 },
): Promise<{ server: Server; port: number; transfers: Transfers }> {
  const transfers = new Transfers(maxTransfers)
  const log = createLog('tftp', { level: 'silent', format: 'json' })
  const files = bootFilesOnDisk([root], 1024 * 1024)
  const server = await openServer({ host: '127.0.0.1', port: 0, files, transfers, limits, log, metrics })
  return { server, port: Number(server.address.split(':')[1]), transfers }
}

/** A client that sends what it is told and reads what comes, packet by packet. */
export class RawClient {
  readonly socket: Socket
  readonly #arrivals: AsyncIterator<[Uint8Array, Peer]>

  private constructor(socket: Socket) {
    this.socket = socket
    this.#arrivals = on(socket, 'message') as AsyncIterator<[Uint8Array, Peer]>
  }

  static async open(): Promise<RawClient> {
    return new RawClient(await openUdp('127.0.0.1', 0))
  }

  send(packet: TftpPacket | Uint8Array, port: number): void {
    this.socket.send(packet instanceof Uint8Array ? packet : encodePacket(packet), port, '127.0.0.1')
  }

  read(filename: string, port: number, options: Record<string, string> = {}, mode = 'octet'): void {
    this.send({ op: 'rrq', filename, mode, options: new Map(Object.entries(options)) }, port)
  }

  ack(block: number, port: number): void {
    this.send({ op: 'ack', block: block & 0xffff }, port)
  }

  /** The next packet, and the port it came from. */
  async next(): Promise<{ readonly packet: TftpPacket; readonly port: number }> {
    const { value } = (await this.#arrivals.next()) as { value: [Uint8Array, Peer] }
    return { packet: decodePacket(value[0]), port: value[1].port }
  }

  /** The next packet as text: `DATA 1 (512)`, `ERROR 1 File not found`. */
  async told(): Promise<string> {
    const { packet } = await this.next()
    return describe(packet)
  }

  /** A whole file in lock-step, acknowledging every block. */
  async fetch(filename: string, port: number, options: Record<string, string> = {}): Promise<Buffer> {
    const blksize = Number(options['blksize'] ?? 512)
    const windowsize = Number(options['windowsize'] ?? 1)
    this.read(filename, port, options)
    const blocks: Uint8Array[] = []
    for (;;) {
      const { packet, port: tid } = await this.next()
      if (packet.op === 'error') throw new Error(describe(packet))
      if (packet.op === 'oack') this.ack(0, tid)
      if (packet.op !== 'data' || packet.block !== ((blocks.length + 1) & 0xffff)) continue
      blocks.push(Buffer.from(packet.data))
      const last = packet.data.length < blksize
      if (last || blocks.length % windowsize === 0) this.ack(blocks.length, tid)
      if (last) return Buffer.concat(blocks)
    }
  }

  close(): void {
    this.socket.close()
  }
}

function describe(packet: TftpPacket): string {
  switch (packet.op) {
    case 'data':
      return `DATA ${packet.block} (${packet.data.length})`
    case 'ack':
      return `ACK ${packet.block}`
    case 'error':
      return `ERROR ${packet.code} ${packet.message}`
    case 'oack':
      return `OACK ${[...packet.options].map((pair) => pair.join('=')).join(' ')}`.trimEnd()
    case 'rrq':
    case 'wrq':
      return `${packet.op} ${packet.filename}`
  }
}
