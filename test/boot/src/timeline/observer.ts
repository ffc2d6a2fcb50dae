import { DecodeError, latin1 } from '@reboots/protocol/bytes'
import { decodeMessage, messageType } from '@reboots/protocol/dhcp'
import { decodePacket, type TftpPacket } from '@reboots/protocol/tftp'
import { formatIpv4, type Endpoint } from '@reboots/protocol/net'
import type { Packet } from '@reboots/testkit'
import type { DhcpSighting, HttpSighting, Sighting, TftpSighting } from './sighting.ts'

const DHCP_PORTS = new Set([67, 68, 4011])
const TFTP_PORT = 69
const DEFAULT_BLKSIZE = 512

interface Transfer {
  readonly file: string
  readonly asked: ReadonlyMap<string, string>
  blksize: number
  lastBlock: number
  bytes: number
}

/** Reads a capture packet by packet and says what was of note; it remembers the transfers that are under way. */
export class Observer {
  /** By the client's endpoint: a client takes a new port for each file. */
  readonly #transfers = new Map<string, Transfer>()
  /** Requests that wait for their answer, by connection. */
  readonly #requests = new Map<string, { method: string; path: string }[]>()

  see(packet: Packet): Sighting | undefined {
    if (packet.payload.length === 0) return undefined
    if (packet.protocol === 'tcp') return this.#http(packet)
    if (DHCP_PORTS.has(packet.to.port)) return tolerant(() => dhcp(packet))
    return tolerant(() => this.#tftp(packet))
  }

  #tftp(packet: Packet): TftpSighting | undefined {
    if (packet.to.port === TFTP_PORT) return this.#tftpRequest(packet)
    const transfer = this.#transfers.get(key(packet.to)) ?? this.#transfers.get(key(packet.from))
    return transfer === undefined ? undefined : tftpOf(packet, decodePacket(packet.payload), transfer)
  }

  #tftpRequest(packet: Packet): TftpSighting | undefined {
    const request = decodePacket(packet.payload)
    if (request.op !== 'rrq' && request.op !== 'wrq') return undefined
    const { filename: file, options: asked } = request
    this.#transfers.set(key(packet.from), { file, asked, blksize: DEFAULT_BLKSIZE, lastBlock: 0, bytes: 0 })
    return { kind: 'tftp', packet, what: 'request', file, options: asked, bytes: 0, message: '' }
  }

  #http(packet: Packet): HttpSighting | undefined {
    const text = latin1(packet.payload.subarray(0, 2048))
    const [, method, path] = /^(GET|HEAD|POST|PUT) (\S+) HTTP\/1\.[01]\r\n/.exec(text) ?? []
    if (method !== undefined && path !== undefined) {
      const connection = `${key(packet.from)} ${key(packet.to)}`
      this.#requests.set(connection, [...(this.#requests.get(connection) ?? []), { method, path }])
      return { kind: 'http', packet, what: 'request', method, path, status: 0, length: undefined }
    }
    const [, status] = /^HTTP\/1\.[01] (\d{3}) /.exec(text) ?? []
    const asked = this.#requests.get(`${key(packet.to)} ${key(packet.from)}`)?.shift()
    if (status === undefined || asked === undefined) return undefined
    const [, length] = /\r\ncontent-length: *(\d+)/i.exec(text) ?? []
    const octets = length === undefined ? undefined : Number(length)
    return { kind: 'http', packet, what: 'answer', ...asked, status: Number(status), length: octets }
  }
}

/** All that was of note in a capture. */
export function observe(packets: readonly Packet[]): Sighting[] {
  const observer = new Observer()
  return packets.map((packet) => observer.see(packet)).filter((sighting) => sighting !== undefined)
}

function dhcp(packet: Packet): DhcpSighting | undefined {
  const message = decodeMessage(packet.payload)
  const type = messageType(message)
  return type === undefined ? undefined : { kind: 'dhcp', packet, type, message }
}

function tftpOf(packet: Packet, tftp: TftpPacket, transfer: Transfer): TftpSighting | undefined {
  const seen = { kind: 'tftp', packet, file: transfer.file, options: new Map<string, string>(), message: '' } as const
  switch (tftp.op) {
    case 'oack':
      transfer.blksize = Number(tftp.options.get('blksize') ?? DEFAULT_BLKSIZE)
      return { ...seen, what: 'options', options: tftp.options, bytes: 0 }
    case 'error':
      return { ...seen, what: 'error', bytes: transfer.bytes, message: `${tftp.code} ${tftp.message}` }
    case 'data':
      if (tftp.block !== ((transfer.lastBlock + 1) & 0xffff)) return undefined
      transfer.lastBlock = tftp.block
      transfer.bytes += tftp.data.length
      return tftp.data.length < transfer.blksize ? { ...seen, what: 'complete', bytes: transfer.bytes } : undefined
    case 'ack':
    case 'rrq':
    case 'wrq':
      return undefined
  }
}

/** What is not the protocol its port suggests is not of note. */
function tolerant<T>(decode: () => T): T | undefined {
  try {
    return decode()
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

function key({ address, port }: Endpoint): string {
  return `${formatIpv4(address)}:${port}`
}
