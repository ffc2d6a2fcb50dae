import { createSocket, type Socket } from 'node:dgram'
import { formatIpv4, parseIpv4, UNSPECIFIED, type Datagram, type Ipv4Address } from '@reboots/protocol/net'
import { now } from '../clock.ts'
import { bindFailure } from '../listen.ts'
import type { Log } from '../log.ts'
import { OperatorError } from '../operator-error.ts'
import { Complaints } from './complaints.ts'
import type { UdpSocket } from './door.ts'
import { groupFailure } from './group-failure.ts'
import { dropsOf } from './holder.ts'
import { interfaceNames, type UdpLink } from './links.ts'
import { RECEIVE_BUFFER } from './native.ts'
import { noTraffic } from './traffic.ts'

/** The link that has a port, in this process. */
const linkOfPort = new Map<number, string>()

/**
 * Two sockets of node:dgram. One on every address hears broadcasts, from whatever interface they come. One on the link's address
 * sends, because Linux routes a limited broadcast by the source address it was bound to; it also gets what is unicast to us.
 */
export async function openPlainSocket(
  link: UdpLink,
  port: number,
  groups: readonly Ipv4Address[],
  log: Log,
  deliver: (batch: readonly Datagram[]) => void,
): Promise<UdpSocket> {
  refuseSecondLink(link, port)
  const address = formatIpv4(link.address)
  await proveFree(link, port)
  const traffic = noTraffic()
  const receive = inBatches((batch) => {
    traffic.received += batch.length
    deliver(batch)
  })
  const broadcasts = createUdpSocket(link.name, receive, true)
  const own = createUdpSocket(link.name, receive, true)
  await listening(broadcasts, () => broadcasts.bind(port))
  const bound = broadcasts.address().port
  await listening(own, () => own.bind(bound, address))
  own.setBroadcast(true)
  try {
    for (const group of groups) broadcasts.addMembership(formatIpv4(group), address)
  } catch (error) {
    await Promise.all([closed(broadcasts), closed(own)])
    throw groupFailure(error, link.name)
  }
  linkOfPort.set(bound, link.name)
  const others = interfaceNames().filter((name) => name !== link.name && name !== 'lo')
  if (others.length > 0)
    log.warn({ link: link.name, others }, 'koffi is not available: broadcasts of other interfaces cannot be told apart')
  const complaints = new Complaints(log, { link: link.name, port: bound })
  for (const socket of [broadcasts, own])
    socket.on('error', (error) => complaints.warn('cannot receive', error.message))
  return {
    port: bound,
    traffic,
    send(bytes, to, toPort) {
      own.send(bytes.slice(), toPort, formatIpv4(to), (error) => {
        traffic[error === null ? 'sent' : 'unsent']++
        if (error !== null) complaints.warn('not sent', error.message, () => ({ to: `${formatIpv4(to)}:${toPort}` }))
      })
    },
    countDrops: () => void (traffic.dropped = Math.max(traffic.dropped, dropsOf(bound))),
    close: async () => {
      linkOfPort.delete(bound)
      await Promise.all([closed(broadcasts), closed(own)])
    },
  }
}

/** Addresses are always literals here; the default look-up would cost a turn of the event loop. */
const literal = (host: string, _options: unknown, done: (error: null, address: string, family: number) => void): void =>
  done(null, host, 4)

function createUdpSocket(link: string, receive: (datagram: Datagram) => void, reuseAddr = false): Socket {
  const socket = createSocket({ type: 'udp4', reuseAddr, lookup: literal, recvBufferSize: RECEIVE_BUFFER })
  socket.on('message', (message, from) => {
    // Not a Buffer from here on: its slice() is a view where that of a Uint8Array is a copy.
    const bytes = new Uint8Array(message.buffer, message.byteOffset, message.length)
    receive({ bytes, from: { address: parseIpv4(from.address) ?? UNSPECIFIED, port: from.port }, link, at: now() })
  })
  return socket
}

/** The loop reads what has come before it runs immediates, so one batch is one turn's worth of packets. */
function inBatches(deliver: (batch: readonly Datagram[]) => void): (datagram: Datagram) => void {
  let batch: Datagram[] = []
  return (datagram) => {
    if (batch.length === 0) {
      setImmediate(() => {
        const full = batch
        batch = []
        deliver(full)
      })
    }
    batch.push(datagram)
  }
}

/** Resolves when the socket listens; rejects with what kept it from it. */
function listening(socket: Socket, bind: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('listening', () => {
      socket.off('error', reject)
      resolve()
    })
    bind()
  })
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.close(() => resolve())
  })
}

function refuseSecondLink(link: UdpLink, port: number): void {
  const other = linkOfPort.get(port)
  if (port === 0 || other === undefined) return
  throw new OperatorError(
    `UDP port ${port} can be opened on one interface only (${other}, and now ${link.name}), because koffi is not available`,
    'Install koffi (an optional dependency; prebuilt for Linux on x64, arm64, arm, riscv64 and loong64), or serve one interface per process.',
  )
}

/** The two sockets have to share the port, and then they would share it with a stranger too: so look first, without sharing. */
async function proveFree(link: UdpLink, port: number): Promise<void> {
  const probe = createUdpSocket(link.name, () => {})
  try {
    await listening(probe, () => probe.bind({ port, exclusive: true }))
    await closed(probe)
  } catch (error) {
    throw bindFailure(error, { protocol: 'udp', host: '', port, link: link.name, purpose: 'for machines to boot' })
  }
}
