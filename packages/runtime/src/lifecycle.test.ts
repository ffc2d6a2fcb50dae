import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { test, type TestContext } from 'node:test'
import type { ChildMessage } from './parent.ts'

/** Not the whole of the package: gRPC takes longer to load than a service to stop. */
const part = (name: string): string => JSON.stringify(fileURLToPath(new URL(name, import.meta.url)))
const ZOD = import.meta.resolve('zod')

/** A service with the given body of `start`. */
function program(start: string): string {
  return `
    import { sections } from ${part('./config/sections.ts')}
    import { runService } from ${part('./lifecycle.ts')}
    import { OperatorError } from ${part('./operator-error.ts')}
    import { z } from ${JSON.stringify(ZOD)}
    await runService({ name: 'dhcp', shape: z.object({ links: sections.links }),
      limits: async ({ links }) => links.interfaces.map((name) => name + ' is too slow'), start: async (context) => {
      const idle = setInterval(() => {}, 1000)
      const close = async () => { clearInterval(idle); console.error('closed') }
      ${start}
    } })`
}

interface Child {
  readonly process: ChildProcess
  readonly stdout: Promise<string>
  readonly stderr: Promise<string>
  readonly ended: Promise<{ code: number | null; signal: string | null }>
  announced(): Promise<ChildMessage>
}

interface Starting {
  readonly ipc: boolean
  readonly env?: Record<string, string>
  readonly args?: readonly string[]
}

function start(t: TestContext, source: string, options: Starting): Child {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source, '--', ...(options.args ?? [])], {
    stdio: ['ignore', 'pipe', 'pipe', ...(options.ipc ? (['ipc'] as const) : [])],
    env: { ...process.env, ...options.env },
  })
  t.after(() => child.kill('SIGKILL'))
  return {
    process: child,
    stdout: text(child.stdout!).catch(String),
    stderr: text(child.stderr!).catch(String),
    ended: once(child, 'exit').then(([code, signal]) => ({ code, signal })),
    announced: async () => (await once(child, 'message'))[0] as ChildMessage,
  }
}

const ANNOUNCE = `context.announce([{ what: 'DHCP', address: '0.0.0.0:67 on eth0' }], 'known machines'); return { close }`

test('a check says that the configuration is in order, and what this host keeps the service from', async (t) => {
  const env = { REBOOTS_LINKS_INTERFACES: 'eth0' }
  const child = start(t, program('throw new Error()'), { ipc: false, args: ['--check'], env })
  assert.deepEqual(await child.ended, { code: 0, signal: null })
  assert.equal(await child.stdout, 'dhcp: the configuration is in order\ndhcp: eth0 is too slow\n')
})

const stops: readonly { name: string; how: (child: ChildProcess) => void; why: string }[] = [
  { name: 'SIGTERM', how: (child) => child.kill('SIGTERM'), why: 'SIGTERM' },
  { name: 'SIGINT', how: (child) => child.kill('SIGINT'), why: 'SIGINT' },
  { name: 'the end of the parent', how: (child) => child.disconnect(), why: 'the parent process is gone' },
]
for (const { name, how, why } of stops) {
  test(`${name} closes the service and ends it with 0`, async (t) => {
    const child = start(t, program(ANNOUNCE), { ipc: true })
    assert.deepEqual(await child.announced(), {
      type: 'announce',
      service: 'dhcp',
      listens: [{ what: 'DHCP', address: '0.0.0.0:67 on eth0' }],
      answers: 'known machines',
    })
    how(child.process)
    assert.deepEqual(await child.ended, { code: 0, signal: null })
    assert.equal(await child.stderr, 'closed\n')
    const lines = (await child.stdout).trim().split('\n')
    const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    assert.deepEqual(
      records.map(({ msg, why }) => [msg, why]),
      [
        ['ready: known machines', undefined],
        ['stopping', why],
      ],
    )
  })
}

test('SIGTERM ends a service whose start takes long, at once', async (t) => {
  const child = start(t, program(`context.log.info('reading'); await new Promise(() => {})`), { ipc: false })
  await once(child.process.stdout!, 'readable')
  child.process.kill('SIGTERM')
  assert.deepEqual(await child.ended, { code: 0, signal: null })
  assert.match(await child.stdout, /"why":"SIGTERM","msg":"stopping before it was ready"/)
})

test('a parent that was killed takes the channel and the readers of the output with it', async (t) => {
  const child = start(t, program(ANNOUNCE), { ipc: true })
  await child.announced()
  child.process.stdout!.destroy()
  child.process.stderr!.destroy()
  child.process.disconnect()
  assert.deepEqual(await child.ended, { code: 0, signal: null })
})

test('a second Ctrl-C does not wait for a service that hangs while closing', async (t) => {
  const source =
    program(`process.on('message', () => {}); context.signal.addEventListener('abort', () => process.send('asked'));
    context.announce([], ''); return { close: () => new Promise(() => {}) }`)
  const child = start(t, source, { ipc: true })
  await child.announced()
  child.process.kill('SIGINT')
  await once(child.process, 'message')
  child.process.kill('SIGINT')
  assert.deepEqual(await child.ended, { code: 130, signal: null })
})

const REMEDY = `throw new OperatorError('UDP port 67 is taken', 'Stop it.\\nOr choose another.')`

test('an error for the operator is printed with its remedy, exit 2', async (t) => {
  const child = start(t, program(REMEDY), { ipc: false })
  assert.deepEqual(await child.ended, { code: 2, signal: null })
  assert.equal(await child.stderr, 'dhcp: UDP port 67 is taken\n  Stop it.\n  Or choose another.\n')
})

test('the parent is told instead, when there is one', async (t) => {
  const child = start(t, program(REMEDY), { ipc: true })
  assert.deepEqual(await child.announced(), {
    type: 'fatal',
    service: 'dhcp',
    message: 'UDP port 67 is taken',
    remedy: 'Stop it.\nOr choose another.',
  })
  assert.deepEqual(await child.ended, { code: 2, signal: null })
  assert.equal(await child.stderr, '')
})

test('every problem of the configuration is printed, exit 2', async (t) => {
  const env = { REBOOTS_LOG_LEVEL: 'loud', REBOOTS_LINKS_INTERFACE: 'eth0' }
  const child = start(t, program(ANNOUNCE), { ipc: false, env })
  assert.deepEqual(await child.ended, { code: 2, signal: null })
  assert.deepEqual((await child.stderr).trimEnd().split('\n'), [
    'dhcp: the configuration has errors',
    '  REBOOTS_LINKS_INTERFACE: unknown variable, did you mean REBOOTS_LINKS_INTERFACES?',
    '  REBOOTS_LOG_LEVEL: must be one of fatal, error, warn, info, debug, trace, silent, not "loud"',
  ])
})

const bugs: readonly { name: string; start: string }[] = [
  { name: 'start throws', start: `throw new TypeError('oops')` },
  { name: 'something throws later', start: `setTimeout(() => { throw new TypeError('oops') }); return { close }` },
  {
    name: 'a promise is forgotten',
    start: `setTimeout(() => void Promise.reject(new TypeError('oops'))); return { close }`,
  },
  {
    name: 'close throws',
    start: `process.kill(process.pid); return { close: async () => { throw new TypeError('oops') } }`,
  },
]
for (const { name, start: body } of bugs) {
  test(`a bug ends the service with 1 and its stack in the log: ${name}`, async (t) => {
    const child = start(t, program(body), { ipc: false })
    assert.deepEqual(await child.ended, { code: 1, signal: null })
    const last = JSON.parse((await child.stdout).trim().split('\n').at(-1)!) as {
      level: string
      err: { stack: string }
    }
    assert.equal(last.level, 'fatal')
    assert.match(last.err.stack, /^TypeError: oops\n {4}at /)
  })
}
