import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { parseMac } from '@reboots/protocol/net'
import type { AskDecision } from '@reboots/rules'
import { createLog, createMetrics } from '@reboots/runtime'
import { bootApiClient } from '../adapters/boot-api-client.ts'
import { askOver, type Get } from './ask.ts'

const mac = parseMac('52:54:00:00:00:01')!
const GOOD = JSON.stringify({ kernel: 'http://192.0.2.9/k' })
const BOOTS = { kind: 'linux', kernel: 'http://192.0.2.9/k', initrd: [], args: [] }

function decision(url = 'http://192.0.2.9', withinMs = 1000): AskDecision {
  return { kind: 'ask', url, withinMs, keepMs: 60_000, otherwise: { kind: 'local-disk' } }
}

type Reply = { readonly status: number; readonly body: string } | Error
const answered = { status: 200, body: GOOD }
const no = { status: 404, body: '' }
const broken = { status: 502, body: '' }
const lost = new Error('no connection')

/** What the server says, one after the other, a minute minus a second apart unless it says otherwise; and how each ends. */
const stories: readonly (readonly [
  what: string,
  replies: readonly Reply[],
  stepMs: number,
  ends: readonly string[],
])[] = [
  [
    'a good answer stands in for one that does not come',
    [answered, lost, broken],
    29_000,
    ['answered', 'kept', 'kept'],
  ],
  ['but not for ever', [answered, lost], 61_000, ['answered', 'unanswered']],
  ['and a no is believed', [answered, no, lost], 0, ['answered', 'nothing', 'unanswered']],
  [
    'as is what makes no sense',
    [answered, { status: 200, body: '{}' }, lost],
    0,
    ['answered', 'malformed', 'unanswered'],
  ],
  ['nothing has ever been said', [lost, broken, no], 0, ['unanswered', 'unanswered', 'nothing']],
]
for (const [what, replies, stepMs, ends] of stories) {
  test(what, async () => {
    const urls: string[] = []
    const ended: string[] = []
    let at = 0
    const get: Get = (url) => {
      urls.push(url)
      const reply = replies[urls.length - 1]!
      return reply instanceof Error ? Promise.reject(reply) : Promise.resolve(reply)
    }
    const ask = askOver(
      get,
      () => at,
      (outcome) => void ended.push(outcome),
    )
    const got: unknown[] = []
    for (const _ of replies) {
      got.push(await ask(decision(), mac))
      at += stepMs
    }
    const boots = { answered: BOOTS, kept: BOOTS }
    assert.deepEqual(ended, ends)
    assert.deepEqual(
      got,
      ends.map((end) => boots[end as keyof typeof boots]),
    )
    assert.deepEqual(new Set(urls), new Set([`http://192.0.2.9/v1/boot/${mac}`]))
  })
}

test('one machine is asked for once at a time', async () => {
  let calls = 0
  const { promise, resolve } = Promise.withResolvers<{ status: number; body: string }>()
  const get: Get = () => {
    calls++
    return promise
  }
  const ask = askOver(
    get,
    () => 0,
    () => {},
  )
  const both = Promise.all([ask(decision(), mac), ask(decision(), mac)])
  resolve(answered)
  assert.deepEqual(await both, [BOOTS, BOOTS])
  assert.equal(calls, 1)
})

/** A boot API as somebody has one: a plain HTTP server. */
let reply: (response: ServerResponse) => void = () => {}
const paths: string[] = []
const server = createServer((request, response) => {
  paths.push(request.url!)
  reply(response)
})
let origin = ''
before(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
after(() => {
  server.closeAllConnections()
  server.close()
})

const overHttp: readonly (readonly [what: string, reply: typeof reply, outcome: string])[] = [
  ['says what to boot', (response) => response.end(GOOD), 'answered'],
  ['has nothing for it', (response) => response.writeHead(404).end(), 'nothing'],
  ['is at a loss', (response) => response.writeHead(500).end(), 'unanswered'],
  ['says nothing in time', () => {}, 'unanswered'],
  ['does not come to an end', (response) => response.write('{'), 'unanswered'],
  ['says too much', (response) => response.end(Buffer.alloc(2 * 1024 * 1024)), 'unanswered'],
]
for (const [what, how, outcome] of overHttp) {
  test(`a server that ${what}: ${outcome}`, async () => {
    reply = how
    const metrics = createMetrics('ipxe-http')
    const ask = bootApiClient(createLog('ipxe-http', { level: 'silent', format: 'json' }), metrics)
    const got = await ask(decision(`${origin}/pixie`, 300), mac)
    assert.deepEqual(got, outcome === 'answered' ? { ...BOOTS } : undefined)
    assert.equal(paths.at(-1), `/pixie/v1/boot/${mac}`)
    assert.match(await metrics.text(), new RegExp(`reboots_http_asked_total\\{.*outcome="${outcome}".*\\} 1`))
  })
}
