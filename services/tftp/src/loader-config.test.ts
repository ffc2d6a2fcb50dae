import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { GRUB_POINTER } from '@reboots/protocol/pxe'
import { createLog } from '@reboots/runtime'
import { askIpxeHttp } from './adapters/ask-config.ts'
import { inMemory } from './in-memory.ts'
import { withLoaderConfigs } from './loader-config.ts'
import type { BootFile, FileRefusal } from './ports.ts'

const log = createLog('tftp', { level: 'silent', format: 'json' })
const ON_DISK = inMemory('on disk', new TextEncoder().encode('on disk'))
const NAME = 'grub/grub.cfg-01-52-54-00-00-00-01'

/** What ipxe-http says. */
let answer: (response: ServerResponse) => void = () => {}
const http = createServer((_request, response) => answer(response))
let origin = ''
before(async () => {
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
})
after(() => {
  http.closeAllConnections()
  http.close()
})

const with200 = (response: ServerResponse) => response.end('from http')
const withStatus = (status: number) => (response: ServerResponse) => response.writeHead(status).end('why')
const never = () => {}

const rows: readonly (readonly [
  what: string,
  names: readonly string[],
  onDisk: BootFile | FileRefusal,
  http: typeof answer,
  got: string,
])[] = [
  ['a configuration', [NAME], 'missing', with200, 'from http'],
  ['in another directory', ['pxe/pxelinux.cfg/01-52-54-00-00-00-01'], 'missing', with200, 'from http'],
  ['a file of the site comes first', [NAME], ON_DISK, with200, 'on disk'],
  ['what may not be opened', [NAME], 'outside-root', with200, 'outside-root'],
  ['another file', ['grub/grub.cfg.lst'], 'missing', with200, 'missing'],
  ['the configuration for everybody', ['grub/grub.cfg'], ON_DISK, never, 'on disk'],
  ['none for everybody: where that of the machine is', ['grub/grub.cfg'], 'missing', never, GRUB_POINTER],
  ['a machine without one', [NAME], 'missing', withStatus(404), 'missing'],
  ['a machine that is denied', [NAME], 'missing', withStatus(403), 'missing'],
  ['a service that is not ready', [NAME], 'missing', withStatus(503), 'busy'],
  ['a redirect', [NAME], 'missing', (response) => response.writeHead(302, { location: '/x' }).end(), 'busy'],
  ['too long a configuration', [NAME], 'missing', (response) => response.end(Buffer.alloc(300_000)), 'missing'],
  ['a service that says nothing', [NAME], 'missing', never, 'busy'],
]
for (const [what, names, onDisk, http, got] of rows) {
  test(`${what}: ${got}`, async () => {
    answer = http
    const ask = askIpxeHttp(origin, log, 300)
    const file = await withLoaderConfigs({ open: () => Promise.resolve(onDisk) }, ask).open(names)
    const text = typeof file === 'string' ? file : new TextDecoder().decode(file.content.read(0, file.size))
    assert.equal(text, got)
  })
}

test('a service that is not there', async () => {
  const ask = askIpxeHttp('http://127.0.0.1:1', log)
  assert.equal(await ask(NAME), 'busy')
})
