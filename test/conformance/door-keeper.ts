import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createLog, findLinks, openUdpDoor, type OperatorError, type UdpDoor } from '@reboots/runtime'
import { parseIpv4 } from '@reboots/protocol/net'

/** What the test asks of a process inside a network namespace. */
export type Order =
  | { readonly kind: 'open'; readonly link: string; readonly port: number }
  | { readonly kind: 'send'; readonly link: string; readonly octets: number; readonly to: SendTo }
  | {
      readonly kind: 'broadcast'
      readonly from: string
      readonly to: string
      readonly port: number
      readonly octets: number
    }
  | { readonly kind: 'share'; readonly port: number }

export type SendTo =
  | { readonly kind: 'broadcast' | 'unicast'; readonly address: string; readonly port: number }
  | { readonly kind: 'hardware'; readonly address: string; readonly port: number; readonly chaddr: readonly number[] }

/** What it says: the end of an order, or a datagram at one of its doors. */
export type Report =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly message: string; readonly remedy: string }
  | { readonly kind: 'received'; readonly link: string; readonly octets: number }

const doors = new Map<string, UdpDoor>()
const log = createLog('door-keeper', { level: 'warn', format: 'json' })

function report(message: Report): void {
  process.send!(message)
}

async function open(name: string, port: number): Promise<void> {
  const [link] = findLinks([name])
  const door = await openUdpDoor({
    link: link!,
    port,
    onBatch: (batch) => batch.forEach(({ bytes, link }) => report({ kind: 'received', link, octets: bytes.length })),
    log,
  })
  doors.set(name, door)
}

function send(link: string, octets: number, to: SendTo): void {
  const endpoint = { address: parseIpv4(to.address)!, port: to.port }
  const bytes = new Uint8Array(octets)
  if (to.kind === 'hardware') {
    doors.get(link)!.send(bytes, { kind: to.kind, to: endpoint, chaddr: Uint8Array.from(to.chaddr) })
  } else {
    doors.get(link)!.send(bytes, { kind: to.kind, to: endpoint })
  }
}

/** As a client does: to everyone, from an address of one link. */
async function broadcast(from: string, to: string, port: number, octets: number): Promise<void> {
  const socket = createSocket('udp4')
  socket.bind(0, from)
  await once(socket, 'listening')
  socket.setBroadcast(true)
  socket.send(new Uint8Array(octets), port, to, () => socket.close())
  await once(socket, 'close')
}

/** As a program does that means to share the port with another one. */
async function share(port: number): Promise<void> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true })
  socket.bind(port)
  await once(socket, 'listening')
  socket.close()
}

async function follow(order: Order): Promise<void> {
  switch (order.kind) {
    case 'open':
      return open(order.link, order.port)
    case 'send':
      return send(order.link, order.octets, order.to)
    case 'broadcast':
      return broadcast(order.from, order.to, order.port, order.octets)
    case 'share':
      return share(order.port)
  }
}

process.on('message', (order: Order) => {
  follow(order).then(
    () => report({ kind: 'done' }),
    (error: OperatorError) => report({ kind: 'failed', message: error.message, remedy: error.remedy ?? '' }),
  )
})
process.on('disconnect', () => process.exit(0))
