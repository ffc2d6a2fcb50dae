import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { setImmediate as turn } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { LIMITED_BROADCAST, parseIpv4, parseMac, type Datagram, type Ipv4Address } from '@reboots/protocol/net'
import { createLog } from '../log.ts'
import { CapturedSocket } from './captured-socket.ts'
import { readUdpInIp, udpInIp } from './ip-packet.ts'
import type { UdpLink } from './links.ts'
import type { PacketSockets } from './packet-sockets.ts'

const { EAGAIN, EINTR, ENETDOWN, ENETUNREACH } = constants.errno
const ip = (text: string): Ipv4Address => parseIpv4(text)!
const LINK: UdpLink = {
  name: 'eth0',
  index: 2,
  address: ip('192.0.2.1'),
  mask: ip('255.255.255.0'),
  hardwareAddress: parseMac('02:00:00:00:00:01')!,
}
const CLIENT = { address: ip('192.0.2.9'), port: 68 }
const log = createLog('test', { level: 'silent', format: 'json' })

/** A network of which it is said beforehand what comes, or which errno, and what sending gives. */
class Wires implements PacketSockets {
  coming: (Uint8Array | number)[] = []
  readonly sends: number[] = []
  readonly sent: Uint8Array[] = []
  readonly story: string[] = []
  index = 2
  ready: (failed: boolean) => void = () => {}

  indexOf = (): number => this.index
  openCapture = () => ({
    receive: (into: Uint8Array): number => {
      const next = this.coming.shift() ?? -EAGAIN
      if (typeof next === 'number') return next
      into.set(next.subarray(0, into.length))
      return next.length
    },
    drops: () => 0,
    move: () => void this.story.push('capture moves'),
    watch: (ready: (failed: boolean) => void) => {
      this.ready = ready
      return {
        forReading: () => void this.story.push('reading'),
        forWriting: () => {},
        stop: () => void this.story.push('nothing'),
        close: () => void this.story.push('end'),
      }
    },
    close: () => void this.story.push('capture closes'),
  })
  openIpSender = () => ({
    send: (packet: Uint8Array): number => {
      this.sent.push(packet)
      return this.sends.shift() ?? 0
    },
    setNeighbour: () => {},
    move: () => void this.story.push('sender moves'),
    close: () => void this.story.push('sender closes'),
  })
  async wake(failed = false): Promise<void> {
    this.ready(failed)
    await turn()
  }
}

function open(t: TestContext, deliver: (batch: readonly Datagram[]) => void = () => {}) {
  const wires = new Wires()
  const socket = new CapturedSocket(wires, LINK, 67, log, deliver)
  t.after(() => socket.close())
  return { wires, socket }
}

const packet = (to: string, port = 67): Uint8Array =>
  udpInIp({ from: CLIENT, to: { address: ip(to), port }, bytes: Uint8Array.of(1, 2, 3) })

const ARRIVALS: readonly (readonly [string, Uint8Array, heard: number])[] = [
  ['to everybody', packet('255.255.255.255'), 1],
  ['to us', packet('192.0.2.1'), 1],
  ['to everybody on the link', packet('192.0.2.255'), 1],
  ['to another address of this host', packet('127.0.0.1'), 1],
  ['to another host, which we only pass on to', packet('198.51.100.7'), 0],
  ['to another port', packet('192.0.2.1', 68), 0],
  ['longer than any frame', new Uint8Array(9000), 0],
  ['no packet at all', new Uint8Array(0), 0],
]
for (const [what, bytes, heard] of ARRIVALS) {
  test(`a packet ${what}`, async (t) => {
    const batches: Datagram[][] = []
    const { wires, socket } = open(t, (batch) => batches.push([...batch]))
    wires.coming = [bytes]
    await wires.wake()
    assert.equal(batches.flat().length, heard)
    assert.equal(socket.traffic.received, heard)
    assert.deepEqual(
      batches.flat().map(({ from, link, bytes }) => [from, link, bytes]),
      Array.from({ length: heard }, () => [CLIENT, 'eth0', Uint8Array.of(1, 2, 3)]),
    )
  })
}

test('what has come is one batch, of 64 at most, and each has its own octets', async (t) => {
  const batches: number[][] = []
  const { wires } = open(t, (batch) => batches.push(batch.map(({ bytes }) => bytes[0]!)))
  const numbered = (n: number): Uint8Array =>
    udpInIp({ from: CLIENT, to: { address: LIMITED_BROADCAST, port: 67 }, bytes: Uint8Array.of(n) })
  wires.coming = Array.from({ length: 70 }, (_, n) => numbered(n))
  await wires.wake()
  await wires.wake()
  const all = Array.from({ length: 70 }, (_, n) => n)
  assert.deepEqual(batches, [all.slice(0, 64), all.slice(64)])
})

const SENDS: readonly (readonly [string, results: number[], tried: number, sent: number, unsent: number])[] = [
  ['taken', [], 1, 1, 0],
  ['interrupted, then taken', [-EINTR], 2, 1, 0],
  ['refused', [-ENETUNREACH], 1, 0, 1],
]
for (const [what, results, tried, sent, unsent] of SENDS) {
  test(`a datagram ${what}`, (t) => {
    const { wires, socket } = open(t)
    wires.sends.push(...results)
    socket.send(Uint8Array.of(7), CLIENT.address, CLIENT.port)
    assert.deepEqual([wires.sent.length, socket.traffic.sent, socket.traffic.unsent], [tried, sent, unsent])
    const read = readUdpInIp(wires.sent[0]!)
    assert.deepEqual(read, { from: { address: LINK.address, port: 67 }, to: CLIENT, bytes: Uint8Array.of(7) })
  })
}

test('a socket that cannot be read is left alone until the next look; an interface that comes back is found', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { wires, socket } = open(t)
  wires.coming = [-ENETDOWN]
  await wires.wake()
  await wires.wake()
  assert.deepEqual(wires.story, ['nothing'])
  wires.coming = [packet('192.0.2.1')]
  for (const index of [0, 9]) {
    wires.index = index
    t.mock.timers.tick(1000)
  }
  assert.deepEqual(wires.story, ['nothing', 'reading', 'capture moves', 'sender moves'])
  assert.equal(socket.traffic.received, 1)
  await socket.close()
  await socket.close()
  assert.deepEqual(wires.story.slice(4), ['end', 'capture closes', 'sender closes'])
})

test('without the privilege it is said what to do', () => {
  const wires = new Wires()
  wires.openIpSender = () => {
    throw Object.assign(new Error('socket: EPERM'), { code: 'EPERM' })
  }
  assert.throws(() => new CapturedSocket(wires, LINK, 67, log, () => {}), {
    name: 'OperatorError',
    message: 'no permission to capture UDP port 67 on eth0',
  })
})
