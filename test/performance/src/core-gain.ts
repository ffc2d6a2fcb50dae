import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { missing, type Running } from '@reboots/testkit'
import { compile, stormClient, type Client } from './clients.ts'
import { cpuShare, cpuSharesMissing, threadsOf } from './cpu-share.ts'
import { CORES, openNetwork } from './network.ts'
import { cpuMicroseconds, threadMicroseconds } from './process-cost.ts'
import { quiet } from './quiet.ts'
import { median } from './search.ts'
import { startReboots, USUAL, type Setting } from './subjects/reboots.ts'

/*
 * What a second core adds to services/dhcp: the exchanges a second that it completes at most, on one core and on two.
 *
 *     node test/performance/src/core-gain.ts [--share 40] [--rounds 5] [--samples 3] [--seconds 3] [--only memory,sqlite] [--patient]
 *
 * Two cores for the server and one for the client take three. On a machine that has two, every core of the server is a share of a real
 * one, 40 % by default, by a quota of the scheduler. On one core: all threads together on that of the server, and the service chooses
 * for one core. On two: the thread that decides has such a share of the server's core, all others together have one of the client's.
 * Which thread is where is fixed, where a scheduler would be free; it cannot do worse.
 */
const { values: flags } = parseArgs({
  options: {
    share: { type: 'string', default: '40' },
    rounds: { type: 'string', default: '5' },
    samples: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    only: { type: 'string', default: 'memory,sqlite' },
    patient: { type: 'boolean', default: false },
  },
})
const CLIENTS = 10_000
/** Exchanges under way: enough that nobody waits for the other side or for a disk, too few to overflow a buffer. */
const WINDOW = 1500
/** More than any server does. */
const RATE = 200_000
/** Without the quota, until everything is compiled. */
const WARMING_SECONDS = 5

const problems = missing({ root: true, commands: ['ip', 'taskset', 'cc'] })
if (cpuSharesMissing) problems.push(cpuSharesMissing)
if (availableParallelism() < 2) problems.push('needs two cores')
if (problems.length > 0) throw new Error(problems.join('; '))

interface Sample {
  /** Exchanges per second. */
  readonly rate: number
  /** Microseconds of CPU for an exchange: the thread that decides, and the others together. */
  readonly deciding: number
  readonly others: number
}

const directory = await mkdtemp(path.join(tmpdir(), 'pf-cores-'))
const running = new Set<Running>()
process.once('exit', () => running.forEach((process) => process.kill()))
await openNetwork()
try {
  const storm = stormClient(compile('storm', directory))
  console.log('| leases | cores | exchanges/s | gain | CPU µs each: deciding | other threads |')
  console.log('| --- | --: | --: | --: | --: | --: |')
  for (const store of ['memory', 'sqlite'] as const)
    if (flags.only.split(',').includes(store)) await compare(storm, store)
} finally {
  await rm(directory, { recursive: true })
}

/** One and two cores in turn, so that whatever else happens on the machine happens to both. */
async function compare(storm: Client, store: Setting['store']): Promise<void> {
  const samples: Record<1 | 2, Sample[]> = { 1: [], 2: [] }
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const cores of [1, 2] as const) {
      const some = await sample(storm, store, cores)
      samples[cores].push(...some)
      console.error(`${store}, ${cores}: ${some.map(({ rate }) => Math.round(rate)).join(' ')}`)
    }
  }
  const middle = (cores: 1 | 2, key: keyof Sample): number => median(samples[cores].map((some) => some[key]))
  for (const cores of [1, 2] as const) {
    const gain = cores === 1 ? '' : `${Math.round((middle(2, 'rate') / middle(1, 'rate') - 1) * 100)} %`
    const cost = (['deciding', 'others'] as const).map((key) => middle(cores, key).toFixed(1))
    console.log(`| ${store} | ${cores} | ${[middle(cores, 'rate').toFixed(0), gain, ...cost].join(' | ')} |`)
  }
}

async function sample(storm: Client, store: Setting['store'], cores: 1 | 2): Promise<readonly Sample[]> {
  const home = await mkdtemp(path.join(directory, `${store}-`))
  const processes = await startReboots({ directory: home, clients: CLIENTS }, { ...USUAL, store, roams: cores === 2 })
  processes.forEach((process) => running.add(process))
  const [hardware, rules, { pid }] = processes
  const shares = Array.from({ length: cores }, (_, index) => cpuShare(String(index), Number(flags.share)))
  try {
    await answering(storm)
    await Promise.all([hardware.stop(), rules.stop()])
    await storm({ rate: RATE, seconds: WARMING_SECONDS, clients: CLIENTS, window: WINDOW })
    for (const thread of threadsOf(pid)) {
      const second = cores === 2 && thread !== pid
      shares[second ? 1 : 0]!.add(thread)
      const core = CORES[second ? 'client' : 'server']
      execFileSync('taskset', ['--cpu-list', '--pid', String(core), String(thread)])
    }
    const samples: Sample[] = []
    for (let n = 0; n < Number(flags.samples); n++) samples.push(await measure(storm, pid))
    return samples
  } finally {
    for (const process of processes) {
      await process.stop()
      running.delete(process)
    }
    for (const share of shares) share.close()
  }
}

async function measure(storm: Client, pid: number): Promise<Sample> {
  if (flags.patient) await quiet()
  const cost = (): readonly [number, number] => [threadMicroseconds(pid, pid), cpuMicroseconds(pid)]
  const before = cost()
  const { rate, completed } = await storm({
    rate: RATE,
    seconds: Number(flags.seconds),
    clients: CLIENTS,
    window: WINDOW,
  })
  const after = cost()
  const deciding = after[0] - before[0]
  return { rate, deciding: deciding / completed, others: (after[1] - before[1] - deciding) / completed }
}

async function answering(storm: Client): Promise<void> {
  for (let tries = 0; tries < 60; tries++) {
    const { completed } = await storm({ rate: 100, seconds: 0.05, clients: CLIENTS })
    if (completed > 0) return
  }
  throw new Error('the service does not answer')
}
