import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fromHex } from '@reboots/protocol/bytes'
import { bootReply, decodeMessage, macOf, replyDestination } from '@reboots/protocol/dhcp'
import { UNSPECIFIED, type Instant, type Ipv4Address } from '@reboots/protocol/net'
import { createLog } from '../log.ts'
import { createMetrics } from '../metrics.ts'
import type { UdpDoorOptions } from '../udp/door.ts'
import type { UdpLink } from '../udp/links.ts'
import type { DhcpDecider, DhcpOutcome } from './answer.ts'
import { serveDhcpWithStore } from './serve.ts'

const SERVER = 0xc0a84d01 as Ipv4Address
const link = { name: 'lan0', address: SERVER } as UdpLink
const vectors = new URL('../../../protocol/vectors/', import.meta.url)
const discover = fromHex(readFileSync(new URL('v01-ovmf-x64-pxe-discover.hex', vectors), 'utf8'))
const second = fromHex(readFileSync(new URL('v04-ipxe-bios-discover.hex', vectors), 'utf8'))

/** Broadcasts of our own are silence, everything else is offered something once the step is done. */
const decide: DhcpDecider<DhcpOutcome, string, 'done'> = (message, { from }) => {
  if (message.secs === 0) return { silent: 'first-try' }
  const conclude = (): DhcpOutcome => {
    const reply = bootReply(message, 'offer', SERVER)
    return { reply, to: replyDestination(message, reply, from) }
  }
  return { step: macOf(message), conclude }
}

async function served() {
  const sent: Uint8Array[] = []
  const runs: { readonly steps: readonly string[]; readonly finish: () => Promise<unknown> }[] = []
  let options!: UdpDoorOptions
  const metrics = createMetrics('dhcp')
  const doors = await serveDhcpWithStore<DhcpOutcome, string, 'done'>({
    name: 'dhcp',
    links: [link],
    doors: [[67, decide]],
    run(steps) {
      const { promise, resolve } = Promise.withResolvers<readonly 'done'[]>()
      const finish = () => {
        resolve(steps.map(() => 'done'))
        return new Promise((settled) => setImmediate(settled))
      }
      runs.push({ steps, finish })
      return promise
    },
    level: () => 'debug',
    remarks: () => ({}),
    log: createLog('dhcp', { level: 'silent', format: 'json' }),
    metrics,
    open: async (given) => {
      options = given
      return { link, port: 67, send: (bytes) => void sent.push(bytes), close: async () => {} }
    },
  })
  const receive = (...batch: readonly Uint8Array[]) => {
    const from = { address: UNSPECIFIED, port: 68 }
    options.onBatch(batch.map((bytes) => ({ bytes, from, link: link.name, at: 0 as Instant })))
    // The buffer that a datagram was read into is used for the next one.
    for (const bytes of batch) bytes.fill(255)
  }
  return { doors, sent, runs, metrics, receive }
}

test('the steps of a batch are one call of the store, and a reply leaves when it is done', async () => {
  const { sent, runs, metrics, receive } = await served()
  receive(discover.slice(), second.slice(), new Uint8Array(3))
  assert.deepEqual([runs.map(({ steps }) => steps), sent], [[['52:54:00:aa:00:21']], []])
  assert.match(await metrics.text(), /^reboots_dhcp_packets_waiting 1$/m)
  await runs[0]!.finish()
  const { chaddr, options } = decodeMessage(sent[0]!)
  const asked = decodeMessage(second)
  assert.deepEqual([sent.length, chaddr, options.get(61)], [1, asked.chaddr, asked.options.get(61)])
  const text = await metrics.text()
  for (const [received, outcome] of [
    ['discover', 'first-try'],
    ['discover', 'offer'],
    ['malformed', 'malformed'],
  ]) {
    assert.match(text, new RegExp(`port="67",received="${received}",outcome="${outcome}"} 1`))
  }
})

test('when the store does not keep up the oldest messages are dropped and counted', async () => {
  const { runs, metrics, receive } = await served()
  const clients = Array.from({ length: 4097 }, (_, index) => {
    const bytes = second.slice()
    bytes.set([index >> 8, index & 255], 32)
    return bytes
  })
  receive(...clients.slice(0, 2048))
  receive(...clients.slice(2048))
  assert.deepEqual([runs.length, runs[0]!.steps.length], [1, 2048])
  assert.match(await metrics.text(), /received="discover",outcome="overloaded"} 1$/m)
  await runs[0]!.finish()
  assert.deepEqual([runs.length, runs[1]!.steps.length, runs[1]!.steps[0]], [2, 2048, '52:54:00:aa:08:01'])
})

test('what the store holds up until the door is closed is not sent any more', async () => {
  const { doors, sent, runs, receive } = await served()
  receive(second.slice())
  await doors.close()
  await runs[0]!.finish()
  assert.deepEqual(sent, [])
})
