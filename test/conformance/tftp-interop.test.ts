import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { requireTools, run, Running } from '@reboots/testkit'

/*
 * The tftp service as a process on loopback, and TFTP clients that others wrote: every file arrives octet for octet.
 */

const MAIN = fileURLToPath(new URL('../../services/tftp/src/main.ts', import.meta.url))
const top = mkdtempSync(path.join(tmpdir(), 'reboots-tftp-interop-'))
const MEBIBYTE = 1024 * 1024

/** Sizes around the ends of blocks of 512 and 1468 octets, and one that is far from both. */
const SIZES = [0, 1, 511, 512, 513, 1024, 1468, 4 * 1468, 4 * 1468 + 1, 100_000]
/** curl always asks for `tsize`, and takes the true answer for an empty file, 0, for a mistake (exit 71); without options it fetches it. */
const SIZES_FOR_CURL = SIZES.filter((size) => size > 0)
/** More than 65535 blocks of 8 octets. */
const WRAPS_AT_8 = 600_004
/** More than 65535 blocks of 512 octets, an exact multiple. */
const WRAPS_AT_512 = 34 * MEBIBYTE

interface NodeTftp {
  createClient(options: Record<string, unknown>): {
    get(remote: string, local: string, done: (error: Error | null) => void): void
  }
}
const nodeTftp = createRequire(import.meta.url)('tftp') as NodeTftp

/** Fetches `remote` into the file `local`. */
type Fetch = (port: number, remote: string, local: string) => Promise<unknown>

const curl =
  (...options: string[]): Fetch =>
  (port, remote, local) =>
    run({
      command: 'curl',
      args: ['--silent', '--show-error', ...options, '-o', local, `tftp://127.0.0.1:${port}/${remote}`],
    })

const atftp =
  (...options: string[]): Fetch =>
  (port, remote, local) => {
    const asked = options.flatMap((option) => ['--option', option])
    return run({ command: 'atftp', args: [...asked, '--get', '-r', remote, '-l', local, '127.0.0.1', String(port)] })
  }

const hpa =
  (mode: string): Fetch =>
  (port, remote, local) =>
    run({ command: 'tftp', args: ['-m', mode, '127.0.0.1', String(port), '-c', 'get', remote, local] })

const npmTftp =
  (blockSize: number, windowSize: number): Fetch =>
  (port, remote, local) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const client = nodeTftp.createClient({ host: '127.0.0.1', port, blockSize, windowSize })
    client.get(remote, local, (error) => (error ? reject(error) : resolve()))
    return promise
  }

/** Client, what it needs, how it fetches, and the sizes it is given. */
const CLIENTS: readonly [string, string[], Fetch, readonly number[]][] = [
  ['curl', ['curl'], curl(), [...SIZES_FOR_CURL, WRAPS_AT_512]],
  ['curl, blksize 1468', ['curl'], curl('--tftp-blksize', '1468'), SIZES_FOR_CURL],
  ['curl, blksize 65464', ['curl'], curl('--tftp-blksize', '65464'), [...SIZES_FOR_CURL, 200_000]],
  ['curl, blksize 8', ['curl'], curl('--tftp-blksize', '8'), [8, 15, WRAPS_AT_8]],
  ['curl, no options', ['curl'], curl('--tftp-no-options'), SIZES],
  ['atftp', ['atftp'], atftp(), SIZES],
  ['atftp, blksize 1468, tsize', ['atftp'], atftp('blksize 1468', 'tsize enable'), SIZES],
  ['atftp, windowsize 4', ['atftp'], atftp('windowsize 4', 'timeout 2'), [...SIZES, WRAPS_AT_512]],
  ['atftp, blksize 1468, windowsize 16', ['atftp'], atftp('blksize 1468', 'windowsize 16'), SIZES],
  ['atftp, blksize 8, windowsize 64', ['atftp'], atftp('blksize 8', 'windowsize 64'), [0, 8, WRAPS_AT_8]],
  ['tftp-hpa, octet', ['tftp'], hpa('octet'), SIZES],
  ['tftp-hpa, netascii', ['tftp'], hpa('netascii'), SIZES],
  ['npm tftp, blksize 1468, windowsize 4', [], npmTftp(1468, 4), SIZES],
  ['npm tftp, blksize 512, windowsize 1', [], npmTftp(512, 1), SIZES],
  ['npm tftp, blksize 8, windowsize 16', [], npmTftp(8, 16), [0, 8, WRAPS_AT_8]],
]

function octetsOf(size: number): Buffer {
  const bytes = Buffer.alloc(size)
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >>> 8) * 17 + (i >>> 16)) & 0xff
  return bytes
}

const nameOf = (size: number): string => `file-${size}`

let service: Running
let port: number

before(async () => {
  const sizes = new Set(CLIENTS.flatMap(([, , , all]) => all))
  for (const size of sizes) writeFileSync(path.join(top, nameOf(size)), octetsOf(size))
  const env = {
    REBOOTS_TFTP_ROOT: top,
    REBOOTS_TFTP_LISTEN: '127.0.0.1:0',
    REBOOTS_TFTP_METRICS_LISTEN: '127.0.0.1:0',
    REBOOTS_LOG_FORMAT: 'json',
  }
  service = new Running('tftp', { command: process.execPath, args: [MAIN], env })
  const ready = await service.waitFor(/"TFTP 127\.0\.0\.1:(\d+)"/)
  port = Number(ready[1])
})
after(async () => {
  const ending = await service.stop()
  rmSync(top, { recursive: true })
  assert.deepEqual(ending, { code: 0, signal: null })
})

for (const [client, commands, fetch, sizes] of CLIENTS) {
  describe(client, { skip: requireTools({ commands }) }, () => {
    for (const size of sizes) {
      test(`${size} octets`, async () => {
        const local = path.join(top, 'received')
        rmSync(local, { force: true })
        await fetch(port, nameOf(size), local)
        assert.ok(readFileSync(local).equals(octetsOf(size)))
      })
    }
  })
}

/** What a client says of a file that is not there, or not for it. */
const REFUSED: readonly [string, string, string[], Fetch, RegExp][] = [
  ['curl', 'nope', ['curl'], curl(), /exit 68/],
  ['curl', '52:54:00:00:00:01/netboot-not-allowed', ['curl'], curl(), /exit 69/],
  ['atftp', 'nope', ['atftp'], atftp(), /File not found/],
  ['npm tftp', 'nope', [], npmTftp(512, 1), /not found/i],
]

for (const [client, remote, commands, fetch, expected] of REFUSED) {
  test(`${client} is refused ${remote}`, { skip: requireTools({ commands }) }, async () => {
    await assert.rejects(fetch(port, remote, path.join(top, 'received')), expected)
  })
}
