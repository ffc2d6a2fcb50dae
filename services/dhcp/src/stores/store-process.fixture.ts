import { createInterface } from 'node:readline'
import type { AddressRange, LeaseLedger, LeaseStep, StepResult } from '@reboots/leases'
import type { Instant, Ipv4Address } from '@reboots/protocol/net'
import { createLog, now } from '@reboots/runtime'
import { openMemoryStore } from './memory-store.ts'
import { openRedisStore, type RedisStoreOptions } from './redis-store.ts'
import { openSqliteStore } from './sqlite-store.ts'

/** What it is started with, as JSON in its first argument. */
interface Settings {
  readonly store: 'memory' | 'sqlite' | 'redis'
  readonly file?: string
  readonly access?: RedisStoreOptions['access']
  readonly copies?: number
  readonly commandTimeout?: number
  readonly split?: { readonly percent: number; readonly time: number; readonly ranges: readonly AddressRange[] }
  readonly reserved: readonly number[]
  /** How wrong the clock of this process is, in milliseconds: by turns, for it is set all the time. */
  readonly clockErrors: readonly number[]
}

/**
 * A store in a process of its own, to be killed: reads `{id, steps}` as JSON lines, answers `{id, results}`, a lease with the milliseconds
 * that are left of it, and `leases` when there are no steps. Its first line says that it is open.
 */
const settings = JSON.parse(process.argv[2]!) as Settings
const log = createLog('dhcp', { level: 'silent', format: 'json' })

async function open(): Promise<LeaseLedger> {
  const { store, file, access, copies = 0, commandTimeout, split } = settings
  if (store === 'sqlite') return openSqliteStore({ file: file!, log, retryInterval: 50 })
  if (store === 'redis') {
    const kept = split && { split: { ...split, ranges: () => split.ranges } }
    const timeout = commandTimeout === undefined ? {} : { commandTimeout }
    return openRedisStore({ access: access!, copies, log, ...timeout, ...kept })
  }
  return openMemoryStore()
}

const say = (line: unknown) => process.stdout.write(JSON.stringify(line) + '\n')
const store = await open()
for (const address of settings.reserved) store.reserve(address as Ipv4Address)
say({ id: 0, results: [] })

interface Question {
  readonly id: number
  readonly steps: readonly LeaseStep[]
}

/** What came in together is asked together, as the service does. */
const waiting: Question[] = []

function hear(line: string): void {
  waiting.push(JSON.parse(line) as Question)
  if (waiting.length === 1) setImmediate(askSome)
}

/** Not more at once than the service asks. */
function askSome(): void {
  void answerAll(waiting.splice(0, 64))
  if (waiting.length > 0) setImmediate(askSome)
}

async function answerAll(questions: readonly Question[]): Promise<void> {
  const then = (now() + settings.clockErrors[questions[0]!.id % settings.clockErrors.length]!) as Instant
  const results = await store.run(
    questions.flatMap(({ steps }) => steps),
    then,
  )
  const alone = store.problem !== undefined
  let next = 0
  for (const { id, steps } of questions) {
    const own = results.slice(next, (next += steps.length)).map((result) => told(result, then, alone))
    const isList = steps.length === 0 && !alone
    say({ id, results: own, ...(isList && { leases: await listed(then) }) })
  }
}

function told(result: StepResult, then: Instant, alone: boolean) {
  if (typeof result === 'string') return result
  return { state: result.state, address: result.address, left: result.expiresAt - then, alone }
}

/** What is asked without a step: who has which address. */
async function listed(then: Instant): Promise<(readonly [Ipv4Address, string])[]> {
  const leases: (readonly [Ipv4Address, string])[] = []
  for await (const { address, client, state } of store.list(then)) if (state === 'bound') leases.push([address, client])
  return leases
}

for await (const line of createInterface({ input: process.stdin })) hear(line)
await store.close()
