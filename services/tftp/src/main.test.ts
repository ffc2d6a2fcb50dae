import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { Running } from '@reboots/testkit'
import { openUdp } from './adapters/udp.ts'
import { RawClient } from './server.fixture.ts'

const MAIN = path.join(import.meta.dirname, 'main.ts')
const top = mkdtempSync(path.join(tmpdir(), 'reboots-tftp-main-'))
writeFileSync(path.join(top, 'undionly.kpxe'), 'not really')
after(() => rmSync(top, { recursive: true }))

function start(env: Record<string, string>): Running {
  const base = { REBOOTS_TFTP_METRICS_LISTEN: '127.0.0.1:0', REBOOTS_LOG_FORMAT: 'json', REBOOTS_CONFIG: '' }
  return new Running('tftp', { command: process.execPath, args: [MAIN], env: { ...base, ...env } })
}

async function freePort(): Promise<number> {
  const socket = await openUdp('127.0.0.1', 0)
  const { port } = socket.address()
  await new Promise<void>((resolve) => void socket.close(() => resolve()))
  return port
}

/** Roots, and what the log says of them at the start. */
const ROOTS: readonly [string, string, RegExp][] = [
  ['a root with a boot file', top, /ready: read requests for files below .*\(undionly\.kpxe, …\)/],
  ['a root that is missing', path.join(top, 'none'), /"remedy":"apt-get install ipxe.*there is no directory/],
  ['a root without boot files', '/proc/self', /no iPXE files to serve/],
  ['the operator’s own builds first', `${top},/usr/lib/ipxe`, /ready: read requests for files below .*,.*ipxe/],
]

for (const [name, root, said] of ROOTS) {
  test(`${name}: it starts, and says so`, async () => {
    const service = start({ REBOOTS_TFTP_ROOT: root, REBOOTS_TFTP_LISTEN: '127.0.0.1:0' })
    await service.waitFor(/"ready:/)
    assert.match(service.output, said)
    assert.deepEqual(await service.stop(), { code: 0, signal: null })
  })
}

test('without addresses it listens on its links, at the port that machines are told', async () => {
  const port = await freePort()
  const service = start({
    REBOOTS_TFTP_ROOT: top,
    REBOOTS_LINKS_INTERFACES: 'lo',
    REBOOTS_BOOT_TFTP_PORT: String(port),
  })
  await service.waitFor(/"ready:/)
  const client = await RawClient.open()
  assert.equal((await client.fetch('undionly.kpxe', port)).toString(), 'not really')
  const line = await service.waitFor(/\{.*"end":"complete".*\}/)
  const { file, bytes, blksize, windowsize, retransmissions } = JSON.parse(line[0]) as Record<string, unknown>
  assert.deepEqual([file, bytes, blksize, windowsize, retransmissions], ['undionly.kpxe', 10, 512, 1, 0])
  client.close()
  await service.stop()
})

test('the configuration of a boot loader comes from ipxe-http, at its port of the address that was asked', async () => {
  const http = createServer((request, response) => response.end(`from ${request.url}`)).listen(0, '127.0.0.1')
  await once(http, 'listening')
  const port = await freePort()
  const service = start({
    REBOOTS_TFTP_ROOT: top,
    REBOOTS_TFTP_LISTEN: `127.0.0.1:${port}`,
    REBOOTS_BOOT_HTTP_PORT: String((http.address() as AddressInfo).port),
  })
  await service.waitFor(/"ready:/)
  const client = await RawClient.open()
  const config = await client.fetch('/boot/grub/grub.cfg-01-52-54-00-00-00-01', port)
  assert.equal(config.toString(), 'from /grub/grub.cfg-01-52-54-00-00-00-01')
  client.close()
  await service.stop()
  http.close()
})

test('a port that is taken: who has it, and what to do, and exit code 2', async () => {
  const holder = await openUdp('127.0.0.1', 0)
  const service = start({ REBOOTS_TFTP_LISTEN: `127.0.0.1:${holder.address().port}` })
  assert.deepEqual(await service.ended, { code: 2, signal: null })
  assert.match(service.output, new RegExp(`UDP port ${holder.address().port} .*is taken by .*pid ${process.pid}`))
  holder.close()
})
