import assert from 'node:assert/strict'
import { appendFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import * as fc from 'fast-check'
import { octetsOf, RawClient, RecordedMetrics, serve, Tree } from './server.fixture.ts'
import type { Server } from './server.ts'

const tree = new Tree()
const metrics = new RecordedMetrics()
const clients: RawClient[] = []
let server: Server
let port: number

async function client(): Promise<RawClient> {
  const opened = await RawClient.open()
  clients.push(opened)
  return opened
}

before(async () => {
  for (const size of [0, 511, 512, 1024, 70_000, 300_000]) tree.write(`file-${size}`, octetsOf(size))
  ;({ server, port } = await serve(tree.root, metrics))
})
beforeEach(() => void metrics.lines.splice(0))
after(async () => {
  for (const opened of clients) opened.close()
  await server.close()
  tree.remove()
})

const SIZES: readonly [number, Record<string, string>][] = [
  [0, {}],
  [511, {}],
  [512, {}],
  [1024, {}],
  [70_000, { blksize: '1468' }],
  [300_000, { blksize: '8', windowsize: '16' }],
  [300_000, { blksize: '1468', windowsize: '64', tsize: '0' }],
  [300_000, { blksize: '65464', windowsize: '2' }],
  [300_000, { blksize: '60000', timeout: '2' }],
]

for (const [size, options] of SIZES) {
  test(`${size} octets with ${JSON.stringify(options)} arrive as they are`, async () => {
    const received = await (await client()).fetch(`file-${size}`, port, options)
    assert.ok(received.equals(octetsOf(size)))
  })
}

/** Name and mode asked for, and the answer. T16, T17, T22 of the checklist. */
const NAMES: readonly [string, string, string][] = [
  ['small', 'octet', 'DATA 1 (5)'],
  ['/small', 'OCTET', 'DATA 1 (5)'],
  ['/sub//deep', 'octet', 'DATA 1 (4)'],
  ['52-54-00-00-00-02/small', 'octet', 'DATA 1 (5)'],
  ['52:54:00:00:00:01/small', 'octet', 'DATA 1 (11)'],
  ['small-00-23b1e307bb35484f535a1f772c06910e-d887dc3912240434-01', 'octet', 'DATA 1 (5)'],
  ['small', 'NetASCII', 'DATA 1 (5)'],
  ['small', 'mail', 'ERROR 4 Unknown mode, use octet'],
  ['nope', 'octet', 'ERROR 1 File not found'],
  ['sub/nope', 'octet', 'ERROR 1 File not found'],
  ['/etc/passwd', 'octet', 'ERROR 1 File not found'],
  ['//etc/passwd', 'octet', 'ERROR 1 File not found'],
  ['../secret', 'octet', 'ERROR 2 Not a name this server opens'],
  ['sub/../../secret', 'octet', 'ERROR 2 Not a name this server opens'],
  ['52-54-00-00-00-02/../secret', 'octet', 'ERROR 2 Not a name this server opens'],
  ['..\\secret', 'octet', 'ERROR 2 Not a name this server opens'],
  ['\xff\xfe', 'octet', 'ERROR 2 Not a name this server opens'],
  ['leaves', 'octet', 'ERROR 2 Access violation'],
  ['device', 'octet', 'ERROR 2 Access violation'],
  ['sub', 'octet', 'ERROR 2 Not a file'],
  ['/', 'octet', 'ERROR 2 Not a name this server opens'],
  ['/netboot-not-allowed', 'octet', 'ERROR 2 Network boot is not allowed for this machine'],
  ['525400000002/netboot-not-allowed', 'octet', 'ERROR 2 Network boot is not allowed for this machine'],
]

for (const [name, mode, expected] of NAMES) {
  test(`${JSON.stringify(name)} in mode ${mode} gets ${expected}`, async () => {
    const asking = await client()
    asking.read(name, port, {}, mode)
    const { port: tid } = await peek(asking, expected)
    assert.notEqual(tid, port, 'T1: answers come from a port of their own')
  })
}

async function peek(asking: RawClient, expected: string): Promise<{ port: number }> {
  const { packet, port: tid } = await asking.next()
  assert.equal(
    packet.op === 'error' ? `ERROR ${packet.code} ${packet.message}` : `DATA 1 (${sizeOf(packet)})`,
    expected,
  )
  asking.send({ op: 'error', code: 0, message: 'enough' }, tid)
  return { port: tid }
}

const sizeOf = (packet: { readonly op: string; readonly data?: Uint8Array }): number | undefined => packet.data?.length

test('a write request is refused (T18)', async () => {
  const writing = await client()
  writing.send({ op: 'wrq', filename: 'small', mode: 'octet', options: new Map() }, port)
  assert.equal(await writing.told(), 'ERROR 2 This server is read-only')
})

test('a packet from a foreign port gets ERROR 5, and the transfer goes on (T2)', async () => {
  const [owner, stranger] = [await client(), await client()]
  owner.read('file-1024', port)
  const { port: tid } = await owner.next()
  stranger.ack(1, tid)
  assert.equal(await stranger.told(), 'ERROR 5 Unknown transfer ID')
  // An ERROR is never answered: what comes next is the answer to the ACK.
  stranger.send({ op: 'error', code: 0, message: '' }, tid)
  stranger.ack(7, tid)
  assert.equal(await stranger.told(), 'ERROR 5 Unknown transfer ID')
  owner.ack(1, tid)
  assert.equal(await owner.told(), 'DATA 2 (512)')
})

test('duplicate ACKs are not answered (T5)', async () => {
  const asking = await client()
  asking.read('file-1024', port)
  const { port: tid } = await asking.next()
  for (const block of [1, 1, 1, 0, 2]) asking.ack(block, tid)
  assert.deepEqual([await asking.told(), await asking.told()], ['DATA 2 (512)', 'DATA 3 (0)'])
})

test('the same request again is the same transfer (T20), another one takes its place', async () => {
  const asking = await client()
  for (let i = 0; i < 3; i++) asking.read('file-1024', port)
  const { port: first } = await asking.next()
  asking.ack(1, first)
  assert.deepEqual(await asking.next().then(({ port: tid }) => tid), first)
  asking.read('file-512', port)
  const { port: second } = await asking.next()
  assert.notEqual(second, first)
  assert.deepEqual(metrics.lines, [
    'rrq repeated-request',
    'rrq repeated-request',
    'rrq transfer',
    'end aborted',
    'rrq transfer',
  ])
})

test('the size probe of EDK2, then its transfer (T21)', async () => {
  const asking = await client()
  asking.read('file-70000', port, { tsize: '0', blksize: '1468', windowsize: '4' })
  const { packet, port: tid } = await asking.next()
  assert.deepEqual(packet, {
    op: 'oack',
    options: new Map([
      ['tsize', '70000'],
      ['blksize', '1468'],
      ['windowsize', '4'],
    ]),
  })
  asking.send({ op: 'error', code: 8, message: 'User aborted the transfer' }, tid)
  const whole = await (await client()).fetch('file-70000', port, { blksize: '1468', windowsize: '4' })
  assert.equal(whole.length, 70_000)
  assert.deepEqual(metrics.lines.slice(0, 2), ['rrq transfer', 'end probe'])
})

test('one transfer too many is told so (T24), and the next is served', async () => {
  const busy = await serve(tree.root, metrics, 1)
  const [first, second] = [await client(), await client()]
  first.read('file-1024', busy.port)
  const { port: tid } = await first.next()
  second.read('small', busy.port)
  assert.equal(await second.told(), 'ERROR 0 Busy, ask again in a moment')
  first.send({ op: 'error', code: 0, message: 'enough' }, tid)
  await endOf(metrics, 'end aborted')
  assert.equal((await second.fetch('small', busy.port)).toString(), 'small')
  await busy.server.close()
})

/** The fixture's metrics have no events; turns of the loop are what there is to wait for. */
async function endOf(recorded: RecordedMetrics, line: string): Promise<void> {
  while (!recorded.lines.includes(line)) await turn()
  await turn()
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

test('a block is as large as the interface carries, or as the operator says (T25)', async () => {
  const capped = await serve(tree.root, metrics, 10, { blksize: 1468, windowsize: 8, timeoutSeconds: 1 })
  const asking = await client()
  asking.read('file-70000', port, { blksize: '65464' })
  assert.equal(await asking.told(), 'OACK blksize=65464')
  const other = await client()
  other.read('file-70000', capped.port, { blksize: '65464', windowsize: '65535' })
  assert.equal(await other.told(), 'OACK blksize=1468 windowsize=8')
  await capped.server.close()
})

test('a file that is changed while it is served is not sent as a mixture', async () => {
  tree.write('growing', octetsOf(300_000))
  const asking = await client()
  asking.read('growing', port, { blksize: '60000' })
  const { port: tid } = await asking.next()
  asking.ack(0, tid)
  assert.equal(await asking.told(), 'DATA 1 (60000)')
  appendFileSync(path.join(tree.root, 'growing'), 'more')
  for (const block of [1, 2, 3]) asking.ack(block, tid)
  const rest = [await asking.told()]
  while (rest.at(-1)?.startsWith('DATA')) {
    asking.ack(rest.length + 1, tid)
    rest.push(await asking.told())
  }
  assert.equal(rest.at(-1), 'ERROR 0 The file can no longer be read')
})

test('a new version of a file is served from the next request on', async () => {
  tree.write('version', Buffer.from('one'))
  const first = await (await client()).fetch('version', port)
  tree.write('version', Buffer.from('two'))
  const second = await (await client()).fetch('version', port)
  assert.deepEqual([first.toString(), second.toString()], ['one', 'two'])
})

const DROPS: readonly [string, Uint8Array, string][] = [
  ['nothing', Buffer.alloc(0), 'malformed malformed'],
  ['one octet', Buffer.of(0), 'malformed malformed'],
  ['a request cut short', Buffer.from('\0\x01small\0oct'), 'malformed malformed'],
  ['an empty name', Buffer.from('\0\x01\0octet\0'), 'malformed malformed'],
  ['64 KiB of a name', Buffer.concat([Buffer.from('\0\x01'), Buffer.alloc(65_505, 'a')]), 'malformed malformed'],
  ['an opcode that does not exist', Buffer.of(0, 9, 1, 2), 'malformed bad-opcode'],
  ['an ACK without a transfer', Buffer.of(0, 4, 0, 1), 'ack not-a-request'],
  ['an ERROR without a transfer', Buffer.of(0, 5, 0, 1, 0), 'error not-a-request'],
  ['a block without a transfer', Buffer.of(0, 3, 0, 1, 9), 'data not-a-request'],
  ['an OACK without a transfer', Buffer.of(0, 6), 'oack not-a-request'],
]

for (const [name, bytes, line] of DROPS) {
  test(`${name} is counted as ${line}`, () => {
    server.receive(bytes, { address: '127.0.0.1', port: 9 })
    assert.deepEqual(metrics.lines, [line])
  })
}

test('a request from port 0 is not answered', () => {
  server.receive(Buffer.from('\0\x01small\0octet\0'), { address: '127.0.0.1', port: 0 })
  assert.deepEqual(metrics.lines, ['malformed source-port-0'])
})

test('any datagrams, on the service port and on a transfer port, are counted, and the service goes on', async () => {
  const noise = await client()
  const asking = await client()
  asking.read('file-1024', port, { timeout: '255' })
  const { port: tid } = await asking.next()
  const datagram = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc.uint8Array({ minLength: 60_000, maxLength: 65_507 }),
    fc.uint8Array({ maxLength: 40 }).map((rest) => Uint8Array.from([0, 1 + (rest.length % 6), ...rest])),
  )
  for (const bytes of fc.sample(datagram, { numRuns: 300, seed: 69 })) {
    metrics.lines.splice(0)
    server.receive(bytes, { address: '127.0.0.1', port: 9 })
    noise.send(bytes, tid)
    noise.send(bytes, port)
    assert.ok(metrics.lines.length > 0 || bytes[1] === 1)
    await turn()
  }
  asking.ack(0, tid)
  assert.equal(await asking.told(), 'DATA 1 (512)')
  assert.equal((await (await client()).fetch('small', port)).toString(), 'small')
})

test('stopping tells the clients', async () => {
  const stopping = await serve(tree.root, metrics)
  const asking = await client()
  asking.read('file-1024', stopping.port)
  await asking.next()
  await stopping.server.close()
  assert.equal(await asking.told(), 'ERROR 0 The server stops')
})
