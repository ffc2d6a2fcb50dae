import { globSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { readOptions, type Command } from './command.ts'
import { runQuietly, type Finished } from './run.ts'
import { BIN, mayColor, ROOT } from './repository.ts'

interface Step {
  readonly name: string
  run(): Promise<Finished>
}

function tool(name: string, command: string, args: readonly string[], cwd = ROOT): Step {
  return { name, run: () => runQuietly(command, args, { cwd }) }
}

/** A file takes seconds; what takes minutes hangs, and is a failure. */
const tests = (how: readonly string[], files: readonly string[]): readonly string[] => [
  '--test',
  '--test-reporter=dot',
  '--test-timeout=300000',
  ...how,
  ...files,
]

const HOUSE = 'test/house/**/*.test.ts'
const UNIT = ['packages/*/src/**/*.test.ts', 'services/*/src/**/*.test.ts']
/** Such a test waits for what it starts more than it works. */
const STARTS_PROGRAMS = /node:child_process|new (RedisServer|Running)\(/

function reading(): readonly Step[] {
  return [
    tool('format', `${BIN}/oxfmt`, ['--check', 'packages', 'services', 'test']),
    tool('lint', `${BIN}/oxlint`, ['--type-aware']),
    tool('types', `${BIN}/tsc`, []),
    tool('types of pure rooms', `${BIN}/tsc`, ['-p', 'packages/tsconfig.pure.json']),
    tool('proto lint', `${BIN}/buf`, ['lint'], `${ROOT}/packages/api`),
    { name: 'generated code is current', run: regeneratedIsSame },
  ]
}

/**
 * A process for each file costs more than most files: to load what they test takes a second, the tests take a tenth of that. So files
 * share one, except those that start programs.
 */
function running(): readonly (readonly Step[])[] {
  const files = globSync([HOUSE, ...UNIT], { cwd: ROOT })
  const { starting = [], rest = [] } = Object.groupBy(files, (file) =>
    STARTS_PROGRAMS.test(readFileSync(`${ROOT}/${file}`, 'utf8')) ? 'starting' : 'rest',
  )
  const together = (name: string, top: string): Step =>
    tool(
      name,
      process.execPath,
      tests(
        ['--test-isolation=none'],
        rest.filter((file) => file.startsWith(top)),
      ),
    )
  return [
    [together('tests of packages', 'packages/'), together('house tests', 'test/')],
    [together('tests of services', 'services/')],
    [tool('tests that start programs', process.execPath, tests(['--test-concurrency=2'], starting))],
  ]
}

/** Each file in a process of its own, which nothing that another has left behind can help. */
function runningAlone(): readonly (readonly Step[])[] {
  const each = [`--test-concurrency=${availableParallelism()}`]
  return [[tool('unit and house tests, each alone', process.execPath, tests(each, [HOUSE, ...UNIT]))]]
}

export const check: Command = {
  name: 'check',
  summary: 'format, lint, types, generated code, unit and house tests; about a minute on two idle cores',
  usage: `reboots check

Runs everything that needs nothing but the repository: oxfmt, oxlint with types, tsc (and once more for the pure rooms), buf lint, a
comparison of the generated gRPC code, the house tests and every unit test. Each step is printed with its time, a failed one with its
output. Exit 1 if any failed.`,
  async run(args) {
    readOptions('check', args, {})
    return (await runChecks()) ? 0 : 1
  },
}

/** Runs all steps, prints each as it ends; true if all went well. `alone`: no two files of tests share a process, which takes longer. */
export async function runChecks({ alone = false } = {}): Promise<boolean> {
  const started = Date.now()
  const lanes = await Promise.all([reading(), ...(alone ? runningAlone() : running())].map(runLane))
  const failed = lanes.flat()
  console.log(
    failed.length === 0
      ? `check: all well, ${seconds(started)}`
      : `check: failed, ${seconds(started)}: ${failed.join(', ')}`,
  )
  return failed.length === 0
}

/** One after another; gives the names of those that failed. */
async function runLane(steps: readonly Step[]): Promise<string[]> {
  const failed: string[] = []
  for (const step of steps) {
    const started = Date.now()
    const { code, output } = await step.run()
    if (code !== 0) failed.push(step.name)
    console.log(`${mark(code === 0)} ${step.name.padEnd(26)} ${seconds(started).padStart(7)}`)
    if (code !== 0) console.log(output.trimEnd().replace(/^/gm, '    '))
  }
  return failed
}

function mark(good: boolean): string {
  const [sign, color] = good ? ['ok  ', '\x1b[32m'] : ['FAIL', '\x1b[31m']
  return mayColor(process.stdout) ? `${color}${sign}\x1b[0m` : sign
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`
}

/** Generates into a directory of its own, so that a difference is shown and not written over. */
async function regeneratedIsSame(): Promise<Finished> {
  const directory = await mkdtemp(join(tmpdir(), 'reboots-gen-'))
  try {
    const api = `${ROOT}/packages/api`
    const generated = await runQuietly(`${BIN}/buf`, ['generate', '--output', directory], { cwd: api })
    if (generated.code !== 0) return generated
    const compared = await runQuietly('diff', ['-r', `${api}/src/gen`, join(directory, 'src/gen')])
    if (compared.code === 0) return compared
    return {
      code: 1,
      output: `${compared.output}packages/api/src/gen is not what packages/api/proto gives: run reboots regenerate`,
    }
  } finally {
    await rm(directory, { recursive: true })
  }
}
