import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createLog, type UdpDoorOptions, type UdpLink } from '@reboots/runtime'
import { ip, LINK } from '../site.fixture.ts'
import { late } from './late-door.ts'

const link = { ...LINK, index: 1, hardwareAddress: '02:00:00:00:00:01' } as UdpLink
const log = createLog('proxydhcp', { level: 'silent', format: 'json' })
const to = { kind: 'broadcast', to: { address: ip('255.255.255.255'), port: 68 } } as const

async function open(t: TestContext, port: number) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const sent: number[] = []
  const door = async (options: UdpDoorOptions) => ({
    link: options.link,
    port: options.port,
    send: (bytes: Uint8Array) => void sent.push(bytes[0]!),
    close: async () => void sent.push(-1),
  })
  return { sent, door: await late(67, 500, door)({ link, port, log, onBatch: () => {} }) }
}

test('on its port everything is sent later, in order, as it was when it was handed over', async (t) => {
  const { sent, door } = await open(t, 67)
  const scratch = Uint8Array.of(1)
  door.send(scratch, to)
  scratch[0] = 2
  door.send(scratch, to)
  t.mock.timers.tick(499)
  assert.deepEqual(sent, [])
  t.mock.timers.tick(1)
  assert.deepEqual(sent, [1, 2])
})

test('on another port at once', async (t) => {
  const { sent, door } = await open(t, 4011)
  door.send(Uint8Array.of(1), to)
  assert.deepEqual(sent, [1])
})

test('what waits is bounded, and forgotten when the door is closed', async (t) => {
  const { sent, door } = await open(t, 67)
  for (let n = 0; n < 5000; n++) door.send(Uint8Array.of(1), to)
  t.mock.timers.tick(500)
  assert.equal(sent.length, 4096)
  door.send(Uint8Array.of(2), to)
  await door.close()
  t.mock.timers.tick(500)
  assert.deepEqual(sent.slice(4096), [-1])
})
