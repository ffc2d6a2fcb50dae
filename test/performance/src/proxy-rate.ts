import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { missing } from '@reboots/testkit'
import { compile, stormClient, type Client, type Delays } from './clients.ts'
import { describeMachine } from './describe-machine.ts'
import { openNetwork } from './network.ts'
import { cpuMicroseconds, residentMebibytes } from './process-cost.ts'
import { quiet } from './quiet.ts'
import { highestRate } from './search.ts'
import { PROXIES } from './subjects/proxies.ts'
import { grouped, markdown } from './tables.ts'
import { nameOf, withServer } from './with-server.ts'

/*
 * How many DISCOVERs of UEFI firmware a second proxyDHCP servers answer with less than 1 % loss, each on one core of its own, the client
 * on the other; and how long an answer takes at half of what dnsmasq does.
 *
 *     node test/performance/src/proxy-rate.ts [--short] [--match regexp] [--patient]
 */
const { values: flags } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    match: { type: 'string', default: '' },
    patient: { type: 'boolean', default: false },
  },
})
const clients = 10_000
const seconds = flags.short ? 0.5 : 2
const LIMIT = 400_000
/** At which CPU for an answer is compared. */
const COMMON_RATE = 5000

const problems = missing({ root: true, commands: ['ip', 'taskset', 'cc'] })
if (problems.length > 0) throw new Error(problems.join('; '))
const directory = await mkdtemp(path.join(tmpdir(), 'pf-proxy-'))
await openNetwork()
try {
  await main()
} finally {
  await rm(directory, { recursive: true })
}

interface Row {
  readonly name: readonly string[]
  readonly rate: number
  readonly cost: number
  readonly memory: number
  delays?: Delays
}

async function main(): Promise<void> {
  const storm = client(stormClient(compile('storm', directory), { STORM_PXE: '1' }))
  const stage = { directory, clients, warm: { rate: 3000, seconds: 2 } }
  const subjects = PROXIES.filter((subject) => !subject.missing && new RegExp(flags.match).test(nameOf(subject)))
  const rows: Row[] = []
  for (const subject of subjects) {
    rows.push(
      await withServer(subject, storm, stage, (pid) => measureRate([subject.server, subject.setting], storm, pid)),
    )
    console.error(`${nameOf(subject)}: ${Math.round(rows.at(-1)!.rate)}/s`)
  }
  const anchor = rows.find(({ name }) => name[0] === 'dnsmasq')?.rate ?? 0
  for (const [index, subject] of subjects.entries()) {
    if (anchor === 0) continue
    const load = { rate: anchor / 2, seconds: flags.short ? 1 : 5, clients }
    rows[index]!.delays = await withServer(subject, storm, stage, async () => (await storm(load)).delays)
  }
  console.log(describeMachine(clients))
  const head = [
    'server',
    'setting',
    'OFFERs/s',
    '× dnsmasq',
    'CPU µs each',
    'MiB',
    `p50 µs at ${grouped(anchor / 2)}/s`,
    'p99',
    'max',
  ]
  console.log(
    markdown(
      head,
      rows.map((row) => cells(row, anchor)),
    ),
  )
}

function client(storm: Client): Client {
  if (!flags.patient) return storm
  return async (load) => {
    await quiet()
    return storm(load)
  }
}

async function measureRate(name: readonly string[], storm: Client, pid: number): Promise<Row> {
  const options = {
    from: 4000,
    to: LIMIT,
    seconds,
    clients,
    precision: flags.short ? 0.4 : 0.08,
    tries: 2,
    inTime: () => true,
  }
  const { rate } = await highestRate(storm, options)
  const before = cpuMicroseconds(pid)
  const { completed } = await storm({ rate: Math.min(COMMON_RATE, rate / 2), seconds, clients })
  const cost = (cpuMicroseconds(pid) - before) / Math.max(completed, 1)
  return { name, rate, cost, memory: residentMebibytes(pid) }
}

function cells({ name, rate, cost, memory, delays }: Row, anchor: number): string[] {
  const times = anchor === 0 ? '–' : (rate / anchor).toFixed(2)
  const told = delays === undefined ? ['–', '–', '–'] : [delays.p50, delays.p99, delays.max].map(grouped)
  return [...name, grouped(rate), times, cost.toFixed(1), memory.toFixed(0), ...told]
}
