import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMetrics, type Log } from '@reboots/runtime'
import type { Problem } from './records/problem.ts'
import { Roster } from './roster/roster.ts'
import { openTelemetry } from './telemetry.ts'

const problem = (severity: Problem['severity'], line: number): Problem => ({
  severity,
  file: 'f',
  line,
  column: 1,
  path: '',
  message: 'bad',
})

test('each problem is logged when it comes up and when it comes back, and counted while it is there', async () => {
  const lines: string[] = []
  const write = (level: string) => (text: string) => void lines.push(`${level} ${text}`)
  const log = { error: write('error'), warn: write('warn'), info: () => {} } as unknown as Log
  const metrics = createMetrics('hardware')
  const telemetry = openTelemetry(log, metrics, new Roster())
  const load = (...problems: readonly Problem[]): void => telemetry.loaded({ changes: 0, problems, seconds: 0 })
  load(problem('refused', 1), problem('warning', 2))
  load(problem('refused', 1), problem('unreadable', 3))
  load(problem('refused', 1))
  load(problem('unreadable', 3))
  assert.deepEqual(lines, [
    'error f:1:1 bad (this record is not served)',
    'warn f:2:1 bad',
    'error f:3:1 bad',
    'error f:3:1 bad',
  ])
  const text = await metrics.text()
  assert.match(text, /reboots_hardware_problems\{severity="unreadable"\} 1/)
  assert.match(text, /reboots_hardware_problems\{severity="refused"\} 0/)
})

test('of very many problems the first are logged and the rest is counted', () => {
  const lines: string[] = []
  const log = { error: (text: string) => void lines.push(text), info: () => {} } as unknown as Log
  const telemetry = openTelemetry(log, createMetrics('hardware'), new Roster())
  telemetry.loaded({
    changes: 0,
    problems: Array.from({ length: 150 }, (_, line) => problem('refused', line)),
    seconds: 0,
  })
  assert.deepEqual([lines.length, lines.at(-1)], [101, 'and 50 problems more in the machine files'])
})
