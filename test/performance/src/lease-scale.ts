import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { missing } from '@reboots/testkit'
import { compile, stormClient, type Client } from './clients.ts'
import { describeMachine } from './describe-machine.ts'
import { openNetwork } from './network.ts'
import { cpuMicroseconds, residentMebibytes } from './process-cost.ts'
import { quiet } from './quiet.ts'
import { highestRate } from './search.ts'
import { SUBJECTS } from './subjects/index.ts'
import { grouped, markdown } from './tables.ts'
import { nameOf, withServer, type Stage } from './with-server.ts'

/*
 * What more leases cost: each server is filled to so many clients with a lease from its pool, and at each step its memory and its rate are
 * measured while all those clients renew in turn. Memory per lease and rate have to stay flat.
 *
 *     node test/performance/src/lease-scale.ts [--short] [--leases 10000,100000,1000000] [--rate 5000] [--match regexp] [--patient]
 *
 * --rate is at how many exchanges a second it is filled. --match: 'reboots, pool' by default.
 */
const { values: flags } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    leases: { type: 'string' },
    rate: { type: 'string', default: '5000' },
    match: { type: 'string', default: '^reboots, pool' },
    patient: { type: 'boolean', default: false },
  },
})
const steps = (flags.leases ?? (flags.short ? '500,1000,5000' : '10000,100000,1000000')).split(',').map(Number)
const rate = Number(flags.rate)
const [seconds, precision] = flags.short ? [0.5, 0.4] : [2, 0.1]
/** Exchanges a second at which CPU is compared. */
const COMMON_RATE = 5000
const STORM_LIMIT = 160_000
/** So often a step is filled again where exchanges were lost. */
const MOST_FILLS = 4

const HEAD = [
  'server',
  'addresses',
  'setting',
  'clients',
  'with a lease',
  'exchanges/s',
  'CPU µs each',
  'MiB',
  'octets a lease',
]

const problems = missing({ root: true, commands: ['ip', 'taskset', 'cc'] })
if (problems.length > 0) throw new Error(problems.join('; '))
const directory = await mkdtemp(path.join(tmpdir(), 'pf-leases-'))
await openNetwork()
try {
  await main()
} finally {
  await rm(directory, { recursive: true })
}

async function main(): Promise<void> {
  const storm = stormClient(compile('storm', directory))
  const stage: Stage = { directory, clients: steps.at(-1)!, warm: undefined }
  const matching = new RegExp(flags.match)
  const rows: string[][] = []
  for (const subject of SUBJECTS.filter((subject) => !subject.missing && matching.test(nameOf(subject)))) {
    const { server, addresses, setting } = subject
    const measured = await withServer(subject, storm, stage, async (pid) => {
      // The compiler and the heap have their size before the first figure is taken.
      const few = Math.round(steps[0]! / 10)
      await storm({ rate: 2000, seconds: flags.short ? 0.5 : 5, clients: few })
      let before = { leases: few, mebibytes: residentMebibytes(pid) }
      const cells: string[][] = []
      for (const leases of steps) {
        const step = await measure(storm, pid, leases)
        const each = ((step.mebibytes - before.mebibytes) * 2 ** 20) / (leases - before.leases)
        cells.push([...step.cells, each.toFixed(0)])
        before = { leases, mebibytes: step.mebibytes }
        console.error(`${nameOf(subject)}: ${step.cells.join(' ')} ${each.toFixed(0)}`)
      }
      return cells
    })
    rows.push(...measured.map((cells) => [server, addresses, setting].concat(cells)))
  }
  console.log(describeMachine(steps.at(-1)!))
  console.log(markdown(HEAD, rows))
}

async function measure(storm: Client, pid: number, leases: number) {
  const bound = await fill(storm, leases)
  if (flags.patient) await quiet()
  const before = cpuMicroseconds(pid)
  const { completed } = await storm({ rate: COMMON_RATE, seconds, clients: leases })
  const cost = (cpuMicroseconds(pid) - before) / Math.max(completed, 1)
  const options = { from: 4000, to: STORM_LIMIT, seconds, clients: leases, precision, tries: 2, inTime: () => true }
  const found = await highestRate(storm, options)
  const mebibytes = residentMebibytes(pid)
  const cells = [grouped(leases), grouped(bound), grouped(found.rate), cost.toFixed(1), mebibytes.toFixed(0)]
  return { mebibytes, cells }
}

/** Every client in turn, until each has a lease; how many have one at least. */
async function fill(storm: Client, leases: number): Promise<number> {
  let most = 0
  for (let fills = 0; fills < MOST_FILLS && most < leases; fills++) {
    const { completed } = await storm({ rate, seconds: leases / rate, clients: leases })
    most = Math.max(most, completed)
  }
  return most
}
