import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { on, once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { after, before, describe, test } from 'node:test'
import { requireTools, run, Running } from '@reboots/testkit'
import type { Order, Report, SendTo } from './door-keeper.ts'

/*
 * A server with two links, and a client at the end of each:
 *
 *     client 0 eth0 10.1.0.2 ──── 10.1.0.1 link0 ┐
 *                                                server
 *     client 1 eth0 10.2.0.2 ──── 10.2.0.1 link1 ┘
 */
const prefix = `rt-${process.pid}`
const SERVER = `${prefix}-s`
const CLIENTS = [`${prefix}-c0`, `${prefix}-c1`] as const
const MACS = ['02:00:00:00:01:01', '02:00:00:00:02:01'] as const
const KEEPER = fileURLToPath(new URL('./door-keeper.ts', import.meta.url))
const everyone: SendTo = { kind: 'broadcast', address: '255.255.255.255', port: 68 }
const newcomer: SendTo = { kind: 'hardware', address: '10.1.0.50', port: 68, chaddr: [2, 0, 0, 0, 0, 0x50] }
const RUNS = { REBOOTS_UDP_RUNS: 'on' }
const skip = requireTools({ root: true, commands: ['ip', 'tcpdump', 'setpriv'] }) ?? false

interface Keeper {
  readonly pid: number
  follow(order: Order): Promise<Report>
  /** The next report of a kind. */
  next<K extends Report['kind']>(kind: K): Promise<Report & { kind: K }>
  /** The next datagram at one of its doors. */
  received(): Promise<Report>
  /** Until its log has this. */
  logged(pattern: RegExp): Promise<void>
  /** Its exit code, by itself. */
  readonly ended: Promise<unknown>
  stop(): Promise<void>
}

function startKeeper(namespace: string, env: NodeJS.ProcessEnv = {}, ...wrapper: string[]): Keeper {
  const args = ['netns', 'exec', namespace, ...wrapper, process.execPath, KEEPER]
  const child = spawn('ip', args, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'], env: { ...process.env, ...env } })
  const reports = reportsOf(child)
  return {
    pid: child.pid!,
    next: (kind) => reports(kind),
    received: () => reports('received'),
    logged: logOf(child),
    ended: once(child, 'exit').then(([code]) => code as unknown),
    follow(order) {
      child.send(order)
      return reports('done', 'failed')
    },
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve())
        child.disconnect()
      }),
  }
}

function logOf(child: ChildProcess): Keeper['logged'] {
  let text = ''
  child.stdout!.setEncoding('utf8').on('data', (more: string) => (text += more))
  return async (pattern) => {
    while (!pattern.test(text)) await once(child.stdout!, 'data')
  }
}

/** Waits for the next report of some kinds; those of other kinds wait for their turn. */
function reportsOf(child: ChildProcess): <K extends Report['kind']>(...kinds: K[]) => Promise<Report & { kind: K }> {
  const stream = on(child, 'message')
  const waiting: Report[] = []
  return async <K extends Report['kind']>(...kinds: K[]) => {
    for (;;) {
      const index = waiting.findIndex((report) => kinds.some((kind) => kind === report.kind))
      if (index >= 0) return waiting.splice(index, 1)[0] as Report & { kind: K }
      const next = await stream.next()
      waiting.push((next.value as [Report])[0])
    }
  }
}

async function capture(namespace: string): Promise<Running> {
  const args = [
    'netns',
    'exec',
    namespace,
    'tcpdump',
    '-i',
    'eth0',
    '-e',
    '-n',
    '-q',
    '-l',
    '--immediate-mode',
    'arp or udp',
  ]
  const running = new Running('tcpdump', { command: 'ip', args })
  await running.waitFor(/listening on/)
  return running
}

async function ip(...args: string[]): Promise<void> {
  await run({ command: 'ip', args })
}

async function connectClient(index: 0 | 1): Promise<void> {
  const client = CLIENTS[index]
  const link = `link${index}`
  await ip('netns', 'add', client)
  await ip(
    '-n',
    SERVER,
    'link',
    'add',
    link,
    'address',
    MACS[index],
    'type',
    'veth',
    'peer',
    'name',
    'eth0',
    'netns',
    client,
  )
  await ip('-n', SERVER, 'link', 'set', link, 'up')
  await ip('-n', client, 'link', 'set', 'eth0', 'up')
  await ip('-n', SERVER, 'address', 'add', `10.${index + 1}.0.1/24`, 'dev', link)
  await ip('-n', client, 'address', 'add', `10.${index + 1}.0.2/24`, 'dev', 'eth0')
}

/** A second link to client 0, that may go. */
async function connectThird(): Promise<void> {
  await ip('-n', SERVER, 'link', 'add', 'link2', 'type', 'veth', 'peer', 'name', 'eth2', 'netns', CLIENTS[0])
  await ip('-n', SERVER, 'address', 'add', '10.3.0.1/24', 'dev', 'link2')
  await ip('-n', CLIENTS[0], 'address', 'add', '10.3.0.2/24', 'dev', 'eth2')
  await ip('-n', SERVER, 'link', 'set', 'link2', 'up')
  await ip('-n', CLIENTS[0], 'link', 'set', 'eth2', 'up')
}

for (const ioThread of ['off', 'on']) {
  describe(`UDP doors, I/O thread ${ioThread}`, { skip, timeout: 120_000 }, () => {
    const keeper = (namespace: string, env: NodeJS.ProcessEnv = {}, ...wrapper: string[]): Keeper =>
      startKeeper(namespace, { DOOR_IO_THREAD: ioThread, ...env }, ...wrapper)
    let clients: readonly Keeper[] = []
    let wires: readonly Running[] = []

    before(async () => {
      await ip('netns', 'add', SERVER)
      await connectClient(0)
      await connectClient(1)
      clients = CLIENTS.map((client) => keeper(client))
      wires = await Promise.all(CLIENTS.map(capture))
    })

    after(async () => {
      await Promise.all([...clients.map((client) => client.stop()), ...wires.map((wire) => wire.stop('SIGINT'))])
      for (const namespace of [...CLIENTS, SERVER]) await ip('netns', 'del', namespace)
    })

    function ask(index: 0 | 1, octets: number, to = '255.255.255.255'): Promise<Report> {
      return clients[index]!.follow({ kind: 'broadcast', from: `10.${index + 1}.0.2`, to, port: 67, octets })
    }

    test('two links share port 67, and each hears its own broadcasts and replies by itself', async (t) => {
      const server = keeper(SERVER)
      t.after(() => server.stop())
      for (const link of ['link0', 'link1']) {
        assert.deepEqual(await server.follow({ kind: 'open', link, port: 67 }), { kind: 'done' })
      }
      await ask(0, 10)
      assert.deepEqual(await server.received(), { kind: 'received', link: 'link0', octets: 10 })
      await ask(1, 11)
      assert.deepEqual(await server.received(), { kind: 'received', link: 'link1', octets: 11 })
      await ask(1, 12, '10.2.0.1')
      assert.deepEqual(await server.received(), { kind: 'received', link: 'link1', octets: 12 })

      await server.follow({ kind: 'send', link: 'link1', octets: 21, to: everyone })
      await wires[1]!.waitFor(
        /02:00:00:00:02:01 > ff:ff:ff:ff:ff:ff, .*10\.2\.0\.1\.67 > 255\.255\.255\.255\.68: UDP, length 21/,
      )
      await server.follow({ kind: 'send', link: 'link0', octets: 22, to: everyone })
      await wires[0]!.waitFor(
        /02:00:00:00:01:01 > ff:ff:ff:ff:ff:ff, .*10\.1\.0\.1\.67 > 255\.255\.255\.255\.68: UDP, length 22/,
      )
      assert.doesNotMatch(wires[0]!.output, /length 21$/m)
      await server.follow({
        kind: 'send',
        link: 'link0',
        octets: 23,
        to: { ...everyone, kind: 'unicast', address: '10.1.0.2' },
      })
      await wires[0]!.waitFor(/10\.1\.0\.1\.67 > 10\.1\.0\.2\.68: UDP, length 23/)
    })

    test('a client without an address is reached at its MAC, and nobody is asked by ARP where it is', async (t) => {
      const server = keeper(SERVER)
      t.after(() => server.stop())
      await server.follow({ kind: 'open', link: 'link0', port: 67 })
      await server.follow({ kind: 'send', link: 'link0', octets: 31, to: newcomer })
      await wires[0]!.waitFor(
        /02:00:00:00:01:01 > 02:00:00:00:00:50, .*10\.1\.0\.1\.67 > 10\.1\.0\.50\.68: UDP, length 31/,
      )
      await server.follow({ kind: 'send', link: 'link0', octets: 32, to: everyone })
      await wires[0]!.waitFor(/UDP, length 32/)
      assert.doesNotMatch(wires[0]!.output, /who-has 10\.1\.0\.50/)
    })

    const withoutMac = [
      { name: 'without koffi', octets: 41, env: { REBOOTS_KOFFI: 'off' }, wrapper: [] },
      { name: 'without CAP_NET_ADMIN', octets: 42, env: {}, wrapper: ['setpriv', '--bounding-set=-net_admin'] },
    ] as const
    for (const { name, octets, env, wrapper } of withoutMac) {
      test(`${name} such a client is answered by broadcast, on the right link and from its address`, async (t) => {
        const server = keeper(SERVER, env, ...wrapper)
        t.after(() => server.stop())
        assert.deepEqual(await server.follow({ kind: 'open', link: 'link0', port: 67 }), { kind: 'done' })
        await ask(0, octets)
        assert.deepEqual(await server.received(), { kind: 'received', link: 'link0', octets })
        await ask(0, octets, '10.1.0.1')
        assert.deepEqual(await server.received(), { kind: 'received', link: 'link0', octets })
        await server.follow({ kind: 'send', link: 'link0', octets, to: newcomer })
        await wires[0]!.waitFor(
          new RegExp(
            `02:00:00:00:01:01 > ff:ff:ff:ff:ff:ff, .*10\\.1\\.0\\.1\\.67 > 255\\.255\\.255\\.255\\.68: UDP, length ${octets}`,
          ),
        )
      })
    }

    const refusals = [
      {
        name: 'one link at a time',
        env: { REBOOTS_KOFFI: 'off' },
        first: 'link0',
        second: 'link1',
        says: /one interface only \(link0, and now link1\).*koffi/,
      },
      {
        name: 'a missing interface',
        env: {},
        first: 'link0',
        second: 'lnk1',
        says: /no network interface "lnk1", did you mean "link1"\?/,
      },
      {
        name: 'an interface without an address',
        env: {},
        first: 'link0',
        second: 'lo',
        says: /lo has no IPv4 address, or is down/,
      },
    ] as const
    for (const { name, env, first, second, says } of refusals) {
      test(`refused with a remedy: ${name}`, async (t) => {
        const server = keeper(SERVER, env)
        t.after(() => server.stop())
        await server.follow({ kind: 'open', link: first, port: 67 })
        const report = await server.follow({ kind: 'open', link: second, port: 67 })
        assert.match(textOf(report), says)
      })
    }

    test('without a name and a default route the only interface with an address is taken, and none of several', async (t) => {
      const client = keeper(CLIENTS[0])
      const server = keeper(SERVER)
      t.after(() => Promise.all([client.stop(), server.stop()]))
      assert.deepEqual(await client.follow({ kind: 'open', link: '', port: 67 }), { kind: 'done' })
      const report = await server.follow({ kind: 'open', link: '', port: 67 })
      assert.match(textOf(report), /no default route .*Name the one .*link0, link1/s)
    })

    test('no permission for the port is said with the ways to get it', async (t) => {
      const server = keeper(SERVER, {}, 'setpriv', '--bounding-set=-net_bind_service')
      t.after(() => server.stop())
      const report = await server.follow({ kind: 'open', link: 'link0', port: 67 })
      assert.match(textOf(report), /^no permission for UDP port 67 on link0 .*setcap cap_net_bind_service/s)
    })

    for (const env of [{}, { REBOOTS_KOFFI: 'off' }]) {
      test(`a taken port is refused with the name of its holder ${JSON.stringify(env)}`, async (t) => {
        const first = keeper(SERVER)
        const second = keeper(SERVER, env)
        t.after(() => Promise.all([first.stop(), second.stop()]))
        await first.follow({ kind: 'open', link: 'link0', port: 67 })
        const report = await second.follow({ kind: 'open', link: 'link0', port: 67 })
        assert.match(
          textOf(report),
          new RegExp(`^UDP port 67 on link0 .*taken by node .*door-keeper.ts \\(pid ${first.pid}\\)`),
        )
      })
    }

    for (const env of [{}, { REBOOTS_KOFFI: 'off' }]) {
      test(`a burst is answered datagram by datagram, in order, and leaves the event loop free ${JSON.stringify(env)}`, async (t) => {
        const server = keeper(SERVER, env)
        t.after(() => server.stop())
        await server.follow({ kind: 'open', link: 'link0', port: 67 })
        await server.follow({ kind: 'echo', link: 'link0' })
        const each = 75
        await clients[0]!.follow({ kind: 'burst', from: '10.1.0.2', to: '10.1.0.1', port: 67, clients: 4, each })
        const { numbers } = await clients[0]!.next('echoes')
        assert.deepEqual(numbers, Array(4).fill(Array.from({ length: each }, (_, number) => number)))

        await server.follow({ kind: 'batches' })
        const { datagrams, largest, inOneTurn } = await server.next('batches')
        assert.deepEqual([datagrams, inOneTurn], [300, 0])
        assert.ok(largest <= 64, `${largest} at once`)
        await server.follow({ kind: 'metrics' })
        const { text } = await server.next('metrics')
        const counted = text.match(/^reboots_udp_.*link0.*$/gm)
        assert.deepEqual(counted, [
          'reboots_udp_received_total{link="link0",port="67"} 300',
          'reboots_udp_dropped_total{link="link0",port="67"} 0',
          'reboots_udp_sent_total{link="link0",port="67"} 300',
          'reboots_udp_send_errors_total{link="link0",port="67"} 0',
        ])
      })

      test(`datagrams of every length come whole ${JSON.stringify(env)}`, async (t) => {
        const server = keeper(SERVER, env)
        t.after(() => server.stop())
        await server.follow({ kind: 'open', link: 'link0', port: 67 })
        for (const octets of [0, 1, 300, 65_507, 1]) {
          await ask(0, octets, '10.1.0.1')
          assert.deepEqual(await server.received(), { kind: 'received', link: 'link0', octets })
        }
      })

      test(`a closed door leaves nothing behind that keeps the process alive ${JSON.stringify(env)}`, async () => {
        const server = keeper(SERVER, env)
        await server.follow({ kind: 'open', link: 'link0', port: 67 })
        await ask(0, 10)
        await server.received()
        await Promise.all(
          [server.follow({ kind: 'leave' }), server.ended].map((end) => Promise.race([end, server.ended])),
        )
        assert.equal(await server.ended, 0)
      })
    }

    test('answers of one batch leave in order, each to its MAC, also where one address has several', async (t) => {
      const server = keeper(SERVER)
      t.after(() => server.stop())
      await server.follow({ kind: 'open', link: 'link0', port: 67 })
      const at = (last: number): SendTo => ({
        kind: 'hardware',
        address: '10.1.0.60',
        port: 68,
        chaddr: [2, 0, 0, 0, 0, last],
      })
      const answers = [
        { octets: 61, to: at(0x61) },
        { octets: 62, to: everyone },
        { octets: 63, to: at(0x63) },
        { octets: 64, to: at(0x63) },
        { octets: 65, to: at(0x61) },
        { octets: 66, to: everyone },
      ]
      await server.follow({ kind: 'answer', link: 'link0', answers })
      await ask(0, 10)
      await wires[0]!.waitFor(/UDP, length 66/)
      const sent = wires[0]!.output.matchAll(/> ([0-9a-f:]+), .*\.68: UDP, length (6\d)$/gm)
      assert.deepEqual(
        [...sent].map(([, mac, octets]) => [mac, octets]),
        [
          ['02:00:00:00:00:61', '61'],
          ['ff:ff:ff:ff:ff:ff', '62'],
          ['02:00:00:00:00:63', '63'],
          ['02:00:00:00:00:63', '64'],
          ['02:00:00:00:00:61', '65'],
          ['ff:ff:ff:ff:ff:ff', '66'],
        ],
      )
      assert.doesNotMatch(wires[0]!.output, /who-has 10\.1\.0\.60/)
    })

    const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value)
    const runs = [
      { name: 'go as one through the kernel', mtu: 1500, lengths: [...times(20, 100), ...times(10, 101)] },
      { name: 'larger than the link takes go one by one', mtu: 576, lengths: times(12, 700) },
      { name: 'of all lengths go one by one', mtu: 1500, lengths: Array.from({ length: 30 }, (_, i) => 100 + i) },
    ] as const
    for (const { name, mtu, lengths } of runs) {
      test(`many answers to one place ${name}, and come one by one`, async (t) => {
        const [server, relay] = [keeper(SERVER, RUNS), startKeeper(CLIENTS[0])]
        await ip('-n', SERVER, 'link', 'set', 'link0', 'mtu', String(mtu))
        t.after(async () => {
          await Promise.all([server.stop(), relay.stop()])
          await ip('-n', SERVER, 'link', 'set', 'link0', 'mtu', '1500')
        })
        await server.follow({ kind: 'open', link: 'link0', port: 67 })
        await relay.follow({ kind: 'open', link: 'eth0', port: 1067 })
        const to: SendTo = { kind: 'unicast', address: '10.1.0.2', port: 1067 }
        const answers = lengths.map((octets) => ({ octets, to }))
        await server.follow({ kind: 'answer', link: 'link0', answers })
        await ask(0, 10)
        for (const octets of lengths)
          assert.deepEqual(await relay.received(), { kind: 'received', link: 'eth0', octets })
      })
    }

    test('many answers to one place are one packet up to the link', async (t) => {
      const server = keeper(SERVER, RUNS)
      t.after(() => server.stop())
      await server.follow({ kind: 'open', link: 'link0', port: 67 })
      const to: SendTo = { kind: 'unicast', address: '10.1.0.2', port: 1068 }
      await server.follow({ kind: 'answer', link: 'link0', answers: times(20, { octets: 110, to }) })
      await ask(0, 10)
      // A virtual link does not cut, so that is what is seen at its other end.
      await wires[0]!.waitFor(/10\.1\.0\.2\.1068: UDP, length 2200/)
    })

    for (const env of [{}, { REBOOTS_KOFFI: 'off' }]) {
      test(`a multicast group that is joined is heard, others are not ${JSON.stringify(env)}`, async (t) => {
        const server = keeper(SERVER, env)
        t.after(() => server.stop())
        const order: Order = { kind: 'open', link: 'link0', port: 67, groups: ['224.0.1.2'] }
        assert.deepEqual(await server.follow(order), { kind: 'done' })
        await ask(0, 81, '224.0.1.3')
        await ask(0, 82, '224.0.1.2')
        assert.deepEqual(await server.received(), { kind: 'received', link: 'link0', octets: 82 })
        await ask(0, 83)
        assert.deepEqual(await server.received(), { kind: 'received', link: 'link0', octets: 83 })
      })
    }

    test('an interface that vanishes is reported, costs nobody else anything, and is served again when it is back', async (t) => {
      await connectThird()
      const server = keeper(SERVER)
      t.after(() => server.stop())
      for (const link of ['link0', 'link2']) await server.follow({ kind: 'open', link, port: 67 })
      await ip('-n', SERVER, 'link', 'del', 'link2')
      await server.logged(/"link":"link2".*the interface is gone/)
      await server.follow({ kind: 'send', link: 'link2', octets: 71, to: everyone })
      await server.logged(/"link":"link2".*"why":"ENODEV".*"to":"255.255.255.255:68".*not sent/)
      await ask(0, 72)
      assert.deepEqual(await server.received(), { kind: 'received', link: 'link0', octets: 72 })

      await connectThird()
      await server.logged(/"link":"link2".*served again"/)
      await clients[0]!.follow({ kind: 'broadcast', from: '10.3.0.2', to: '10.3.0.1', port: 67, octets: 73 })
      assert.deepEqual(await server.received(), { kind: 'received', link: 'link2', octets: 73 })
      await server.follow({ kind: 'metrics' })
      assert.match((await server.next('metrics')).text, /send_errors_total\{link="link2",port="67"\} 1/)
    })

    test('a program that means to share the port cannot take our packets away', async (t) => {
      const first = keeper(SERVER)
      const second = keeper(SERVER)
      t.after(() => Promise.all([first.stop(), second.stop()]))
      await first.follow({ kind: 'open', link: 'link0', port: 67 })
      assert.match(textOf(await second.follow({ kind: 'share', port: 67 })), /EADDRINUSE/)
    })
  })
}

/** What a program does that ends with an open door, and how it ends then. The thread sleeps in the kernel at that time. */
const ENDS = [
  { name: 'by process.exit', last: 'process.exit(3)', code: 3, says: /^$/ },
  { name: 'by an error', last: 'throw new Error("a bug here")', code: 1, says: /a bug here/ },
  { name: 'by an error of the I/O thread', last: '', code: 1, says: /a bug of the thread/ },
] as const
/** In the thread, the first wait for the network throws. */
const BROKEN = `import { isMainThread } from 'node:worker_threads'
  if (!isMainThread) Atomics.store = () => { throw new Error('a bug of the thread') }`

for (const { name, last, code, says } of ENDS) {
  test(
    `a process with an I/O thread that ends ${name} does so at once, and says why`,
    { skip, timeout: 20_000 },
    async () => {
      const program = `import { createSocket } from 'node:dgram'
      import { createLog, openUdpDoor } from '@reboots/runtime'
      const link = { name: 'lo', index: 1, address: 0x7f000001, mask: 0xff000000, hardwareAddress: '00:00:00:00:00:00' }
      const log = createLog('test', { level: 'silent', format: 'json' })
      const door = await openUdpDoor({ link, port: 0, log, ioThread: 'on', onBatch() { ${last} } })
      createSocket('udp4').send('hello', door.port, '127.0.0.1')`
      const preload = last === '' ? ['--import', `data:text/javascript,${encodeURIComponent(BROKEN)}`] : []
      const args = [...preload, '--eval', program]
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'], cwd: import.meta.dirname })
      let text = ''
      child.stderr.setEncoding('utf8').on('data', (more: string) => (text += more))
      assert.deepEqual(await once(child, 'close'), [code, null])
      assert.match(text, says)
    },
  )
}

function textOf(report: Report): string {
  assert.equal(report.kind, 'failed')
  return `${(report as { message: string }).message}\n${(report as { remedy: string }).remedy}`
}

describe('UDP doors on a port that another program has', { skip, timeout: 120_000 }, () => {
  const captured = { DOOR_WAY: 'capture' }
  let clients: readonly Keeper[] = []
  let holder: Keeper
  let wire: Running

  before(async () => {
    await ip('netns', 'add', SERVER)
    await connectClient(0)
    await connectClient(1)
    clients = CLIENTS.map((client) => startKeeper(client))
    wire = await capture(CLIENTS[0])
    holder = startKeeper(SERVER)
    for (const link of ['link0', 'link1']) await holder.follow({ kind: 'open', link, port: 67 })
  })

  after(async () => {
    await Promise.all([...clients, holder].map((keeper) => keeper.stop()))
    await wire.stop('SIGINT')
    for (const namespace of [...CLIENTS, SERVER]) await ip('netns', 'del', namespace)
  })

  function ask(index: 0 | 1, octets: number, to = '255.255.255.255'): Promise<Report> {
    return clients[index]!.follow({ kind: 'broadcast', from: `10.${index + 1}.0.2`, to, port: 67, octets })
  }

  test('captured: both hear everything, each door that of its link, and nothing that is for others', async (t) => {
    const server = startKeeper(SERVER, captured)
    t.after(() => server.stop())
    for (const link of ['link0', 'link1'])
      assert.deepEqual(await server.follow({ kind: 'open', link, port: 67 }), { kind: 'done' })
    // Through the server to the other client, for which it has a route only if it were a router: it only passes by.
    await ip('-n', CLIENTS[0], 'route', 'replace', '10.2.0.0/24', 'via', '10.1.0.1')
    await ask(0, 9, '10.2.0.2')
    const asked = [
      [0, 10, '255.255.255.255'],
      [1, 11, '255.255.255.255'],
      [0, 12, '10.1.0.1'],
      [1, 13, '10.2.0.255'],
      [0, 1400, '10.1.0.1'],
      [0, 0, '10.1.0.1'],
    ] as const
    for (const [index, octets, to] of asked) {
      await ask(index, octets, to)
      const heard = { kind: 'received', link: `link${index}`, octets }
      assert.deepEqual(await server.received(), heard)
      assert.deepEqual(await holder.received(), heard)
    }
  })

  test('captured: answers leave from the port and the address of the link, also to a MAC without ARP', async (t) => {
    const server = startKeeper(SERVER, captured)
    t.after(() => server.stop())
    await server.follow({ kind: 'open', link: 'link0', port: 67 })
    await server.follow({ kind: 'send', link: 'link0', octets: 21, to: everyone })
    await wire.waitFor(
      /02:00:00:00:01:01 > ff:ff:ff:ff:ff:ff, .*10\.1\.0\.1\.67 > 255\.255\.255\.255\.68: UDP, length 21/,
    )
    const near: SendTo = { kind: 'unicast', address: '10.1.0.2', port: 68 }
    await server.follow({ kind: 'send', link: 'link0', octets: 22, to: near })
    await wire.waitFor(/10\.1\.0\.1\.67 > 10\.1\.0\.2\.68: UDP, length 22/)
    await server.follow({ kind: 'send', link: 'link0', octets: 23, to: newcomer })
    await wire.waitFor(/02:00:00:00:01:01 > 02:00:00:00:00:50, .*10\.1\.0\.1\.67 > 10\.1\.0\.50\.68: UDP, length 23/)
  })

  test('captured: a burst is answered datagram by datagram, in order', async (t) => {
    const [server, client] = [startKeeper(SERVER, captured), clients[0]!]
    t.after(() => server.stop())
    await server.follow({ kind: 'open', link: 'link0', port: 67 })
    await server.follow({ kind: 'echo', link: 'link0' })
    const each = 75
    await client.follow({ kind: 'burst', from: '10.1.0.2', to: '10.1.0.1', port: 67, clients: 4, each })
    const { numbers } = await client.next('echoes')
    assert.deepEqual(numbers, Array(4).fill(Array.from({ length: each }, (_, number) => number)))
  })

  test('captured: an interface that vanishes is reported, and served again when it is back', async (t) => {
    await connectThird()
    const server = startKeeper(SERVER, captured)
    t.after(() => server.stop())
    await server.follow({ kind: 'open', link: 'link2', port: 67 })
    await ip('-n', SERVER, 'link', 'del', 'link2')
    await server.logged(/"link":"link2".*the interface is gone/)
    await connectThird()
    await server.logged(/"link":"link2".*served again"/)
    await clients[0]!.follow({ kind: 'broadcast', from: '10.3.0.2', to: '10.3.0.1', port: 67, octets: 73 })
    assert.deepEqual(await server.received(), { kind: 'received', link: 'link2', octets: 73 })
  })

  const refused = [
    { way: 'capture', env: {}, without: '-net_raw', says: /no permission to capture UDP port 67 on link0.*setcap/s },
    { way: 'capture', env: { REBOOTS_KOFFI: 'off' }, without: '-kill', says: /cannot be captured, because koffi/ },
    { way: 'share', env: { REBOOTS_KOFFI: 'off' }, without: '-kill', says: /cannot be shared.*because koffi/ },
    { way: 'share', env: {}, without: '-kill', says: /taken by node .*proxydhcp\.port67: capture/s },
  ] as const
  for (const { way, env, without, says } of refused) {
    test(`${way} ${JSON.stringify(env)} ${without} is refused with a remedy`, async (t) => {
      const server = startKeeper(SERVER, { DOOR_WAY: way, ...env }, 'setpriv', `--bounding-set=${without}`)
      t.after(() => server.stop())
      assert.match(textOf(await server.follow({ kind: 'open', link: 'link0', port: 67 })), says)
    })
  }
})
