import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { test, type TestContext } from 'node:test'

const WRITER = fileURLToPath(new URL('./line-writer.ts', import.meta.url))

/** A process that writes to its standard output by a line writer; begins when it is told to. */
function writing(t: TestContext, body: string): ChildProcess {
  const source = `
    import { once } from 'node:events'
    import { lineWriter } from ${JSON.stringify(WRITER)}
    const writer = lineWriter(1)
    process.send('here')
    await once(process, 'message')
    ${body}
    process.exit(7)`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  t.after(() => child.kill('SIGKILL'))
  return child
}

async function begin(child: ChildProcess): Promise<void> {
  await once(child, 'message')
  child.send('begin')
}

const flushes = ['await writer.flush()', 'writer.flushSync()', 'await writer.flush(); writer.flushSync()']

for (const flush of flushes) {
  test(`a reader that is gone does not hold the process: ${flush}`, async (t) => {
    const child = writing(t, `for (let i = 0; i < 100; i++) writer.write('line ' + i + '\\n'); ${flush}`)
    child.stdout!.destroy()
    await begin(child)
    assert.deepEqual(await once(child, 'exit'), [7, null])
  })
}

test('lines come whole and in order, and are out before the process ends', async (t) => {
  const child = writing(t, `for (let i = 0; i < 50000; i++) writer.write('line ' + i + '\\n'); await writer.flush()`)
  const output = text(child.stdout!)
  await begin(child)
  const lines = (await output).trimEnd().split('\n')
  assert.deepEqual(
    lines,
    Array.from({ length: 50_000 }, (_, i) => `line ${i}`),
  )
})

test('what does not fit is lost, and it is said how much', async (t) => {
  const line = 'x'.repeat(1023)
  const child = writing(t, `for (let i = 0; i < 10000; i++) writer.write('${line}\\n'); await writer.flush()`)
  const output = text(child.stdout!)
  await begin(child)
  const lines = (await output).trimEnd().split('\n')
  const whole = lines.filter((one) => one === line)
  const { lost, level } = JSON.parse(lines.at(-1)!) as { lost: number; level: string }
  assert.deepEqual([whole.length, whole.length + lost, level], [lines.length - 1, 10_000, 'warn'])
  assert.ok(lost > 0)
})
