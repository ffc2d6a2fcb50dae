import { createSocket, type Socket } from 'node:dgram'
import { parseIpv4, UNSPECIFIED } from '@reboots/protocol/net'
import { bindFailure } from '../listen.ts'
import type { Receive, UdpSocket } from './door.ts'
import type { UdpLink } from './links.ts'
import type { Native } from './native.ts'

/** Addresses are always literals here; the default look-up would cost a turn of the event loop. */
const literal = (host: string, _options: unknown, done: (error: null, address: string, family: number) => void): void =>
  done(null, host, 4)

/** A dgram socket of the given kind that hands plain octets on. */
export function createUdpSocket(receive: Receive, reuseAddr = false): Socket {
  const socket = createSocket({ type: 'udp4', reuseAddr, lookup: literal })
  socket.on('message', (message, from) => {
    // Not a Buffer from here on: its slice() is a view where that of a Uint8Array is a copy.
    const bytes = new Uint8Array(message.buffer, message.byteOffset, message.length)
    receive(bytes, { address: parseIpv4(from.address) ?? UNSPECIFIED, port: from.port })
  })
  return socket
}

/** Resolves when the socket listens; rejects with what kept it from it. */
export function listening(socket: Socket, bind: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('listening', () => {
      socket.off('error', reject)
      resolve()
    })
    bind()
  })
}

export function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.close(() => resolve())
  })
}

/** A socket that belongs to one interface (SO_BINDTODEVICE): several of them share a port without seeing each other's packets. */
export async function openDeviceSocket(
  native: Native,
  link: UdpLink,
  port: number,
  receive: Receive,
): Promise<UdpSocket> {
  const fd = opened(native, link, port)
  const socket = createUdpSocket(receive)
  await listening(socket, () => socket.bind({ fd }))
  // Taking the descriptor over has set SO_REUSEADDR, which on Linux lets a second server share the port and steal packets.
  native.forbidSharing(fd)
  return {
    port: socket.address().port,
    send: (bytes, address, to, done) => socket.send(bytes, to, address, done),
    setNeighbour: (address, chaddr) => native.setNeighbour(fd, link.name, address, chaddr),
    close: () => closed(socket),
  }
}

function opened(native: Native, link: UdpLink, port: number): number {
  try {
    return native.openSocketOn(link.name, port)
  } catch (error) {
    throw bindFailure(error, { protocol: 'udp', host: '', port, link: link.name, purpose: 'for machines to boot' })
  }
}
