import { formatIpv4 } from '@reboots/protocol/net'
import { bindFailure } from '../listen.ts'
import type { Log } from '../log.ts'
import { OperatorError } from '../operator-error.ts'
import { closed, createUdpSocket, listening } from './device-socket.ts'
import type { Receive, UdpSocket } from './door.ts'
import { interfaceNames, type UdpLink } from './links.ts'

/** The link that has a port, in this process. */
const linkOfPort = new Map<number, string>()

/**
 * Two sockets of node:dgram. One on every address hears broadcasts, from whatever interface they come. One on the link's address
 * sends, because Linux routes a limited broadcast by the source address it was bound to; it also gets what is unicast to us.
 */
export async function openPlainSocket(link: UdpLink, port: number, log: Log, receive: Receive): Promise<UdpSocket> {
  refuseSecondLink(link, port)
  const address = formatIpv4(link.address)
  await proveFree(link, port)
  const broadcasts = createUdpSocket(receive, true)
  const own = createUdpSocket(receive, true)
  await listening(broadcasts, () => broadcasts.bind(port))
  const bound = broadcasts.address().port
  await listening(own, () => own.bind(bound, address))
  own.setBroadcast(true)
  linkOfPort.set(bound, link.name)
  const others = interfaceNames().filter((name) => name !== link.name && name !== 'lo')
  if (others.length > 0)
    log.warn({ link: link.name, others }, 'koffi is not available: broadcasts of other interfaces cannot be told apart')
  return {
    port: bound,
    send: (bytes, to, toPort, done) => own.send(bytes, toPort, to, done),
    close: async () => {
      linkOfPort.delete(bound)
      await Promise.all([closed(broadcasts), closed(own)])
    },
  }
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
  const probe = createUdpSocket(() => {})
  try {
    await listening(probe, () => probe.bind({ port, exclusive: true }))
    await closed(probe)
  } catch (error) {
    throw bindFailure(error, { protocol: 'udp', host: '', port, link: link.name, purpose: 'for machines to boot' })
  }
}
