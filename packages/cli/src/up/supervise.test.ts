import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { ServiceEvents } from './child.ts'
import type { ServiceName } from './services.ts'
import { supervise } from './supervise.ts'

interface Started {
  readonly events: ServiceEvents
  readonly signals: NodeJS.Signals[]
}

/** Services that are not there: the test speaks for them. */
function stage(t: TestContext, services: readonly ServiceName[], stubborn: readonly ServiceName[] = []) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const started = new Map<ServiceName, Started[]>()
  const printed: string[] = []
  const errors: string[] = []
  const stop = Promise.withResolvers<void>()
  const code = supervise(
    {
      services,
      start(name, events) {
        const own: Started = { events, signals: [] }
        started.set(name, [...(started.get(name) ?? []), own])
        const obeys = (signal: NodeJS.Signals): boolean => signal === 'SIGKILL' || !stubborn.includes(name)
        return {
          name,
          signal(signal) {
            own.signals.push(signal)
            if (obeys(signal)) events.ended(name, signal)
          },
        }
      },
      introduce: (announcements) => `table: ${announcements.map(({ service }) => service).join(' ')}`,
      print: (text) => void printed.push(text.trim()),
      printError: (text) => void errors.push(text),
      color: false,
    },
    stop.promise,
  )
  const last = (name: ServiceName): Started => started.get(name)!.at(-1)!
  return {
    code,
    printed,
    errors,
    stop: stop.resolve,
    starts: (name: ServiceName) => started.get(name)?.length,
    signals: (name: ServiceName) => last(name).signals,
    announce: (name: ServiceName) =>
      last(name).events.message(name, { type: 'announce', service: name, listens: [], answers: '' }),
    refuse: (name: ServiceName) =>
      last(name).events.message(name, { type: 'fatal', service: name, message: 'port taken', remedy: 'Stop it.' }),
    end: (name: ServiceName, how: string) => last(name).events.ended(name, how),
    log: (name: ServiceName, msg: string) => last(name).events.line(name, JSON.stringify({ service: name, msg })),
    /** Everything that waits for promises has run. */
    settle: () => new Promise((resolve) => setImmediate(resolve)),
  }
}

test('the table comes first when all are up, then the lines that waited, then each as it comes', async (t) => {
  const on = stage(t, ['hardware', 'tftp'])
  on.announce('hardware')
  on.log('hardware', 'early')
  on.announce('tftp')
  await on.settle()
  on.log('tftp', 'late')
  assert.deepEqual(
    on.printed.map((line) => line.split(/\s+/).at(-1)),
    ['tftp', 'early', 'late'],
  )
  on.stop()
  assert.equal(await on.code, 0)
  assert.deepEqual([on.signals('hardware'), on.signals('tftp')], [['SIGTERM'], ['SIGTERM']])
})

test('one that cannot start stops all, after the others had their say', async (t) => {
  const on = stage(t, ['hardware', 'tftp', 'ipxe-http'])
  on.announce('hardware')
  on.refuse('tftp')
  on.end('tftp', 'exit 2')
  on.refuse('ipxe-http')
  on.end('ipxe-http', 'exit 2')
  assert.equal(await on.code, 2)
  assert.deepEqual(on.errors, ['tftp: port taken\nipxe-http: port taken\n  Stop it.'])
  assert.deepEqual([on.signals('hardware'), on.starts('tftp')], [['SIGTERM'], 1])
})

test('one that never comes up does not keep the reason of another back', async (t) => {
  const on = stage(t, ['hardware', 'tftp'])
  on.refuse('tftp')
  on.end('tftp', 'exit 2')
  await on.settle()
  t.mock.timers.tick(3000)
  assert.equal(await on.code, 2)
})

test('stopped before all are up: nothing is introduced that goes away at once, the lines that waited are shown', async (t) => {
  const on = stage(t, ['hardware', 'tftp'])
  on.announce('hardware')
  on.log('tftp', 'still reading')
  on.stop()
  assert.equal(await on.code, 0)
  assert.deepEqual([on.printed.length, on.printed.at(-1)], [2, 'All services have stopped.'])
  assert.match(on.printed[0]!, /tftp +still reading$/)
})

test('one that takes long is not waited for', async (t) => {
  const on = stage(t, ['hardware', 'tftp'])
  on.announce('tftp')
  t.mock.timers.tick(15_000)
  await on.settle()
  assert.deepEqual(on.printed, ['table: tftp'])
})

test('one that ends later is started again, each time after a longer wait, and the others go on', async (t) => {
  const on = stage(t, ['hardware', 'tftp'])
  on.announce('hardware')
  on.announce('tftp')
  await on.settle()
  for (const wait of [500, 1000, 2000, 4000, 8000, 10_000, 10_000]) {
    const before = on.starts('tftp')!
    on.end('tftp', 'exit 1')
    assert.match(
      on.printed.at(-1)!,
      new RegExp(`tftp +WARN has ended \\(exit 1\\) and is started again in ${wait / 1000} s`),
    )
    t.mock.timers.tick(wait - 1)
    assert.equal(on.starts('tftp'), before)
    t.mock.timers.tick(1)
    assert.equal(on.starts('tftp'), before + 1)
  }
  on.announce('tftp')
  on.end('tftp', 'SIGKILL')
  assert.match(on.printed.at(-1)!, /\(SIGKILL\) and is started again in 0\.5 s/)
  assert.deepEqual([on.starts('hardware'), on.signals('hardware')], [1, []])
})

test('one that cannot start again later is said why, tried again, and disturbs nobody', async (t) => {
  const on = stage(t, ['hardware', 'tftp'])
  on.announce('hardware')
  on.announce('tftp')
  await on.settle()
  on.end('tftp', 'exit 1')
  t.mock.timers.tick(500)
  on.refuse('tftp')
  on.end('tftp', 'exit 2')
  assert.deepEqual(on.errors, ['tftp: port taken\n  Stop it.'])
  t.mock.timers.tick(1000)
  assert.deepEqual([on.starts('tftp'), on.signals('hardware')], [3, []])
})

test('one that does not stop is killed', async (t) => {
  const on = stage(t, ['hardware', 'tftp'], ['tftp'])
  on.stop()
  await on.settle()
  assert.deepEqual([on.signals('hardware'), on.signals('tftp')], [['SIGTERM'], ['SIGTERM']])
  t.mock.timers.tick(7000)
  assert.equal(await on.code, 0)
  assert.deepEqual(on.signals('tftp'), ['SIGTERM', 'SIGKILL'])
})
