import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { missing, type Running } from '@reboots/testkit'
import { compile, perfdhcpClient, stormClient, type Client, type Result } from './clients.ts'
import { openNetwork } from './network.ts'
import { cpuMicroseconds, residentMebibytes } from './process-cost.ts'
import { quiet } from './quiet.ts'
import { highestRate, median } from './search.ts'
import { canned } from './subjects/canned.ts'
import { dnsmasq } from './subjects/dnsmasq.ts'
import { kea } from './subjects/kea.ts'
import { reboots } from './subjects/reboots.ts'
import type { Subject } from './subjects/subject.ts'
import { latencyTable, rateTable, type LatencyRow, type RateRow } from './tables.ts'

/*
 * How many 4-message exchanges a second DHCP servers complete with less than 1 % loss, all in one run, each on one core of its own,
 * the client on the other.
 *
 *     node test/performance/src/dhcp-rate.ts [--short] [--only reboots,kea] [--match regexp] [--rounds 3] [--clients 10000] [--patient]
 *
 * --match is a regular expression on the name of a subject, such as 'reboots, pool, leases in memory'.
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
  budget: 50,
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
const PLAN = flags.short ? SHORT : LONG

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
const running = new Set<Running>()
process.once('exit', () => running.forEach((process) => process.kill()))
await openNetwork()
try {
  await main()
} finally {
  await rm(directory, { recursive: true })
}

async function main(): Promise<void> {
  const storm = patient(stormClient(compile('storm', directory)))
  const perfdhcp = patient(perfdhcpClient)
  const wanted = flags.only.split(',')
  const matching = new RegExp(flags.match)
  const all = [...canned, ...reboots, ...kea, ...dnsmasq].filter(
    (subject) =>
      wanted.includes(subject.server) &&
      matching.test(nameOf(subject)) &&
      !subject.missing &&
      (!flags.short || isInShort(subject)),
  )
  const rows = new Map<Subject, RateRow[]>()
  for (let round = 0; round < PLAN.rounds; round++) {
    for (const subject of all) {
      if (!inTime()) continue
      const row = await withServer(subject, storm, (pid) => measureRate(subject, storm, perfdhcp, pid))
      rows.set(subject, [...(rows.get(subject) ?? []), row])
      console.error(`${nameOf(subject)}: ${Math.round(row.storm)}/s`)
    }
  }
  const rates = [...rows.values()].map(medianOf)
  console.log(machine())
  console.log(rateTable(rates))

  const half = Math.round(bestOf('kea', rates) / 2)
  const client = half > 0 ? perfdhcp : undefined
  const latencies: LatencyRow[] = []
  for (const subject of bestSettings([...rows.keys()], rates)) {
    if (client === undefined || !inTime()) continue
    latencies.push(await withServer(subject, storm, (pid) => measureLatency(subject, client, half, pid)))
  }
  if (client !== undefined) console.log(latencyTable(latencies, half))
}

function nameOf({ server, addresses, setting }: Subject): string {
  return `${server}, ${addresses}, ${setting}`
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

/** Starts the server, waits until it answers, warms it up, and ends it and everything it needed. */
async function withServer<T>(subject: Subject, storm: Client, measure: (pid: number) => Promise<T>): Promise<T> {
  const home = await mkdtemp(path.join(directory, `${subject.server}-`))
  const processes = await subject.start({ directory: home, clients: PLAN.clients })
  processes.forEach((process) => running.add(process))
  const server = processes.at(-1)!
  try {
    await answering(subject, storm, server)
    for (const process of subject.stopWhenReady?.(processes) ?? []) await process.stop()
    const warm = flags.short ? 1000 : 3000
    await storm({ rate: warm, seconds: flags.short ? 0.5 : 2, clients: PLAN.clients })
    return await measure(server.pid)
  } finally {
    for (const process of processes) {
      await process.stop()
      running.delete(process)
    }
  }
}

/** Dialling until somebody answers: the servers do not all say when they are ready. */
async function answering({ server, setting }: Subject, storm: Client, process: Running): Promise<void> {
  for (let tries = 0; tries < 60; tries++) {
    const { completed } = await storm({ rate: 100, seconds: 0.05, clients: PLAN.clients })
    if (completed > 0) return
    if (process.ending !== undefined) break
  }
  throw new Error(`${server} (${setting}) does not answer:\n${process.output}`)
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

/** Of each server and kind of addresses the setting with the highest rate. */
function bestSettings(subjects: readonly Subject[], rates: readonly RateRow[]): Subject[] {
  const rateOf = (subject: Subject): number =>
    rates.find(
      (row) => row.server === subject.server && row.setting === subject.setting && row.addresses === subject.addresses,
    )?.storm ?? 0
  const groups = Map.groupBy(subjects, ({ server, addresses }) => `${server} ${addresses}`)
  return [...groups.values()].map((group) => group.toSorted((a, b) => rateOf(b) - rateOf(a))[0]!)
}

function machine(): string {
  const memory = Math.round(totalmem() / 2 ** 30)
  const load = loadavg()[0]!.toFixed(1)
  return `${cpus()[0]?.model ?? 'CPU'}, ${cpus().length} cores, ${memory} GiB, Node ${process.versions.node}, ${PLAN.clients} clients, load at the end ${load}\n`
}
