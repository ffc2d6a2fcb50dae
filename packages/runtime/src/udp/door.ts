import { availableParallelism } from 'node:os'
import { LIMITED_BROADCAST, type Datagram, type Ipv4Address } from '@reboots/protocol/net'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { OperatorError } from '../operator-error.ts'
import { BatchSocket } from './batch-socket.ts'
import { CapturedSocket } from './captured-socket.ts'
import type { Destination } from './destination.ts'
import type { UdpLink } from './links.ts'
import { loadNative, type Native } from './native.ts'
import { loadPacketSockets } from './packet-sockets.ts'
import { openPlainSocket } from './plain-socket.ts'
import { ThreadedSocket } from './threaded-socket.ts'
import { showTraffic, type Traffic } from './traffic.ts'

export interface UdpDoorOptions {
  readonly link: UdpLink
  /** 0 for any free one. */
  readonly port: number
  /** Multicast groups that it hears besides, on this link. */
  readonly groups?: readonly Ipv4Address[]
  /**
   * What was there to read at once, in the order of arrival; never empty. The octets are the receive buffer itself and good during the
   * call only, like every view of them (`decodeMessage` returns such views): what is kept longer has to be copied.
   */
  onBatch(batch: readonly Datagram[]): void
  readonly log: Log
  /** Gets the counters of the door: `reboots_udp_…_total{link, port}`. */
  readonly metrics?: Metrics
  /** Whether a thread of its own receives and sends; `auto` (default): when there is a core for it. */
  readonly ioThread?: IoThreadUse | undefined
  /** How it comes by what is sent to the port; default `bind`. */
  readonly way?: DoorWay | undefined
}

/**
 * `bind`: the port is ours alone on this link. `share`: with programs of this host that set SO_REUSEADDR as well; only what is sent to
 * 255.255.255.255 is heard, so that they get all that is for them. `capture`: nothing is bound, whoever holds the port.
 */
export type DoorWay = 'bind' | 'share' | 'capture'

export type IoThreadUse = 'auto' | 'on' | 'off'

/** A UDP port on one interface: hears broadcasts of that link only, and its replies leave by it, from its address. */
export interface UdpDoor {
  readonly link: UdpLink
  readonly port: number
  /** `address`: it has to be opened anew when the address of the link changes. Absent: it belongs to the interface. */
  readonly boundTo?: 'address'
  /**
   * Copies the octets. What is sent without a pause (while `onBatch` runs, or else until the code that sends returns or awaits) leaves
   * together, in this order. A failure is counted and logged, because nobody can wait for it. RangeError for more octets than a
   * datagram can have.
   */
  send(bytes: Uint8Array, to: Destination): void
  close(): Promise<void>
}

/** What the two kinds of socket have in common. */
export interface UdpSocket {
  readonly port: number
  readonly traffic: Traffic
  send(bytes: Uint8Array, address: Ipv4Address, port: number): void
  /** Makes `address` reachable at `chaddr` without ARP; throws errors with `code`. Absent: cannot be done. */
  setNeighbour?(address: Ipv4Address, chaddr: Uint8Array): void
  /** Sends to `chaddr` without ARP, or by broadcast when that cannot be. For sockets that know only later. */
  sendToHardware?(bytes: Uint8Array, address: Ipv4Address, port: number, chaddr: Uint8Array): void
  /** Brings `traffic.dropped` up to date. */
  countDrops(): void
  close(): Promise<void>
}

/**
 * Opens a port on a link. With the native calls the socket belongs to the interface and can address a client that has no IP
 * address yet; without them there can be one link only, and such a client is answered by broadcast. OperatorError when the port
 * is taken (naming the holder) or not allowed.
 */
export async function openUdpDoor(options: UdpDoorOptions): Promise<UdpDoor> {
  const { link, log, metrics } = options
  const warn = warnOnce(link, log)
  const native = await loadNative()
  const socket = await openSocketFor(options, native, warn)
  const show = metrics === undefined ? () => {} : showSocket(metrics, link, socket)
  return {
    link,
    port: socket.port,
    ...((native === undefined || options.way === 'capture') && { boundTo: 'address' }),
    send: sender(socket, warn),
    async close() {
      await socket.close()
      show()
    },
  }
}

/** Says once why clients without an address are answered by broadcast. */
type WarnOnce = (why: string) => void

async function openSocketFor(options: UdpDoorOptions, native: Native | undefined, warn: WarnOnce): Promise<UdpSocket> {
  const { link, port, groups = [], log, ioThread = 'auto', way = 'bind' } = options
  const deliver = (batch: readonly Datagram[]): void => options.onBatch(batch)
  if (way === 'capture') return openCapturedSocket(link, port, log, deliver)
  if (native === undefined) {
    if (way === 'share') throw needsKoffi(port, 'shared with another program')
    return openPlainSocket(link, port, groups, log, deliver)
  }
  const calls = way === 'share' ? { ...native, openSocketOn: native.openSharedSocketOn } : native
  if (ioThread === 'off' || (ioThread === 'auto' && availableParallelism() === 1))
    return new BatchSocket(calls, link, port, groups, log, deliver)
  return new ThreadedSocket({
    native: calls,
    link,
    port,
    groups,
    log,
    deliver,
    unreachable: (code) => warn(REASONS[code] ?? code),
  })
}

async function openCapturedSocket(
  link: UdpLink,
  port: number,
  log: Log,
  deliver: (batch: readonly Datagram[]) => void,
): Promise<UdpSocket> {
  const sockets = await loadPacketSockets()
  if (sockets === undefined) throw needsKoffi(port, 'captured')
  return new CapturedSocket(sockets, link, port, log, deliver)
}

function needsKoffi(port: number, what: string): OperatorError {
  return new OperatorError(
    `UDP port ${port} cannot be ${what}, because koffi is not available`,
    'Install koffi (an optional dependency; prebuilt for Linux on x64, arm64, arm, riscv64 and loong64), or bind the port.',
  )
}

function showSocket(metrics: Metrics, link: UdpLink, socket: UdpSocket): () => void {
  return showTraffic(metrics, { link: link.name, port: socket.port }, () => {
    socket.countDrops()
    return socket.traffic
  })
}

function warnOnce(link: UdpLink, log: Log): WarnOnce {
  let warned = false
  return (why) => {
    if (!warned) log.warn({ link: link.name, why }, 'clients without an address are answered by broadcast')
    warned = true
  }
}

function sender(socket: UdpSocket, warn: WarnOnce): UdpDoor['send'] {
  return (bytes, to) => {
    const { address, port } = to.to
    if (to.kind !== 'hardware') socket.send(bytes, address, port)
    // Only Ethernet's six octets fit; others (InfiniBand) have none of their own in chaddr (RFC 4390).
    else if (to.chaddr.length !== 6) socket.send(bytes, LIMITED_BROADCAST, port)
    else if (socket.sendToHardware !== undefined) socket.sendToHardware(bytes, address, port, to.chaddr)
    else socket.send(bytes, reachHardware(socket, to, warn) ? address : LIMITED_BROADCAST, port)
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EPERM: 'no permission to set neighbours: CAP_NET_ADMIN is missing',
  ENOBUFS: 'the neighbour table is full, raise net.ipv4.neigh.default.gc_thresh3',
}

/** Every client listens for broadcasts as long as it has no address, so that is what remains when its MAC cannot be addressed. */
function reachHardware(socket: UdpSocket, to: Destination & { kind: 'hardware' }, warn: WarnOnce): boolean {
  if (socket.setNeighbour === undefined) {
    warn('koffi is not available')
    return false
  }
  try {
    socket.setNeighbour(to.to.address, to.chaddr)
    return true
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    warn(REASONS[code ?? ''] ?? message)
    return false
  }
}
