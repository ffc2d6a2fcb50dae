import { setTimeout as delay } from 'node:timers/promises'
import { Client, type Network } from './client.ts'
import { Random } from './random.ts'
import { Replica } from './replica.ts'
import { Witness } from './witness.ts'

/** What can go wrong in a scenario; each is put right again before it resolves. */
export type Mishap = () => Promise<void>

export interface Scenario {
  /** How each replica is to be started. */
  readonly replicas: readonly object[]
  readonly mishaps: readonly Mishap[]
  readonly seconds: number
  readonly seed: number
}

export interface Report {
  readonly violations: readonly string[]
  /** What the steps came to, and how often something went wrong. */
  readonly count: Readonly<Record<string, number>>
}

/** Reserved addresses, in the pool and outside of it, and who has them. */
const RESERVED = new Map([5, 6, 45, 100, 101].map((address, i) => [`reserved ${i}`, address]))
const NEWCOMERS = 60

/** Clients live for so many seconds while replicas are killed and mishaps happen; then all that have a lease must still have it. */
export async function play({ replicas: settings, mishaps, seconds, seed }: Scenario): Promise<Report> {
  const random = new Random(seed)
  const replicas = settings.map((one) => new Replica({ reserved: [...RESERVED.values()], clockErrors: [0], ...one }))
  await Promise.all(replicas.map((replica) => replica.start()))
  const network: Network = { replicas, witness: new Witness(), random, count: new Map() }
  const names = [...RESERVED.keys(), ...Array.from({ length: NEWCOMERS }, (_, i) => `client ${i}`)]
  const clients = names.map((name) => new Client(name, RESERVED.get(name), network))
  try {
    const signal = AbortSignal.timeout(seconds * 1000)
    await Promise.all([...clients.map((client) => client.live(signal)), misfortune(network, mishaps, signal)])
    await Promise.all(clients.map((client) => confirmed(client)))
  } finally {
    await Promise.all(replicas.map((replica) => replica.kill()))
  }
  return { violations: network.witness.violations, count: Object.fromEntries(network.count) }
}

async function misfortune(
  { replicas, random, count, witness }: Network,
  mishaps: readonly Mishap[],
  signal: AbortSignal,
) {
  const killReplica: Mishap = async () => {
    const replica = replicas[random.below(replicas.length)]!
    await replica.kill()
    await delay(random.below(300))
    await replica.start()
    await audit(replica, witness)
  }
  const pauseReplica: Mishap = () => replicas[random.below(replicas.length)]!.pause(random.below(2000))
  const all = [killReplica, killReplica, pauseReplica, ...mishaps, ...mishaps]
  while (!signal.aborted) {
    await delay(200 + random.below(800))
    await all[random.below(all.length)]!()
    count.set('mishaps', (count.get('mishaps') ?? 0) + 1)
  }
}

/**
 * A replica that has just begun knows of every lease that a client has. Not so of reserved addresses: without Redis they are given from
 * the record alone, and that is not forgotten.
 */
async function audit(replica: Replica, witness: Witness): Promise<void> {
  const before = witness.held().filter(({ client }) => !RESERVED.has(client))
  const leases = await replica.leases()
  if (leases !== undefined) witness.listed(leases, before, performance.now())
}

/** Asks until somebody answers. */
async function confirmed(client: Client): Promise<void> {
  while (!(await client.confirm())) await delay(50)
}
