import { formatIpv4, LIMITED_BROADCAST, type Datagram, type Ipv4Address } from '@reboots/protocol/net'
import { now } from '../clock.ts'
import type { Log } from '../log.ts'
import type { Destination } from './destination.ts'
import type { UdpLink } from './links.ts'
import { openDeviceSocket } from './device-socket.ts'
import { loadNative } from './native.ts'
import { openPlainSocket } from './plain-socket.ts'

export interface UdpDoorOptions {
  readonly link: UdpLink
  /** 0 for any free one. */
  readonly port: number
  /** Everything that was there to read at once, in the order of arrival; never empty. */
  onBatch(batch: readonly Datagram[]): void
  readonly log: Log
}

/** A UDP port on one interface: hears broadcasts of that link only, and its replies leave by it, from its address. */
export interface UdpDoor {
  readonly link: UdpLink
  readonly port: number
  /** Sends at once; a failure is logged, because nobody can wait for it. */
  send(bytes: Uint8Array, to: Destination): void
  close(): Promise<void>
}

/** What the two kinds of socket have in common. */
export interface UdpSocket {
  readonly port: number
  send(bytes: Uint8Array, address: string, port: number, done: (error: Error | null) => void): void
  /** Makes `address` reachable at `chaddr` without ARP; throws errors with `code`. Absent: cannot be done. */
  setNeighbour?(address: Ipv4Address, chaddr: Uint8Array): void
  close(): Promise<void>
}

export type Receive = (bytes: Uint8Array, from: { readonly address: Ipv4Address; readonly port: number }) => void

/**
 * Opens a port on a link. With the native calls the socket belongs to the interface and can address a client that has no IP
 * address yet; without them there can be one link only, and such a client is answered by broadcast. OperatorError when the port
 * is taken (naming the holder) or not allowed.
 */
export async function openUdpDoor(options: UdpDoorOptions): Promise<UdpDoor> {
  const { link, log } = options
  const receive = inBatches(link.name, (batch) => options.onBatch(batch))
  const native = await loadNative()
  const socket = await (native === undefined
    ? openPlainSocket(link, options.port, log, receive)
    : openDeviceSocket(native, link, options.port, receive))
  const send = sender(socket, link, log)
  return { link, port: socket.port, send, close: () => socket.close() }
}

/** The loop reads what has come before it runs immediates, so one batch is one turn's worth of packets. */
function inBatches(link: string, deliver: (batch: readonly Datagram[]) => void): Receive {
  let batch: Datagram[] = []
  return (bytes, from) => {
    if (batch.length === 0) {
      setImmediate(() => {
        const full = batch
        batch = []
        deliver(full)
      })
    }
    batch.push({ bytes, from, link, at: now() })
  }
}

function sender(socket: UdpSocket, link: UdpLink, log: Log): UdpDoor['send'] {
  let warned = false
  const warnOnce = (why: string): void => {
    if (!warned) log.warn({ link: link.name, why }, 'clients without an address are answered by broadcast')
    warned = true
  }
  return (bytes, to) => {
    const address = to.kind === 'hardware' && !reachHardware(socket, to, warnOnce) ? LIMITED_BROADCAST : to.to.address
    socket.send(bytes, formatIpv4(address), to.to.port, (error) => {
      if (error === null) return
      log.warn({ link: link.name, to: `${formatIpv4(address)}:${to.to.port}`, why: error.message }, 'not sent')
    })
  }
}

/** Every client listens for broadcasts as long as it has no address, so that is what remains when its MAC cannot be addressed. */
function reachHardware(
  socket: UdpSocket,
  to: Destination & { kind: 'hardware' },
  warn: (why: string) => void,
): boolean {
  if (socket.setNeighbour === undefined) {
    warn('koffi is not available')
    return false
  }
  // Only Ethernet's six octets fit; others (InfiniBand) have none of their own in chaddr (RFC 4390).
  if (to.chaddr.length !== 6) return false
  try {
    socket.setNeighbour(to.to.address, to.chaddr)
    return true
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    warn(code === 'EPERM' ? 'no permission to set neighbours: CAP_NET_ADMIN is missing' : message)
    return false
  }
}
