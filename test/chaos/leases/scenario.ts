import { setTimeout as delay } from 'node:timers/promises'
import { Client, QUICK, type Network, type Pace } from './client.ts'
import { Random } from './random.ts'
import { Replica } from './replica.ts'
import { Witness } from './witness.ts'

/** What can go wrong in a scenario; each is put right again before it resolves. */
export type Mishap = () => Promise<void>

export interface Scenario {
  /** How each replica is to be started. */
  readonly replicas: readonly object[]
  readonly environment?: Readonly<Record<string, string>>
  readonly mishaps: readonly Mishap[]
  /** What may happen to a replica besides being killed and standing still; it is started again afterwards. */
  readonly accidents?: readonly ((replica: Replica) => Promise<void>)[]
  readonly seconds: number
  readonly seed: number
  readonly crowd?: Crowd
}

/** How many clients there are besides those with reservations, and how they live. */
export interface Crowd {
  readonly clients: number
  readonly pace: Pace
}

const FEW: Crowd = { clients: 60, pace: QUICK }

export interface Report {
  readonly violations: readonly string[]
  /** What the steps came to, and how often something went wrong. */
  readonly count: Readonly<Record<string, number>>
}

/** Reserved addresses, in the pool and outside of it, and who has them. */
const RESERVED = new Map([5, 6, 45, 100, 101].map((address, i) => [`reserved ${i}`, address]))

/** Clients live for so many seconds while replicas are killed and mishaps happen; then all that have a lease must still have it. */
export async function play(scenario: Scenario): Promise<Report> {
  const { replicas: settings, environment = {}, seconds, seed, crowd = FEW } = scenario
  const random = new Random(seed)
  const replicas = settings.map(
    (one) => new Replica({ reserved: [...RESERVED.values()], clockErrors: [0], ...one }, environment),
  )
  await Promise.all(replicas.map((replica) => replica.start()))
  const network: Network = { replicas, witness: new Witness(), random, count: new Map(), pace: crowd.pace }
  const names = [...RESERVED.keys(), ...Array.from({ length: crowd.clients }, (_, i) => `client ${i}`)]
  const clients = names.map((name) => new Client(name, RESERVED.get(name), network))
  try {
    const signal = AbortSignal.timeout(seconds * 1000)
    await Promise.all([...clients.map((client) => client.live(signal)), misfortune(network, scenario, signal)])
    await Promise.all(clients.map((client) => confirmed(client)))
  } finally {
    await Promise.all(replicas.map((replica) => replica.kill()))
  }
  return { violations: network.witness.violations, count: Object.fromEntries(network.count) }
}

/** Replicas come to harm and, at the same time, what they depend on. */
async function misfortune(network: Network, scenario: Scenario, signal: AbortSignal): Promise<void> {
  const { mishaps, accidents = [] } = scenario
  const { replicas, random, witness } = network
  const one = (): Replica => replicas[random.below(replicas.length)]!
  const harm = async (accident: (replica: Replica) => Promise<void>): Promise<void> => {
    const replica = one()
    await accident(replica)
    await delay(random.below(300))
    while (!(await replica.opens())) await delay(100)
    await audit(replica, witness)
    network.count.set('kills', (network.count.get('kills') ?? 0) + 1)
  }
  const killReplica: Mishap = () => harm((replica) => replica.kill())
  const inOtherWays = accidents.map(
    (accident): Mishap =>
      () =>
        harm(accident),
  )
  const pauseReplica: Mishap = () => one().pause(random.below(2000))
  const happen = (what: readonly Mishap[]) => (what.length === 0 ? undefined : oneAfterTheOther(network, what, signal))
  await Promise.all([happen([killReplica, killReplica, pauseReplica, ...inOtherWays]), happen(mishaps)])
}

async function oneAfterTheOther({ random, count }: Network, what: readonly Mishap[], signal: AbortSignal) {
  while (!signal.aborted) {
    await delay(200 + random.below(1500))
    await what[random.below(what.length)]!()
    count.set('mishaps', (count.get('mishaps') ?? 0) + 1)
  }
}

/** A replica tells the time of Redis but for as long as an answer took, so what is about to end may be missing in what it lists. Milliseconds. */
const CLOCK_ERROR = 250

/**
 * A replica that has just begun knows of every lease that a client has. Not so of reserved addresses: without Redis they are given from
 * the record alone, and that is not forgotten.
 */
async function audit(replica: Replica, witness: Witness): Promise<void> {
  const before = witness.held().filter(({ client }) => !RESERVED.has(client))
  const leases = await replica.leases()
  if (leases !== undefined) witness.listed(leases, before, performance.now() + CLOCK_ERROR)
}

/** Asks until somebody answers. */
async function confirmed(client: Client): Promise<void> {
  while (!(await client.confirm())) await delay(50)
}
