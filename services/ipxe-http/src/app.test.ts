import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { formatIpv4, parseIpv4 } from '@reboots/protocol/net'
import { GRUB_POINTER } from '@reboots/protocol/pxe'
import { createLog, createMetrics } from '@reboots/runtime'
import { bootFilesOnDisk } from './adapters/boot-files.ts'
import { listenOnAll } from './adapters/listeners.ts'
import { createApp } from './app.ts'
import type { BootRequest } from './decide-request.ts'

const log = createLog('ipxe-http', { level: 'silent', format: 'json' })
const bugs: unknown[] = []
const notes = new EventEmitter()
log.info = (fields: { outcome: string }) => void notes.emit(fields.outcome, fields)
log.error = (fields: object) => void bugs.push(fields)
const metrics = createMetrics('ipxe-http')
const top = mkdtempSync(path.join(tmpdir(), 'reboots-http-'))
const kernel = Uint8Array.from({ length: 700_001 }, (_, index) => (index * 31) & 255)
const asked: (BootRequest & { readonly origin: string })[] = []
let origin = ''
let close = async (): Promise<void> => {}

before(async () => {
  for (const name of ['files', 'ipxe', 'own']) mkdirSync(path.join(top, name))
  writeFileSync(path.join(top, 'files', 'vmlinuz'), kernel)
  writeFileSync(path.join(top, 'files', 'empty'), '')
  writeFileSync(path.join(top, 'files', 'a b'), 'blank')
  writeFileSync(path.join(top, 'secret'), 'secret')
  symlinkSync('../secret', path.join(top, 'files', 'leaves'))
  writeFileSync(path.join(top, 'ipxe', 'ipxe.efi'), 'from the package')
  writeFileSync(path.join(top, 'ipxe', 'undionly.kpxe'), 'undionly')
  writeFileSync(path.join(top, 'own', 'ipxe.efi'), 'own build')
  writeFileSync(path.join(top, 'own', 'grub.cfg-01-52-54-00-00-00-01'), 'own configuration')
  const stores = { files: [path.join(top, 'files')], ipxe: [path.join(top, 'own'), path.join(top, 'ipxe')] }
  const disk = bootFilesOnDisk(stores, log)
  const app = createApp({
    trustedProxies: ['127.0.0.0/16', '190.57.149.90'],
    log,
    metrics,
    files: { open: (store, name) => (name === 'busy' ? Promise.resolve('busy') : disk.open(store, name)) },
    linkOf: (address) => (address === '127.0.0.1' ? 'lo' : ''),
    async script(request, origin) {
      if (request.mac === '52:54:00:00:00:bb') throw new Error('the inside of the service')
      asked.push({ ...request, origin })
      return request.mac === '52:54:00:00:00:01'
        ? { script: '#!ipxe\n', mac: request.mac, rule: 'r', version: 'v', boots: 'linux' }
        : { refused: 'netboot-not-allowed', text: 'Rule "r" denies it' }
    },
    bootApi: async (request) =>
      request.mac === '52:54:00:00:00:01'
        ? { spec: { kernel: 'http://192.0.2.1/k', initrd: [], cmdline: '' }, mac: request.mac, rule: 'r', version: 'v' }
        : { refused: 'local-disk', text: 'Rule "r" leaves it to its local disk.' },
    config: ({ loader, mac }) =>
      mac === '52:54:00:00:00:01'
        ? { config: `${loader} here\n`, mac, rule: 'r', version: 'v' }
        : { refused: 'not-for-this-loader', text: 'Rule "r" gives it nothing' },
    sent() {},
    booted: () => ({ outcome: 'booted' }),
    ready: () => ['policy is missing'],
  })
  const server = await listenOnAll(app, [{ host: '127.0.0.1', port: 0 }], 400)
  origin = `http://${server.listens[0]!.address}`
  close = server.close
})
after(async () => {
  await close()
  rmSync(top, { recursive: true })
})

/** A request whose path goes out as it is written, `..` included. */
function raw(requestPath: string, options: { method?: string; headers?: Record<string, string> } = {}) {
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: Buffer }>((resolve, reject) => {
    const { hostname, port } = new URL(origin)
    const call = httpRequest({
      hostname,
      port,
      path: requestPath,
      method: options.method ?? 'GET',
      headers: options.headers ?? {},
    })
    call.on('error', reject)
    call.on('response', (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts) }),
      )
    })
    call.end()
  })
}

const PATHS: readonly [string, number, string?][] = [
  ['/files/empty', 200, ''],
  ['/files/a%20b', 200, 'blank'],
  ['/files//a%20b', 200, 'blank'],
  ['/files/nope', 404],
  ['/files/busy', 503, 'Too many downloads; try again.\n'],
  ['/files/', 404],
  ['/files/leaves', 404],
  ['/files/../secret', 404],
  ['/files/%2e%2e/secret', 404],
  ['/files/%252e%252e/secret', 404],
  ['/files/..%5csecret', 404],
  ['/files/x%00', 404],
  ['/files/%zz', 400],
  ['/ipxe/binary/ipxe.efi', 200, 'own build'],
  ['/ipxe/binary/52:54:00:00:00:01/undionly.kpxe', 200, 'undionly'],
  [
    '/ipxe/binary/52-54-00-00-00-01/undionly.kpxe-00-23b1e307bb35484f535a1f772c06910e-d887dc3912240434-01',
    200,
    'undionly',
  ],
  ['/ipxe/undionly.kpxe', 200, 'undionly'],
  ['/ipxe/binary/52:54:00:00:00:01/netboot-not-allowed', 403],
  ['/grub/grub.cfg-01-52-54-00-00-00-01', 200, 'grub here\n'],
  ['/boot%2Fgrub/grub.cfg-01-52-54-00-00-00-01', 200, 'grub here\n'],
  ['/pxelinux.cfg/01-52-54-00-00-00-01', 200, 'pxelinux here\n'],
  ['/ipxe/binary/52:54:00:00:00:01/grub/grub.cfg-01-52-54-00-00-00-01', 200, 'grub here\n'],
  ['/ipxe/binary/grub.cfg-01-52-54-00-00-00-01', 200, 'own configuration'],
  ['/grub/grub.cfg-01-52-54-00-00-00-02', 404, 'Rule "r" gives it nothing\n'],
  ['/grub/grub.cfg', 200, GRUB_POINTER],
  ['/files/grub.cfg', 404],
  ['/v1/boot/52:54:00:00:00:01', 200, '{"kernel":"http://192.0.2.1/k","initrd":[],"cmdline":""}'],
  ['/v1/boot/52-54-00-00-00-01', 200, '{"kernel":"http://192.0.2.1/k","initrd":[],"cmdline":""}'],
  ['/v1/boot/52:54:00:00:00:02', 404, 'Rule "r" leaves it to its local disk.\n'],
  ['/v1/boot/node-1', 400, 'The last part of the path has to be a MAC address.\n'],
  ['/ipxe/script/52:54:00:00:00:01/auto.ipxe', 200, '#!ipxe\n'],
  ['/ipxe/script/52%3A54%3A00%3A00%3A00%3A01/auto.ipxe', 200, '#!ipxe\n'],
  ['/525400000001/auto.ipxe', 200, '#!ipxe\n'],
  ['/ipxe/script/52:54:00:00:00:02/auto.ipxe', 403],
  ['/auto.ipxe', 403],
  ['/ipxe/script/52:54:00:00:00:01/other.ipxe', 404],
  ['/nothing', 404],
  ['/healthz', 200],
  ['/readyz', 503],
]

for (const [requestPath, status, body] of PATHS) {
  test(`GET ${requestPath} is ${status}`, async () => {
    const answer = await raw(requestPath)
    assert.equal(answer.status, status)
    assert.equal(answer.body.toString(), body ?? answer.body.toString())
    assert.equal(answer.body.toString().includes('secret'), false)
  })
}

test('a whole file comes byte for byte, and HEAD says the same without a body', async () => {
  const whole = await raw('/files/vmlinuz')
  assert.equal(Buffer.compare(whole.body, kernel), 0)
  const head = await raw('/files/vmlinuz', { method: 'HEAD' })
  assert.equal(head.status, 200)
  assert.equal(head.body.length, 0)
  for (const name of ['content-length', 'etag', 'last-modified', 'content-type', 'accept-ranges']) {
    assert.equal(head.headers[name], whole.headers[name], name)
  }
  assert.equal(head.headers['content-length'], String(kernel.length))
})

for (const path of [
  '/healthz',
  '/readyz',
  '/metrics',
  '/ipxe/script/52:54:00:00:00:01/auto.ipxe',
  '/auto.ipxe',
  '/nothing',
]) {
  test(`HEAD ${path} says what GET says, without a body`, async () => {
    const [get, head] = [await raw(path), await raw(path, { method: 'HEAD' })]
    assert.deepEqual(
      [head.status, head.headers['content-type'], head.body.length],
      [get.status, get.headers['content-type'], 0],
    )
    assert.match(String(head.headers['content-length']), /^[1-9]\d*$/)
  })
}

test('a range is for GET only: HEAD says the size of the file', async () => {
  const head = await raw('/files/vmlinuz', { method: 'HEAD', headers: { range: 'bytes=0-9' } })
  assert.deepEqual([head.status, head.headers['content-length']], [200, String(kernel.length)])
})

const RANGES: readonly [string, number, number, number][] = [
  ['bytes=0-0', 206, 0, 1],
  ['bytes=1000-299999', 206, 1000, 300_000],
  ['bytes=-7', 206, kernel.length - 7, kernel.length],
  ['bytes=1-2,4-5', 200, 0, kernel.length],
]

for (const [range, status, start, end] of RANGES) {
  test(`Range ${range} of a file is ${status}`, async () => {
    const answer = await raw('/files/vmlinuz', { headers: { range } })
    assert.equal(answer.status, status)
    assert.equal(Buffer.compare(answer.body, kernel.subarray(start, end)), 0)
  })
}

test('a range behind the end is refused with the size', async () => {
  const answer = await raw('/files/vmlinuz', { headers: { range: `bytes=${kernel.length}-` } })
  assert.equal(answer.status, 416)
  assert.equal(answer.headers['content-range'], `bytes */${kernel.length}`)
})

test('a file that is known by its tag is not sent again; a range of another version is the whole file', async () => {
  const { headers } = await raw('/files/vmlinuz', { method: 'HEAD' })
  const etag = headers['etag'] as string
  assert.equal((await raw('/files/vmlinuz', { headers: { 'if-none-match': etag } })).status, 304)
  assert.equal((await raw('/files/vmlinuz', { headers: { range: 'bytes=0-9', 'if-range': etag } })).status, 206)
  assert.equal((await raw('/files/vmlinuz', { headers: { range: 'bytes=0-9', 'if-range': '"other"' } })).status, 200)
})

for (const form of ['*', 'W/ETAG', '"other", ETAG', 'ETAG,W/"x"', '"a,b" , ETAG']) {
  test(`If-None-Match: ${form} of a file that is known is 304`, async () => {
    const etag = String((await raw('/files/vmlinuz', { method: 'HEAD' })).headers['etag'])
    const answer = await raw('/files/vmlinuz', { headers: { 'if-none-match': form.replace('ETAG', etag) } })
    assert.deepEqual([answer.status, answer.headers['etag'], answer.body.length], [304, etag, 0])
  })
}

test('a script request carries what a relay agent said, if the URL says it in order', async () => {
  const none = { giaddr: '', circuitId: '', remoteId: '' }
  const rows: readonly (readonly [query: string, network: object])[] = [
    [
      'giaddr=10.9.0.1&circuitId=63616765&remoteId=0072',
      { giaddr: '10.9.0.1', circuitId: '63616765', remoteId: '0072' },
    ],
    ['giaddr=10.9.0&circuitId=6361676&remoteId=CAGE', none],
    ['giaddr=10.9.0.1&giaddr=10.9.0.2&circuitId=63&circuitId=64', none],
    [`circuitId=${encodeURIComponent('63\nchain http://192.0.2.9')}`, none],
  ]
  for (const [query, network] of rows) {
    asked.length = 0
    await raw(`/ipxe/script/52:54:00:00:00:01/auto.ipxe?${query}`)
    assert.deepEqual(asked[0]!.network, { link: 'lo', ...network, relayFlags: [], subnet: '' }, query)
  }
})

test('a script request carries what the URL and the connection say', async () => {
  asked.length = 0
  const uuid = '4C4C4544-0042-3010-8057-B4C04F4A3132'
  await raw(`/ipxe/script/52:54:00:00:00:01/auto.ipxe?arch=7&item=2&machine=tink/node%201&uuid=${uuid}`, {
    headers: { 'x-forwarded-for': '192.0.2.9' },
  })
  assert.deepEqual(asked, [
    {
      mac: '52:54:00:00:00:01',
      address: 0xc0000209,
      arch: 7,
      uuid: uuid.toLowerCase(),
      item: 2,
      machine: 'tink/node 1',
      network: { link: 'lo', giaddr: '', circuitId: '', remoteId: '', relayFlags: [], subnet: '' },
      origin,
    },
  ])
})

/** X-Forwarded-For from a trusted proxy, and whose address counts. */
const FORWARDED: readonly [string, string][] = [
  ['', '127.0.0.1'],
  ['192.0.2.9', '192.0.2.9'],
  ['192.0.2.9, 127.0.0.2', '192.0.2.9'],
  ['1.1.1.1, 8.8.8.8, 127.0.0.1, 127.0.0.2', '8.8.8.8'],
  ['1.1.1.1, 127.0.0.1, 127.0.0.2, 127.0.0.3', '1.1.1.1'],
  ['127.0.0.3, 127.0.0.2', '127.0.0.3'],
  ['invalid, 190.57.149.90', '190.57.149.90'],
  ['190.57.149.90, invalid', '127.0.0.1'],
  ['::ffff:192.0.2.9', '192.0.2.9'],
  ['::FFFF:192.0.2.9', '192.0.2.9'],
]

for (const [header, address] of FORWARDED) {
  test(`X-Forwarded-For "${header}" is a request of ${address}`, async () => {
    asked.length = 0
    await raw('/auto.ipxe', { headers: { 'x-forwarded-for': header } })
    assert.deepEqual(
      asked.map((request) => formatIpv4(request.address!)),
      [address],
    )
  })
}

test('without trusted proxies X-Forwarded-For is not believed', async () => {
  const addresses: (number | undefined)[] = []
  const app = createApp({
    trustedProxies: [],
    log,
    metrics: createMetrics('ipxe-http'),
    files: { open: () => Promise.resolve(undefined) },
    linkOf: () => '',
    async script(request) {
      addresses.push(request.address)
      return { refused: 'unknown-machine', text: '' }
    },
    bootApi: async () => ({ refused: 'not-synced', text: '' }),
    config: () => ({ refused: 'not-synced', text: '' }),
    sent() {},
    booted: () => ({ outcome: 'booted' }),
    ready: () => [],
  })
  const headers = { 'x-forwarded-for': '192.0.2.9' }
  await app.inject({ url: '/auto.ipxe', headers, remoteAddress: '198.51.100.7' })
  await app.inject({ url: '/auto.ipxe', headers, remoteAddress: '::ffff:198.51.100.7' })
  assert.deepEqual(addresses, [parseIpv4('198.51.100.7'), parseIpv4('198.51.100.7')])
  await app.close()
})

test('a request that is not understood is refused, and the service goes on', async () => {
  assert.equal((await raw('/files/vmlinuz', { method: 'POST' })).status, 404)
  assert.equal((await raw('/auto.ipxe?arch=99999999')).status, 403)
  assert.equal((await raw(`/${'x'.repeat(9000)}`)).status, 414)
  assert.equal((await raw('/healthz')).status, 200)
})

/** The beginning of a download of more than what sockets hold. */
async function begun(): Promise<IncomingMessage> {
  writeFileSync(path.join(top, 'files', 'large'), Buffer.alloc(64 * 1024 * 1024))
  const call = httpRequest(`${origin}/files/large`)
  call.on('error', () => {})
  call.end()
  const [response] = (await once(call, 'response')) as [IncomingMessage]
  await once(response, 'readable')
  return response
}

const ENDS: readonly { name: string; act: (response: IncomingMessage) => void }[] = [
  { name: 'the client goes away', act: (response) => void response.destroy() },
  { name: 'the client takes nothing any more', act: () => {} },
  {
    name: 'the file has become shorter',
    act: (response) => {
      truncateSync(path.join(top, 'files', 'large'), 8 * 1024 * 1024)
      response.resume()
    },
  },
]

for (const { name, act } of ENDS) {
  test(`a download ends when ${name}, and is not said to be sent`, { timeout: 20_000 }, async () => {
    const response = await begun()
    const noted = once(notes, 'broken-off')
    act(response)
    const [{ octets }] = (await noted) as [{ octets: number }]
    assert.ok(octets < 64 * 1024 * 1024, String(octets))
    response.destroy()
  })
}

test('a bug is in the log with its stack, and not in the answer', async () => {
  const answer = await raw('/52:54:00:00:00:bb/auto.ipxe')
  assert.equal(answer.status, 500)
  assert.equal(answer.body.toString(), 'A fault in this service; its log says more.\n')
  const [bug] = bugs as readonly { err: Error; path: string }[]
  assert.deepEqual([bug?.err.message, bug?.path], ['the inside of the service', '/52:54:00:00:00:bb/auto.ipxe'])
  assert.match(await metrics.text(), /reboots_http_requests_total\{route="none",outcome="fault"\} 1\n/)
})

test('a URL that cannot be read is counted like any other request', async () => {
  const answer = await raw('/ipxe/%zz')
  assert.equal(answer.status, 400)
  assert.match(String(answer.headers['content-type']), /^text\/plain/)
  assert.match(await metrics.text(), /reboots_http_requests_total\{route="none",outcome="bad-request"\} [1-9]/)
})

test('requests are counted by route and outcome', async () => {
  const text = await metrics.text()
  assert.match(text, /reboots_http_requests_total\{route="files",outcome="sent"\} [1-9]/)
  assert.match(text, /reboots_http_requests_total\{route="script",outcome="netboot-not-allowed"\} [1-9]/)
})
