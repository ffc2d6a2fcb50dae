import { createInterface } from 'node:readline'
import type { LeaseLedger, LeaseStep } from '@reboots/leases'
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
  const { store, file, access, copies = 0 } = settings
  if (store === 'sqlite') return openSqliteStore({ file: file!, log, retryInterval: 50 })
  if (store === 'redis') return openRedisStore({ access: access!, copies, log })
  return openMemoryStore()
}

const say = (line: unknown) => process.stdout.write(JSON.stringify(line) + '\n')
const store = await open()
for (const address of settings.reserved) store.reserve(address as Ipv4Address)
say({ id: 0, results: [] })

async function answer(line: string): Promise<void> {
  const { id, steps } = JSON.parse(line) as { id: number; steps: LeaseStep[] }
  const then = (now() + settings.clockErrors[id % settings.clockErrors.length]!) as Instant
  const results = (await store.run(steps, then)).map((result) =>
    typeof result === 'string'
      ? result
      : { state: result.state, address: result.address, left: result.expiresAt - then },
  )
  say({ id, results, ...(steps.length === 0 && store.problem === undefined && { leases: await listed(then) }) })
}

/** What is asked without a step: who has which address. */
async function listed(then: Instant): Promise<(readonly [Ipv4Address, string])[]> {
  const leases: (readonly [Ipv4Address, string])[] = []
  for await (const { address, client, state } of store.list(then)) if (state === 'bound') leases.push([address, client])
  return leases
}

for await (const line of createInterface({ input: process.stdin })) void answer(line)
await store.close()
