import { createSocket, type Socket, type SocketOptions } from 'node:dgram'
import { lookup as resolve } from 'node:dns'
import { isIP, isIPv6 } from 'node:net'
import { performance } from 'node:perf_hooks'
import type { Instant } from '@reboots/protocol/net'
import { bindFailure } from '@reboots/runtime'

/** An address and port of UDP, IPv4 or IPv6. */
export interface Peer {
  readonly address: string
  readonly port: number
}

/** Room for what arrives while the event loop is busy: a boot storm comes all at once. */
const RECEIVE_BUFFER = 1024 * 1024

/** An address needs no resolver, and so every packet leaves at once instead of a turn later. */
const lookup: NonNullable<SocketOptions['lookup']> = (host, options, callback) => {
  const family = isIP(host)
  if (family === 0) resolve(host, options, callback)
  else callback(null, host, family)
}

/** A UDP socket on one of our addresses; port 0 for any free one. OperatorError when it cannot be had. */
export async function openUdp(host: string, port: number): Promise<Socket> {
  const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4', lookup })
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind({ port, exclusive: true, ...(host !== '' && { address: host }) }, () => {
        socket.off('error', reject)
        resolve()
      })
    })
  } catch (error) {
    socket.close()
    throw bindFailure(error, { protocol: 'udp', host, port, purpose: 'for TFTP' })
  }
  // What sending reports (no route, unreachable) comes by the callback of `send`; there is nobody to tell the rest to.
  socket.on('error', () => {})
  return socket
}

/** The same for the service's own port. */
export async function openListener(host: string, port: number): Promise<Socket> {
  const socket = await openUdp(host, port)
  try {
    socket.setRecvBufferSize(RECEIVE_BUFFER)
  } catch {
    // The system allows less; then that is what there is.
  }
  return socket
}

/** `192.0.2.1:69`, `[2001:db8::1]:69` */
export function formatPeer({ address, port }: Peer): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`
}

/** Time that goes on evenly whatever is done to the clock on the wall; the transfers only take differences. */
export function steadyNow(): Instant {
  return (performance.timeOrigin + performance.now()) as Instant
}
