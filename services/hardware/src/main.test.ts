import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { hardware } from '@reboots/api'
import { connect } from '@reboots/runtime'
import { EXAMPLE } from './config.ts'

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))

interface Started {
  readonly child: ChildProcess
  readonly lines: AsyncIterator<string>
  readonly errors: () => string
}

/** The service as a process, configured by a file. */
async function start(t: TestContext, configuration: object, files: Readonly<Record<string, string>>): Promise<Started> {
  const directory = await mkdtemp(join(tmpdir(), 'reboots-hardware-main-'))
  t.after(() => rm(directory, { recursive: true }))
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text)
  await writeFile(join(directory, 'reboots.yaml'), JSON.stringify({ hardware: configuration }))
  const { PATH, NODE_COMPILE_CACHE } = process.env
  const env = { PATH, NODE_COMPILE_CACHE, REBOOTS_CONFIG: join(directory, 'reboots.yaml') }
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  t.after(() => child.kill('SIGKILL'))
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  return { child, lines: createInterface(child.stdout)[Symbol.asyncIterator](), errors: () => errors }
}

interface LogLine {
  readonly msg: string
  readonly listens?: readonly string[]
}

async function lineWith(lines: AsyncIterator<string>, text: string): Promise<LogLine> {
  for (;;) {
    const { value, done } = await lines.next()
    assert.ok(done !== true, `the process ended without saying "${text}"`)
    const line = JSON.parse(value) as LogLine
    if (line.msg.includes(text)) return line
  }
}

const LISTEN = { listen: '127.0.0.1:0', metrics: { listen: '127.0.0.1:0' } }

test('it serves the files of the configuration, says what is wrong in them, and ends when asked to', async (t) => {
  const files = { 'machines.yaml': '00:00:5e:00:53:01: {}\n00:00:5e:00:53:02: {leaseTime: -1}\n' }
  const { child, lines } = await start(t, { ...LISTEN, files: ['machines.yaml'] }, files)
  await lineWith(lines, 'machines.yaml:2:32 ["00:00:5e:00:53:02"].leaseTime: must be whole seconds')
  const ready = await lineWith(lines, 'ready: 1 machine from ')
  const [rpc, metrics] = ready.listens!.map((listen) => listen.split(' ')[1]!)
  assert.equal((await fetch(`http://${metrics}/readyz`)).status, 200)
  const client = connect(hardware.HardwareServiceClient, rpc!)
  const all: hardware.ListMachinesResponse[] = await client.listMachines({}).toArray()
  client.close()
  assert.deepEqual(
    all.map(({ machine }) => machine?.id),
    ['00:00:5e:00:53:01'],
  )
  child.kill('SIGTERM')
  assert.deepEqual(await once(child, 'exit'), [0, null])
})

test('a path that does not exist is said plainly, with what to do', async (t) => {
  const { child, errors } = await start(t, { ...LISTEN, files: ['nowhere.yaml'] }, {})
  assert.deepEqual(await once(child, 'close'), [2, null])
  assert.match(
    errors(),
    /^hardware: hardware\.files names \/.*\/nowhere\.yaml, which cannot be read \(ENOENT\)\n {2}Correct /,
  )
})

test('the example is said to be one, and not that nothing is set, where it is named beside other files', async (t) => {
  const files = [EXAMPLE, 'machines.yaml']
  const { child, lines } = await start(t, { ...LISTEN, files }, { 'machines.yaml': '00:00:5e:00:53:02: {}\n' })
  const { msg } = await lineWith(lines, 'example machines')
  assert.match(msg, /which exist nowhere: name your own in hardware\.files$/)
  await lineWith(lines, 'ready: 2 machines from ')
  child.kill('SIGTERM')
  assert.deepEqual(await once(child, 'exit'), [0, null])
})
