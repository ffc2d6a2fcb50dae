import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'

/** What a ROM is made to look like: a PXE ROM that is none of iPXE, or an iPXE that cannot load by HTTP. */
export type Disguise = 'plain' | 'without-http'

/**
 * The wire between a virtual network card with iPXE's ROM and the LAN. Until the machine loads its first file, what the ROM sends to DHCP
 * servers says nothing of iPXE (options 77 and 175): to them it is a PXE ROM like any other. There is no other ROM for QEMU to be had. Or it
 * says in option 175 that it has no HTTP.
 *
 *     card ── unix socket ── here ── unix socket ── QEMU's hub ── tap
 *
 * Frames come with four octets of length in front, as QEMU's `stream` network backend sends them.
 */
export class PlainRom {
  readonly #servers: readonly Server[]
  readonly #sockets: Socket[] = []
  readonly #change: (option: Buffer) => void
  #disguised = true

  /** Listens on two sockets in the directory. */
  static async open(directory: string, disguise: Disguise): Promise<PlainRom> {
    const card = createServer()
    const lan = createServer()
    const wire = new PlainRom([card, lan], disguise)
    wire.#join(card, lan)
    await Promise.all([listening(card, join(directory, CARD_SOCKET)), listening(lan, join(directory, LAN_SOCKET))])
    return wire
  }

  private constructor(servers: readonly Server[], disguise: Disguise) {
    this.#servers = servers
    this.#change = DISGUISES[disguise]
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
    for (const server of this.#servers) server.close()
  }

  #join(card: Server, lan: Server): void {
    const ends: { card?: Socket; lan?: Socket } = {}
    const accept =
      (end: 'card' | 'lan', other: 'card' | 'lan', change: (frame: Buffer) => void) => (socket: Socket) => {
        ends[end] = socket
        this.#sockets.push(socket)
        // QEMU is killed when the machine is switched off.
        socket.on('error', () => {})
        eachFrame(socket, (whole) => {
          change(whole.subarray(LENGTH))
          ends[other]?.write(whole)
        })
      }
    card.on(
      'connection',
      accept('card', 'lan', (frame) => this.#disguise(frame)),
    )
    lan.on(
      'connection',
      accept('lan', 'card', () => {}),
    )
  }

  #disguise(frame: Buffer): void {
    const port = udpPortOf(frame)
    if (port === TFTP_PORT) this.#disguised = false
    if (this.#disguised && (port === 67 || port === 4011)) eachOption(frame, this.#change)
  }
}

/** QEMU's end of it, for the card `n0`. */
export function plainRomArgs(directory: string, tap: string): string[] {
  return [
    ['-netdev', `stream,id=n0,server=off,addr.type=unix,addr.path=${join(directory, CARD_SOCKET)}`],
    ['-netdev', `stream,id=wire,server=off,addr.type=unix,addr.path=${join(directory, LAN_SOCKET)}`],
    ['-netdev', `tap,id=lan,ifname=${tap},script=no,downscript=no,vnet_hdr=off`],
    ['-netdev', 'hubport,id=h0,hubid=0,netdev=wire'],
    ['-netdev', 'hubport,id=h1,hubid=0,netdev=lan'],
  ].flat()
}

const CARD_SOCKET = 'card'
const LAN_SOCKET = 'lan'
const LENGTH = 4
const ETHERNET_HEADER = 14
const UDP_HEADER = 8
const OPTIONS = 240
const TFTP_PORT = 69
/** For private use (RFC 3942): nobody reads them. */
const HIDDEN: ReadonlyMap<number, number> = new Map([
  [77, 224],
  [175, 225],
])
const IPXE_OPTIONS = 175
const HTTP_FEATURES: ReadonlySet<number> = new Set([0x13, 0x14])

/** What each does to an option: code, length, value. */
const DISGUISES: Readonly<Record<Disguise, (option: Buffer) => void>> = {
  plain: (option) => {
    option[0] = HIDDEN.get(option[0]!) ?? option[0]!
  },
  'without-http': (option) => {
    if (option[0] !== IPXE_OPTIONS) return
    for (let at = 2; at + 2 < option.length; at += 2 + option[at + 1]!)
      if (HTTP_FEATURES.has(option[at]!)) option[at + 2] = 0
  },
}

/** The destination port of UDP over IPv4. */
function udpPortOf(frame: Buffer): number | undefined {
  if (frame.length < ETHERNET_HEADER + 28 || frame.readUInt16BE(12) !== 0x0800) return undefined
  return frame[ETHERNET_HEADER + 9] === 17 ? frame.readUInt16BE(udpOf(frame) + 2) : undefined
}

function udpOf(frame: Buffer): number {
  return ETHERNET_HEADER + (frame[ETHERNET_HEADER]! & 15) * 4
}

function eachOption(frame: Buffer, change: (option: Buffer) => void): void {
  const udp = udpOf(frame)
  let at = udp + UDP_HEADER + OPTIONS
  while (at + 1 < frame.length && frame[at] !== 255) {
    const end = at + (frame[at] === 0 ? 1 : 2 + frame[at + 1]!)
    if (frame[at] !== 0) change(frame.subarray(at, end))
    at = end
  }
  // Zero: the sender has made no checksum (RFC 768).
  frame.writeUInt16BE(0, udp + 6)
}

function eachFrame(socket: Socket, deliver: (whole: Buffer) => void): void {
  let rest = Buffer.alloc(0)
  socket.on('data', (octets: Buffer) => {
    rest = Buffer.concat([rest, octets])
    while (rest.length >= LENGTH && rest.length >= LENGTH + rest.readUInt32BE(0)) {
      const whole = Buffer.from(rest.subarray(0, LENGTH + rest.readUInt32BE(0)))
      rest = rest.subarray(whole.length)
      deliver(whole)
    }
  })
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
}
