import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { missing } from '@reboots/testkit'
import { compile, perfdhcpClient, stormClient, type Client, type Result } from './clients.ts'
import { describeMachine } from './describe-machine.ts'
import { openNetwork } from './network.ts'
import { cpuMicroseconds, residentMebibytes } from './process-cost.ts'
import { quiet } from './quiet.ts'
import { highestRate, median } from './search.ts'
import { isBestSetting, SUBJECTS } from './subjects/index.ts'
import type { Subject } from './subjects/subject.ts'
import { latencyTable, rateTable, type LatencyRow, type RateRow } from './tables.ts'
import { nameOf, withServer, type Stage } from './with-server.ts'

/*
 * How many 4-message exchanges a second DHCP servers complete with less than 1 % loss, all in one run, each on one core of its own,
 * the client on the other.
 *
 *     node test/performance/src/dhcp-rate.ts [--short] [--compare] [--only reboots,kea] [--match regexp] [--rounds 3] [--clients 10000]
 *                                               [--patient]
 *
 * --match is a regular expression on the name of a subject, such as 'reboots, pool, leases in memory'.
 * --compare is the ceiling, Reboots and Kea in their best settings, reservations and pool, with all latencies, within a quarter of an hour.
 * --patient waits before each attempt until the machine is idle, as far as others let it be.
 */
const { values: flags } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    only: { type: 'string', default: 'ceiling,door,reboots,kea,dnsmasq' },
    match: { type: 'string', default: '' },
    rounds: { type: 'string' },
    clients: { type: 'string' },
    patient: { type: 'boolean', default: false },
    compare: { type: 'boolean', default: false },
  },
})

interface Plan {
  readonly rounds: number
  readonly clients: number
  /** Of one attempt at a rate. */
  readonly seconds: number
  readonly precision: number
  /** Searched with perfdhcp too. */
  readonly perfdhcp: boolean
  readonly latencyRepeats: number
  readonly latencySeconds: number
  /** Nothing new is begun after this many seconds. */
  readonly budget: number
}

const rounds = flags.rounds === undefined ? undefined : Number(flags.rounds)
const clients = flags.clients === undefined ? undefined : Number(flags.clients)
const SHORT: Plan = {
  rounds: rounds ?? 1,
  clients: clients ?? 1000,
  seconds: 0.4,
  precision: 0.4,
  perfdhcp: false,
  latencyRepeats: 1,
  latencySeconds: 1,
  budget: flags.compare ? 300 : 50,
}
const LONG: Plan = {
  rounds: rounds ?? 3,
  clients: clients ?? 10_000,
  seconds: 2,
  precision: 0.08,
  perfdhcp: true,
  latencyRepeats: 5,
  latencySeconds: 4,
  budget: 7200,
}
const COMPARISON: Plan = { ...LONG, rounds: rounds ?? 1, perfdhcp: false, budget: 840 }
const PLAN = flags.short ? SHORT : flags.compare ? COMPARISON : LONG

/** Exchanges per second at which CPU per exchange is compared: every server but dnsmasq can do that. */
const COMMON_RATE = 5000
/** What the two clients can do themselves, on one core. */
const STORM_LIMIT = 160_000
const PERFDHCP_LIMIT = 40_000

const started = performance.now()
const inTime = (): boolean => performance.now() - started < PLAN.budget * 1000

const problems = missing({ root: true, commands: ['ip', 'taskset', 'cc', 'perfdhcp'] })
if (problems.length > 0) throw new Error(problems.join('; '))
if (availableParallelism() < 2) throw new Error('the client and the server need a core each')

const directory = await mkdtemp(path.join(tmpdir(), 'pf-dhcp-'))
await openNetwork()
try {
  await main()
} finally {
  await rm(directory, { recursive: true })
}

async function main(): Promise<void> {
  const storm = patient(stormClient(compile('storm', directory)))
  const perfdhcp = patient(perfdhcpClient)
  const stage: Stage = {
    directory,
    clients: PLAN.clients,
    warm: flags.short ? { rate: 1000, seconds: 0.5 } : { rate: 3000, seconds: 2 },
  }
  const wanted = flags.only.split(',')
  const matching = new RegExp(flags.match)
  const all = SUBJECTS.filter(
    (subject) =>
      wanted.includes(subject.server) &&
      matching.test(nameOf(subject)) &&
      !subject.missing &&
      (!flags.short || flags.compare || isInShort(subject)) &&
      (!flags.compare || isBestSetting(subject)),
  )
  const rows = new Map<Subject, RateRow[]>()
  for (let round = 0; round < PLAN.rounds; round++) {
    for (const subject of all) {
      if (!inTime()) continue
      const row = await withServer(subject, storm, stage, (pid) => measureRate(subject, storm, perfdhcp, pid))
      rows.set(subject, [...(rows.get(subject) ?? []), row])
      console.error(`${nameOf(subject)}: ${Math.round(row.storm)}/s`)
    }
  }
  const rates = [...rows.values()].map(medianOf)
  console.log(describeMachine(PLAN.clients))
  console.log(rateTable(rates))

  for (const addresses of ['reservations', 'pool'] as const) {
    const ofThese = rates.filter((row) => row.addresses === addresses)
    const half = Math.round(bestOf('kea', ofThese) / 2)
    if (half === 0) continue
    const latencies: LatencyRow[] = []
    for (const subject of latencySubjects([...rows.keys()], ofThese)) {
      if (!inTime()) continue
      const measure = (pid: number): Promise<LatencyRow> => measureLatency(subject, perfdhcp, half, pid)
      latencies.push(await withServer(subject, storm, stage, measure))
      console.error(`${nameOf(subject)}: p99 ${latencies.at(-1)!.p99} µs at ${half}/s`)
    }
    console.log(latencyTable(latencies, half))
  }
}

function patient(client: Client): Client {
  if (!flags.patient) return client
  return async (load) => {
    await quiet()
    return client(load)
  }
}

function isInShort({ server, setting, addresses }: Subject): boolean {
  if (server === 'kea') return setting === 'threads off, persist off' && addresses === 'reservations'
  if (server === 'dnsmasq') return addresses === 'reservations'
  return addresses !== 'pool' && !setting.includes('dgram') && !setting.includes('log line')
}

async function measureRate(subject: Subject, storm: Client, perfdhcp: Client, pid: number): Promise<RateRow> {
  const { seconds, clients, precision } = PLAN
  const from = subject.server === 'dnsmasq' ? 500 : 4000
  const options = { from, seconds, clients, precision, tries: 2, inTime }
  const found = await highestRate(storm, { ...options, to: STORM_LIMIT })
  const standard = PLAN.perfdhcp ? await highestRate(perfdhcp, { ...options, to: PERFDHCP_LIMIT }) : undefined
  const cost = await costOf(storm, pid, Math.min(COMMON_RATE, found.rate / 2))
  const { server, setting, addresses } = subject
  return {
    server,
    setting,
    addresses,
    storm: found.rate,
    perfdhcp: standard?.rate,
    cost,
    memory: residentMebibytes(pid),
  }
}

/** Microseconds of CPU for one exchange. */
async function costOf(client: Client, pid: number, rate: number): Promise<number> {
  const before = cpuMicroseconds(pid)
  const { completed } = await client({ rate, seconds: PLAN.seconds, clients: PLAN.clients })
  return (cpuMicroseconds(pid) - before) / Math.max(completed, 1)
}

async function measureLatency(subject: Subject, client: Client, rate: number, pid: number): Promise<LatencyRow> {
  const results: Result[] = []
  const before = cpuMicroseconds(pid)
  for (let i = 0; i < PLAN.latencyRepeats; i++)
    results.push(await client({ rate, seconds: PLAN.latencySeconds, clients: PLAN.clients }))
  const used = cpuMicroseconds(pid) - before
  const completed = results.reduce((sum, result) => sum + result.completed, 0)
  const begun = results.reduce((sum, result) => sum + result.begun, 0)
  const middle = (key: 'p50' | 'p99' | 'max') => median(results.map((result) => result.delays[key]))
  const { server, setting, addresses } = subject
  const [cost, loss] = [used / Math.max(completed, 1), 1 - completed / Math.max(begun, 1)]
  return { server, setting, addresses, cost, loss, p50: middle('p50'), p99: middle('p99'), max: middle('max') }
}

function medianOf(rows: readonly RateRow[]): RateRow {
  const middle = (key: 'storm' | 'cost' | 'memory') => median(rows.map((row) => row[key]))
  const standard = rows.map((row) => row.perfdhcp).filter((rate) => rate !== undefined)
  return {
    ...rows[0]!,
    storm: middle('storm'),
    cost: middle('cost'),
    memory: middle('memory'),
    perfdhcp: standard.length > 0 ? median(standard) : undefined,
  }
}

function bestOf(server: Subject['server'], rates: readonly RateRow[]): number {
  return Math.max(0, ...rates.filter((row) => row.server === server).map((row) => row.storm))
}

/** Of each server the setting with the highest rate; of ours all of them when servers are compared. */
function latencySubjects(subjects: readonly Subject[], rates: readonly RateRow[]): Subject[] {
  const rateOf = (subject: Subject): number =>
    rates.find(
      (row) => row.server === subject.server && row.setting === subject.setting && row.addresses === subject.addresses,
    )?.storm ?? 0
  const measured = subjects.filter((subject) => rateOf(subject) > 0)
  const groups = Map.groupBy(measured, ({ server }) => server)
  return [...groups].flatMap(([server, group]) =>
    flags.compare && server === 'reboots' ? group : [group.toSorted((a, b) => rateOf(b) - rateOf(a))[0]!],
  )
}
