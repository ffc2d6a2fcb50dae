import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createLog, createMetrics, findLinks, openUdpDoor, type OperatorError, type UdpDoor } from '@reboots/runtime'
import { parseIpv4, type Datagram } from '@reboots/protocol/net'

/** What the test asks of a process inside a network namespace. */
export type Order =
  | { readonly kind: 'open'; readonly link: string; readonly port: number; readonly groups?: readonly string[] }
  | { readonly kind: 'send'; readonly link: string; readonly octets: number; readonly to: SendTo }
  /** What is sent while the next batch is handled. */
  | { readonly kind: 'answer'; readonly link: string; readonly answers: readonly Answer[] }
  /** From now on every datagram goes back to where it came from. */
  | { readonly kind: 'echo'; readonly link: string }
  | { readonly kind: 'batches' | 'metrics' | 'leave' }
  | {
      readonly kind: 'burst'
      readonly from: string
      readonly to: string
      readonly port: number
      readonly clients: number
      readonly each: number
    }
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

export interface Answer {
  readonly octets: number
  readonly to: SendTo
}

/** What it says: the end of an order, or a datagram at one of its doors. */
export type Report =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly message: string; readonly remedy: string }
  | { readonly kind: 'received'; readonly link: string; readonly octets: number }
  | { readonly kind: 'metrics'; readonly text: string }
  | { readonly kind: 'batches'; readonly datagrams: number; readonly largest: number; readonly inOneTurn: number }
  /** Of a burst: the numbers of the datagrams that came back, by client, in the order in which they came. */
  | { readonly kind: 'echoes'; readonly numbers: readonly (readonly number[])[] }

const doors = new Map<string, UdpDoor>()
const echoing = new Set<string>()
const answering = new Map<string, readonly Answer[]>()
const metrics = createMetrics('door-keeper')
/** `inOneTurn`: batches that came before the event loop had gone round since the one before. */
const batches = { datagrams: 0, largest: 0, inOneTurn: 0 }
let sameTurn = false
const log = createLog('door-keeper', { level: 'warn', format: 'json' })

function report(message: Report): void {
  process.send!(message)
}

/** No name stands for the interface that is taken when none is configured. */
async function open(name: string, port: number, groups: readonly string[]): Promise<void> {
  const [link] = findLinks(name === '' ? [] : [name])
  const door = await openUdpDoor({
    link: link!,
    port,
    groups: groups.map((group) => parseIpv4(group)!),
    onBatch: (batch) => receive(door, batch),
    log,
    metrics,
    ioThread: process.env['DOOR_IO_THREAD'] === 'on' ? 'on' : 'off',
    way:
      process.env['DOOR_WAY'] === 'capture' || process.env['DOOR_WAY'] === 'share' ? process.env['DOOR_WAY'] : 'bind',
  })
  doors.set(name, door)
}

function receive(door: UdpDoor, batch: readonly Datagram[]): void {
  batches.datagrams += batch.length
  batches.largest = Math.max(batches.largest, batch.length)
  if (sameTurn) batches.inOneTurn++
  sameTurn = true
  setImmediate(() => (sameTurn = false))
  for (const { octets, to } of answering.get(door.link.name) ?? []) send(door.link.name, octets, to)
  answering.delete(door.link.name)
  for (const { bytes, from, link } of batch) {
    const octets = bytes.length
    if (echoing.has(link)) door.send(bytes, { kind: 'unicast', to: from })
    // What a batch promises must come to pass without anything else waking the event loop.
    else void Promise.resolve().then(() => report({ kind: 'received', link, octets }))
  }
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

/** As a client does: to everyone or to a group, from an address of one link. */
async function broadcast(from: string, to: string, port: number, octets: number): Promise<void> {
  const socket = createSocket('udp4')
  socket.bind(0, from)
  await once(socket, 'listening')
  socket.setBroadcast(true)
  socket.setMulticastInterface(from)
  socket.send(new Uint8Array(octets), port, to, () => socket.close())
  await once(socket, 'close')
}

/** Sends all datagrams of all clients at once, each with its number in it, and waits until as many have come back. */
async function burst({ from, to, port, clients, each }: Order & { kind: 'burst' }): Promise<void> {
  const numbers: number[][] = Array.from({ length: clients }, () => [])
  const { promise, resolve } = Promise.withResolvers<void>()
  let missing = clients * each
  const sockets = numbers.map((come) =>
    createSocket('udp4').on('message', (bytes) => {
      come.push(bytes.readUInt32BE(0))
      if (--missing === 0) resolve()
    }),
  )
  for (const socket of sockets) await once(socket.bind(0, from), 'listening')
  for (let number = 0; number < each; number++) {
    const bytes = Buffer.alloc(300 + number)
    bytes.writeUInt32BE(number)
    for (const socket of sockets) socket.send(bytes, port, to)
  }
  await promise
  for (const socket of sockets) socket.close()
  report({ kind: 'echoes', numbers })
}

/** Closes everything; that the process ends is up to what is still open then. */
async function leave(): Promise<void> {
  await Promise.all([...doors.values()].map((door) => door.close()))
  process.removeAllListeners('disconnect').disconnect()
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
      return open(order.link, order.port, order.groups ?? [])
    case 'send':
      return send(order.link, order.octets, order.to)
    case 'broadcast':
      return broadcast(order.from, order.to, order.port, order.octets)
    case 'share':
      return share(order.port)
    case 'answer':
      return void answering.set(order.link, order.answers)
    case 'echo':
      return void echoing.add(order.link)
    case 'burst':
      return burst(order)
    case 'batches':
      return report({ kind: 'batches', ...batches })
    case 'metrics':
      return report({ kind: 'metrics', text: await metrics.text() })
    case 'leave':
      return leave()
  }
}

process.on('message', (order: Order) => {
  follow(order).then(
    () => process.connected && report({ kind: 'done' }),
    (error: OperatorError) => report({ kind: 'failed', message: error.message, remedy: error.remedy ?? '' }),
  )
})
process.on('disconnect', () => process.exit(0))
