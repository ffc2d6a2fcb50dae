import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { setImmediate as turn } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import type { Datagram, Ipv4Address } from '@reboots/protocol/net'
import { createLog } from '../log.ts'
import { BatchSocket } from './batch-socket.ts'
import { Kernel, LINK, SENDING } from './kernel.fixture.ts'

const { EAGAIN, EIO } = constants.errno
const log = createLog('test', { level: 'silent', format: 'json' })

function open(
  t: TestContext,
  onBatch: (batch: readonly Datagram[]) => void = () => {},
  groups: readonly Ipv4Address[] = [],
) {
  const kernel = new Kernel()
  const socket = new BatchSocket(kernel, LINK, 67, groups, log, onBatch)
  t.after(() => socket.close())
  const send = (...ports: number[]) => ports.forEach((port) => socket.send(new Uint8Array(300), 1 as Ipv4Address, port))
  return { kernel, socket, send }
}

for (const { name, takes, taken, sent, unsent, awaited } of SENDING) {
  test(`sent while a batch is handled: ${name}`, async (t) => {
    const { kernel, socket, send } = open(t, () => send(1, 2, 3, 4))
    kernel.takes.push(...takes)
    kernel.has.push(1)
    await kernel.wake()
    assert.deepEqual(kernel.taken, taken)
    assert.deepEqual([socket.traffic.sent, socket.traffic.unsent], [sent, unsent])
    assert.deepEqual(kernel.awaited, awaited)
  })
}

test('sent outside of a batch: together, as soon as the sender is through', async (t) => {
  const { kernel, socket, send } = open(t)
  send(1, 2)
  await Promise.resolve()
  send(3)
  await Promise.resolve()
  send(4)
  await socket.close()
  assert.deepEqual(kernel.taken, [[1, 2], [3], [4]])
})

test('with a full send buffer nothing is read, and what waits leaves first, in order', async (t) => {
  const { kernel, socket, send } = open(t, () => send(1, 2, 3))
  kernel.takes.push(1, -EAGAIN, -EAGAIN)
  kernel.has.push(1, 1)
  await kernel.wake()
  send(4)
  await kernel.wake()
  assert.deepEqual([kernel.taken, socket.traffic.received], [[[1]], 1])
  await kernel.wake()
  assert.deepEqual(kernel.taken, [[1], [2, 3, 4]])
  assert.deepEqual(kernel.awaited, ['writing', 'reading'])
  await kernel.wake()
  assert.equal(socket.traffic.received, 2)
})

test('what waits is bounded; what comes on top is counted', (t) => {
  const { kernel, socket, send } = open(t)
  kernel.takes.push(...Array.from({ length: 20 }, () => -EAGAIN))
  send(...Array.from({ length: 70 }, (_, i) => i + 1))
  assert.equal(socket.traffic.unsent, 6)
})

test('what waits for one MAC leaves before the address gets another', (t) => {
  const { kernel, socket, send } = open(t)
  socket.setNeighbour(1 as Ipv4Address, Uint8Array.of(2, 0, 0, 0, 0, 1))
  send(1)
  socket.setNeighbour(1 as Ipv4Address, Uint8Array.of(2, 0, 0, 0, 0, 2))
  assert.deepEqual(kernel.taken, [[], [1], []])
  kernel.takes.push(-EAGAIN)
  send(2)
  assert.throws(() => socket.setNeighbour(1 as Ipv4Address, Uint8Array.of(2, 0, 0, 0, 0, 1)), { code: 'EAGAIN' })
})

test('an error of a handler reaches the process, and the answers before it leave', async (t) => {
  const { kernel, send } = open(t, () => {
    send(1)
    throw new Error('a bug')
  })
  t.mock.timers.enable({ apis: ['setImmediate'] })
  kernel.has.push(1)
  kernel.ready(false)
  assert.throws(() => t.mock.timers.tick(0), /a bug/)
  assert.deepEqual(kernel.taken, [[1]])
})

test('a socket that cannot be read is left alone until the next look', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { kernel, socket } = open(t)
  kernel.has.push(-EIO, 5)
  await kernel.wake()
  await kernel.wake()
  assert.deepEqual([kernel.awaited, socket.traffic.received], [['nothing'], 0])
  t.mock.timers.tick(1000)
  assert.deepEqual([kernel.awaited, socket.traffic.received], [['nothing', 'reading'], 5])
  kernel.has.push(1)
  await kernel.wake(true)
  assert.deepEqual([kernel.awaited.at(-1), socket.traffic.received], ['nothing', 5])
})

test('an interface that comes back under its name is bound again', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { kernel } = open(t)
  for (const index of [2, 0, 0, 9, 9]) {
    kernel.index = index
    t.mock.timers.tick(1000)
  }
  assert.deepEqual(kernel.awaited, ['bind to device'])
})

test('multicast groups are joined at the start, and again on an interface that comes back', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { kernel } = open(t, undefined, [7 as Ipv4Address])
  kernel.index = 9
  t.mock.timers.tick(1000)
  assert.deepEqual(kernel.awaited, ['eth0 joins 7', 'bind to device', 'eth0 joins 7'])
})

test('a group that cannot be joined is for the operator, and the socket is closed', () => {
  const kernel = new Kernel()
  kernel.joinGroup = () => {
    throw new Error('join group: ENODEV')
  }
  assert.throws(() => new BatchSocket(kernel, LINK, 67, [7 as Ipv4Address], log, () => {}), {
    name: 'OperatorError',
    message: 'network interface eth0 cannot listen to a multicast group (join group: ENODEV)',
  })
  assert.deepEqual(kernel.awaited, ['close'])
})

test('after close nothing is done any more', async (t) => {
  const { kernel, socket, send } = open(t)
  kernel.has.push(1)
  kernel.ready(false)
  await socket.close()
  await turn()
  send(1)
  socket.countDrops()
  await socket.close()
  assert.deepEqual(kernel.awaited, ['end', 'close'])
  assert.deepEqual([kernel.taken, socket.traffic.received], [[], 0])
})
