import assert from 'node:assert/strict'
import { Socket } from 'node:dgram'
import { test } from 'node:test'
import { parseIpv4, type MacAddress } from '@reboots/protocol/net'
import { createLog } from '../log.ts'
import { openPlainSocket } from './plain-socket.ts'

const LOOPBACK = parseIpv4('127.0.0.1')!
const LINK = {
  name: 'lo',
  index: 1,
  address: LOOPBACK,
  mask: parseIpv4('255.0.0.0')!,
  hardwareAddress: '00:00:00:00:00:00' as MacAddress,
}

test('what is sent is a copy: while the kernel has no room it waits, and its memory is used for the next', async (t) => {
  const socket = await openPlainSocket(LINK, 0, [], createLog('test', { level: 'silent', format: 'json' }), () => {})
  t.after(() => socket.close())
  const waiting: Uint8Array[] = []
  t.mock.method(Socket.prototype, 'send', (bytes: Uint8Array) => void waiting.push(bytes))
  const memory = Uint8Array.of(1, 2, 3)
  for (const octet of [1, 2]) {
    memory[0] = octet
    socket.send(memory, LOOPBACK, 9)
  }
  assert.deepEqual(waiting, [Uint8Array.of(1, 2, 3), Uint8Array.of(2, 2, 3)])
})
