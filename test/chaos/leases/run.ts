import { parseArgs } from 'node:util'
import { crowdChaos } from './crowd.ts'
import { redisChaos } from './redis.ts'
import type { Report } from './scenario.ts'
import { sentinelChaos } from './sentinel.ts'
import { splitChaos } from './split.ts'
import { sqliteChaos } from './sqlite.ts'

/** The long form: `node test/chaos/leases/run.ts --minutes 10 [--seed N] [--only redis|sentinel|split|sqlite|crowd]`. Ends with 1 on a violation. */
const SCENARIOS: Readonly<Record<string, (seconds: number, seed: number) => Promise<Report>>> = {
  redis: redisChaos,
  sentinel: sentinelChaos,
  split: splitChaos,
  sqlite: sqliteChaos,
  crowd: crowdChaos,
}

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '3' },
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
    only: { type: 'string' },
  },
})
const names = values.only === undefined ? Object.keys(SCENARIOS) : [values.only]
const seconds = (Number(values.minutes) * 60) / names.length

for (const name of names) {
  process.stdout.write(`${name}: ${Math.round(seconds)} s, seed ${values.seed}\n`)
  const { violations, count } = await SCENARIOS[name]!(seconds, Number(values.seed))
  const counted = Object.entries(count).map(([what, times]) => `  ${what}: ${times}`)
  process.stdout.write([...counted, ...violations.map((violation) => `  VIOLATION ${violation}`), ''].join('\n'))
  if (violations.length > 0) process.exitCode = 1
}
