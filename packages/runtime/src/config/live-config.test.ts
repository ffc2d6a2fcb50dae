import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import pino from 'pino'
import { z } from 'zod'
import { createMetrics } from '../metrics.ts'
import { OperatorError } from '../operator-error.ts'
import { ConfigError } from './config-error.ts'
import { LiveConfig } from './live-config.ts'
import { loadConfig } from './load.ts'
import { fields, sections } from './sections.ts'

const shape = z.object({
  log: sections.log,
  boot: sections.boot,
  dhcp: z.object({
    name: z.string().default(''),
    time: z.int().min(1).default(60),
    store: z.enum(['memory', 'sqlite']).default('memory'),
    secret: fields.secret.default(''),
  }),
})
type Config = z.infer<typeof shape>

interface Follower {
  readonly live: LiveConfig<typeof shape>
  readonly inForce: () => Config['dhcp']
  readonly metrics: () => Promise<string>
  /** The next line of the log whose message begins so. */
  said(message: string): Promise<Record<string, unknown>>
}

/** A service that follows a file; it wants no name but those of people. */
function follow(t: TestContext, file: string, env: Record<string, string> = {}): Follower {
  const lines: Record<string, unknown>[] = []
  const said = new EventEmitter()
  const write = (line: string): void => {
    lines.push(JSON.parse(line) as Record<string, unknown>)
    setImmediate(() => said.emit('line'))
  }
  const log = pino({}, { write })
  const metrics = createMetrics('dhcp')
  const load = { env, file }
  const loaded = loadConfig(shape, load)
  const live = new LiveConfig({ shape, loaded, load, log, metrics })
  let config = loaded.config
  live.follow({
    live: ['dhcp.name', 'dhcp.time', 'boot'],
    prepare(next) {
      if (next.config.dhcp.name === 'nobody') throw new OperatorError('nobody is no name', 'Take another')
      return () => void (config = next.config)
    },
  })
  t.after(() => live.close())
  return {
    live,
    inForce: () => config.dhcp,
    metrics: () => metrics.text(),
    async said(message) {
      for (;;) {
        const at = lines.findIndex(({ msg }) => String(msg).startsWith(message))
        if (at >= 0) return lines.splice(0, at + 1).at(-1)!
        await once(said, 'line')
      }
    },
  }
}

function directory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'reboots-live-'))
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

function written(t: TestContext, text: string): string {
  const file = join(directory(t), 'reboots.yaml')
  writeFileSync(file, text)
  return file
}

const IN_FORCE = 'new configuration in force'
const REFUSED = 'configuration refused'

const ways: readonly { name: string; change: (file: string, text: string) => void }[] = [
  { name: 'written in place', change: (file, text) => writeFileSync(file, text) },
  {
    name: 'replaced by renaming',
    change(file, text) {
      writeFileSync(`${file}~`, text)
      renameSync(`${file}~`, file)
    },
  },
]
for (const { name, change } of ways) {
  test(`a file that is ${name} is followed, again and again`, async (t) => {
    const file = written(t, 'dhcp: { name: ann }\n')
    const { inForce, said } = follow(t, file)
    for (const person of ['bob', 'eve']) {
      change(file, `dhcp: { name: ${person} }\n`)
      assert.deepEqual((await said(IN_FORCE))['changed'], ['dhcp.name'])
      assert.equal(inForce().name, person)
    }
  })
}

test('the link of a ConfigMap that is turned is followed', async (t) => {
  const volume = directory(t)
  const turn = (version: string, text: string): void => {
    mkdirSync(join(volume, version))
    writeFileSync(join(volume, version, 'reboots.yaml'), text)
    symlinkSync(version, join(volume, '..data_tmp'))
    renameSync(join(volume, '..data_tmp'), join(volume, '..data'))
  }
  turn('..1', 'dhcp: { name: ann }\n')
  symlinkSync('..data/reboots.yaml', join(volume, 'reboots.yaml'))
  const { inForce, said } = follow(t, join(volume, 'reboots.yaml'))
  for (const [version, name] of [
    ['..2', 'bob'],
    ['..3', 'eve'],
  ] as const) {
    turn(version, `dhcp: { name: ${name} }\n`)
    await said(IN_FORCE)
    assert.equal(inForce().name, name)
  }
})

const bad: readonly { name: string; text: string; problems: readonly string[] }[] = [
  {
    name: 'not in order',
    text: 'dhcp: { name: bob, time: soon }\n',
    problems: ['1:26 dhcp.time: must be a number, not "soon"'],
  },
  {
    name: 'not YAML',
    text: 'dhcp: {\n',
    problems: ['2:1 Flow map in block collection must be sufficiently indented and end with a }'],
  },
  { name: 'empty', text: '\n', problems: ['1:1 is empty'] },
  {
    name: 'refused by the service',
    text: 'dhcp: { name: nobody, time: 5 }\n',
    problems: ['nobody is no name. Take another'],
  },
  {
    name: 'other in what cannot change, which is named with its place',
    text: 'log: { format: pretty }\ndhcp:\n  name: bob\n  store: sqlite\n  secret: hush\n',
    problems: [
      '1:16 log.format: cannot change without a restart; restart this service, or take the change back',
      '4:10 dhcp.store: cannot change without a restart; restart this service, or take the change back',
      '5:11 dhcp.secret: cannot change without a restart; restart this service, or take the change back',
    ],
  },
]
for (const { name, text, problems } of bad) {
  test(`what is ${name} is refused as a whole, and the one before stays`, async (t) => {
    const file = written(t, 'dhcp: { name: ann }\n')
    const { live, inForce, said, metrics } = follow(t, file)
    const { version } = live
    writeFileSync(file, text)
    const line = await said(REFUSED)
    assert.deepEqual(
      (line['problems'] as string[]).map((problem) => problem.replace(`${file}:`, '')),
      problems,
    )
    assert.deepEqual([line['kept'], live.version, live.problems], [version, version, line['problems']])
    assert.deepEqual(inForce(), { name: 'ann', time: 60, store: 'memory', secret: '' })
    assert.match(await metrics(), new RegExp(`^reboots_config_problems ${problems.length}$`, 'm'))

    writeFileSync(file, 'dhcp: { name: eve }\n')
    await said(IN_FORCE)
    assert.deepEqual([inForce().name, live.problems], ['eve', []])
    const text2 = await metrics()
    for (const sample of ['problems 0', 'applied_total 1', 'refused_total 1', `info{version="${live.version}"} 1`]) {
      assert.ok(text2.includes(`reboots_config_${sample}\n`), sample)
    }
  })
}

test('a file that is gone is said once, and followed when it is back', async (t) => {
  const file = written(t, 'dhcp: { name: ann }\n')
  const { inForce, said, live } = follow(t, file)
  rmSync(file)
  assert.deepEqual((await said(REFUSED))['problems'], [`${file}: cannot be read: ENOENT`])
  assert.equal(inForce().name, 'ann')
  writeFileSync(file, 'dhcp: { name: bob }\n')
  await said(IN_FORCE)
  assert.deepEqual([inForce().name, live.problems], ['bob', []])
})

test('whoever has the file read again hears what came of it, also when nothing did', async (t) => {
  const file = written(t, 'dhcp: { name: ann }\n')
  const { live, said } = follow(t, file)
  live.reload()
  assert.deepEqual((await said('configuration unchanged'))['version'], live.version)
  writeFileSync(file, 'dhcp: { time: 0 }\n')
  live.reload()
  await said(REFUSED)
  live.reload()
  await said(REFUSED)
})

test('the level of the log changes, and what is set in the environment stays', async (t) => {
  const file = written(t, 'dhcp: { name: ann }\n')
  const { inForce, said } = follow(t, file, { REBOOTS_DHCP_TIME: '7' })
  writeFileSync(file, 'log: { level: debug }\ndhcp: { time: 9, name: bob }\n')
  const line = await said(IN_FORCE)
  assert.deepEqual(line['changed'], ['log.level', 'dhcp.name'])
  assert.deepEqual([inForce().name, inForce().time], ['bob', 7])
})

test('a text that is handed in is checked, written to the file behind the link, and in force', async (t) => {
  const real = written(t, 'dhcp: { name: ann }\n')
  const file = join(directory(t), 'reboots.yaml')
  symlinkSync(real, file)
  const { live, inForce } = follow(t, file)
  assert.deepEqual(live.check('dhcp: { time: 0 }\n'), [`${file}:1:15 dhcp.time: must be at least 1, not 0`])
  await assert.rejects(live.apply('dhcp: { time: 0 }\n'), ConfigError)
  assert.equal(readFileSync(real, 'utf8'), 'dhcp: { name: ann }\n')
  const text = '# by hand\ndhcp: { name: bob }\n'
  await live.apply(text)
  assert.deepEqual([readFileSync(real, 'utf8'), live.text, inForce().name], [text, text, 'bob'])
})

test('a text that cannot be written is not in force', async (t) => {
  const file = written(t, 'dhcp: { name: ann }\n')
  const { live, inForce } = follow(t, file)
  rmSync(file)
  await assert.rejects(live.apply('dhcp: { name: bob }\n'), {
    name: 'ConfigError',
    problems: [`${file}: cannot be written: ENOENT`],
  })
  assert.equal(inForce().name, 'ann')
})
