import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { test, type TestContext } from 'node:test'
import * as fc from 'fast-check'
import { LIMITED_BROADCAST, type Datagram, type Ipv4Address } from '@reboots/protocol/net'
import { createLog } from '../log.ts'
import { THREAD_WORD, THREAD_WORDS, type IoOrder } from './channel.ts'
import { IoLoop } from './io-loop.ts'
import type { Inbox, openLine } from './io-thread.ts'
import { Kernel, LINK, SENDING } from './kernel.fixture.ts'
import type { PollSet } from './poll-set.ts'
import type { SlotHeaders } from './slots.ts'
import { SOCKADDR_LENGTH } from './structs.ts'
import { ThreadedSocket } from './threaded-socket.ts'

const { EAGAIN, EIO } = constants.errno
const log = createLog('test', { level: 'silent', format: 'json' })

type Deliver = (batch: readonly Datagram[]) => void

/** Both halves of a threaded socket in one thread: each moves when it is told to. */
class Halves {
  readonly kernel: Kernel
  readonly socket: ThreadedSocket
  readonly unreachable: string[] = []
  readonly #orders: IoOrder[] = []
  readonly #shared = new SharedArrayBuffer(THREAD_WORDS * 4)
  readonly #words = new Int32Array(this.#shared)
  readonly #io: IoLoop
  #inbox: Inbox | undefined

  constructor(kernel: Kernel, deliver: Deliver) {
    this.kernel = kernel
    this.#io = new IoLoop({
      native: kernel,
      thread: { words: this.#shared, mainBell: 8, ioBell: 9 },
      order: () => this.#orders.shift(),
      reply: () => kernel.awaited.push('closed'),
    })
    const line: typeof openLine = (_native, channel, inbox) => {
      this.#inbox = inbox
      this.#order({ kind: 'open', id: 1, channel })
      return {
        wakeIo: () => {},
        forgetNeighbours: () => this.#order({ kind: 'forget-neighbours', id: 1 }),
        close: () => Promise.resolve(this.#order({ kind: 'close', id: 1 })),
      }
    }
    const unreachable = (errno: string) => void this.unreachable.push(errno)
    this.socket = new ThreadedSocket({ native: kernel, link: LINK, port: 67, log, deliver, unreachable, line })
  }

  #order(order: IoOrder): void {
    this.#orders.push(order)
    Atomics.store(this.#words, THREAD_WORD.orders, 1)
    this.#io.turn()
  }

  /** The I/O thread. */
  io(turns = 1): void {
    for (let turn = 0; turn < turns; turn++) this.#io.turn()
  }

  main(): void {
    this.#inbox!.take()
  }

  /** [sent, unsent] */
  get traffic(): readonly [number, number] {
    this.socket.countDrops()
    return [this.socket.traffic.sent, this.socket.traffic.unsent]
  }
}

function open(t: TestContext, deliver: Deliver = () => {}) {
  const halves = new Halves(new Kernel(), deliver)
  t.after(() => halves.socket.close())
  const { kernel, socket } = halves
  const send = (...ports: number[]) => ports.forEach((port) => socket.send(new Uint8Array(300), 1 as Ipv4Address, port))
  return { halves, kernel, socket, send }
}

for (const { name, takes, taken, sent, unsent } of SENDING) {
  test(`sent while a batch is handled: ${name}`, (t) => {
    const { halves, kernel, send } = open(t, () => send(1, 2, 3, 4))
    kernel.takes.push(...takes)
    kernel.has.push(1)
    halves.io()
    assert.deepEqual([halves.socket.traffic.received, kernel.taken], [0, []])
    halves.main()
    halves.io(5)
    assert.deepEqual(kernel.taken, taken)
    assert.deepEqual(halves.traffic, [sent, unsent])
  })
}

test('sent outside of a batch: together, as soon as the sender is through', async (t) => {
  const { halves, kernel, send } = open(t)
  send(1, 2)
  halves.io()
  assert.deepEqual(kernel.taken, [])
  await Promise.resolve()
  send(3)
  halves.io()
  assert.deepEqual(kernel.taken, [[1, 2]])
})

test('what is sent before the end leaves', async (t) => {
  const { kernel, socket, send } = open(t)
  send(1, 2)
  await socket.close()
  send(3)
  await socket.close()
  assert.deepEqual([kernel.taken, kernel.awaited], [[[1, 2]], ['closed', 'close']])
})

test('with a full send buffer nothing is read', (t) => {
  const { halves, kernel, send } = open(t, () => send(1))
  kernel.takes.push(-EAGAIN)
  kernel.has.push(1, 1)
  halves.io()
  halves.main()
  kernel.has.unshift(0)
  halves.io(5)
  assert.deepEqual([kernel.taken, kernel.has], [[], [1]])
})

test('a ring that is full leaves the rest in the kernel until there is room', (t) => {
  const { halves, kernel, socket } = open(t)
  kernel.has.push(...Array<number>(10).fill(64))
  halves.io(10)
  assert.equal(kernel.has.length, 6)
  for (let batch = 0; batch < 4; batch++) halves.main()
  halves.io(2)
  assert.deepEqual([kernel.has.length, socket.traffic.received], [4, 256])
})

test('what waits is bounded; what comes on top is counted', (t) => {
  const { halves, kernel, send } = open(t)
  kernel.takes.push(...Array<number>(20).fill(-EAGAIN))
  send(...Array.from({ length: 1030 }, (_, i) => i + 1))
  assert.deepEqual(halves.traffic, [0, 6])
})

test('an error of a handler reaches the process, and the answers before it leave', (t) => {
  const { halves, kernel, send } = open(t, () => {
    send(1)
    throw new Error('a bug')
  })
  kernel.has.push(1)
  halves.io()
  assert.throws(() => halves.main(), /a bug/)
  halves.io()
  assert.deepEqual(kernel.taken, [[1]])
})

test('a socket that cannot be read is left alone for a second', (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 5000 })
  const { halves, kernel } = open(t)
  kernel.has.push(-EIO, 5)
  halves.io(3)
  assert.deepEqual(kernel.has, [5])
  t.mock.timers.setTime(6000)
  halves.io()
  assert.deepEqual(kernel.has, [])
})

test('an interface that comes back under its name is bound again', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { kernel } = open(t)
  const before = kernel.awaited.length
  for (const index of [2, 0, 0, 9, 9]) {
    kernel.index = index
    t.mock.timers.tick(1000)
  }
  assert.deepEqual(kernel.awaited.slice(before), ['bind to device'])
})

test('whoever cannot be reached at its MAC is answered by broadcast, and that is told', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const kernel = new WireKernel()
  kernel.refuses = true
  const halves = new Halves(kernel, () => {})
  t.after(() => halves.socket.close())
  halves.socket.sendToHardware(new Uint8Array(300), 7 as Ipv4Address, 68, Uint8Array.of(2, 0, 0, 0, 0, 7))
  await Promise.resolve()
  halves.io()
  t.mock.timers.tick(1000)
  const broadcast = { port: 68, address: LIMITED_BROADCAST, mac: undefined }
  assert.deepEqual([kernel.wire, halves.unreachable], [[broadcast], ['EPERM']])
})

interface Sent {
  readonly port: number
  readonly address: number
  /** What the neighbour table had for the address at that time. */
  readonly mac: number | undefined
}

/** A kernel with a wire at both ends: datagrams that come are numbered by their port. */
class WireKernel extends Kernel {
  coming: number[] = []
  readonly wire: Sent[] = []
  room = Infinity
  refuses = false
  readonly #table = new Map<number, number>()

  override receive = (_fd: number, slots: SlotHeaders, first: number, most: number): number => {
    const count = Math.min(this.coming.length, most)
    const names = new DataView(slots.control, slots.count * 80)
    for (let i = 0; i < count; i++) names.setUint16((first + i) * SOCKADDR_LENGTH + 2, this.coming.shift()!)
    return count === 0 ? -EAGAIN : count
  }
  override setNeighbour = (_fd: number, _link: string, address: Ipv4Address, mac: Uint8Array): void => {
    if (this.refuses)
      throw Object.assign(new Error('refused'), { code: 'EPERM' satisfies keyof typeof constants.errno })
    this.#table.set(address, mac[5]!)
  }
  override send(_fd: number, slots: SlotHeaders, first: number, most: number): number {
    const count = Math.min(this.room, most)
    this.room -= count
    for (let slot = first; slot < first + count; slot++) {
      const address = slots.address(slot)
      this.wire.push({ port: slots.port(slot), address, mac: this.#table.get(address) })
    }
    return count === 0 ? -EAGAIN : count
  }
  /** The second descriptor is the socket: ready when there is room to send. */
  override wait = (set: PollSet): void => {
    const events = new Int16Array(set.memory)
    events[7] = this.room > 0 ? events[6]! : 0
  }
}

type Move = { readonly kind: 'come' | 'room'; readonly count: number } | { readonly kind: 'io' | 'main' }

test('however the two threads take turns: every datagram is answered once, in order, at its MAC', () => {
  const counted = (kind: 'come' | 'room') => fc.record({ kind: fc.constant(kind), count: fc.nat(30) })
  const turn = (kind: 'io' | 'main') => fc.record({ kind: fc.constant(kind) })
  const move: fc.Arbitrary<Move> = fc.oneof(counted('come'), counted('room'), turn('io'), turn('main'))
  fc.assert(
    fc.property(fc.array(move, { maxLength: 30 }), (moves) => {
      const kernel = new WireKernel()
      const answer = ({ bytes, from }: Datagram): void => {
        const mac = Uint8Array.of(2, 0, 0, 0, 0, macOf(from.port))
        halves.socket.sendToHardware(bytes, addressOf(from.port), from.port, mac)
      }
      const halves = new Halves(kernel, (batch) => batch.forEach(answer))
      let come = 0
      const steps: Readonly<Record<Move['kind'], (count: number) => void>> = {
        come: (count) => kernel.coming.push(...Array.from({ length: count }, () => come++)),
        room: (count) => (kernel.room = count),
        io: () => halves.io(),
        main: () => halves.main(),
      }
      for (const step of moves) steps[step.kind]('count' in step ? step.count : 0)
      kernel.room = Infinity
      for (let left = come; left >= 0; left--) {
        halves.io(2)
        halves.main()
      }
      const expected = Array.from({ length: come }, (_, port) => ({ port, address: addressOf(port), mac: macOf(port) }))
      assert.deepEqual(kernel.wire, expected)
      void halves.socket.close()
    }),
    { numRuns: 200 },
  )
})

/** Few addresses, that often change hands. */
function addressOf(number: number): Ipv4Address {
  return (10 + (number % 3)) as Ipv4Address
}

function macOf(number: number): number {
  return (number >> 2) % 5
}
