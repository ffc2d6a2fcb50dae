import { setTimeout as delay } from 'node:timers/promises'
import type { Ipv4Address, Seconds } from '@reboots/protocol/net'
import { freePort, RedisServer } from '@reboots/testkit'
import type { Pace } from './client.ts'
import { Random } from './random.ts'
import { play, type Report } from './scenario.ts'

/** Milliseconds; with so many clients Redis is slow on a small machine, and that is no outage. */
const PATIENCE = 3000

/** Leases that end while it lasts, and clients that do something twice in that time. Addresses are a few more than clients. */
function paceOf(clients: number): Pace {
  const pool = {
    ranges: [{ first: 1 as Ipv4Address, last: Math.ceil(clients * 1.1) as Ipv4Address }],
    leaseTime: 120 as Seconds,
    offerTime: 10 as Seconds,
    quarantineTime: 20 as Seconds,
  }
  return { pool, backOff: 30_000, arrival: 120_000, pause: 90_000, neglect: 150_000 }
}

/** Three replicas on one Redis, which is killed and hangs, as are they; so many clients that all of it is busy. */
export async function crowdChaos(seconds: number, seed: number, clients = 100_000): Promise<Report> {
  const redis = await new RedisServer(await freePort()).start()
  const access = { address: { host: '127.0.0.1', port: redis.port } }
  const random = new Random(seed + 4)
  const killRedis = async () => {
    await delay(random.below(10_000))
    await redis.signal()
    await delay(random.below(5000))
    await redis.start()
  }
  const hang = async () => {
    await redis.signal('SIGSTOP')
    await delay(1.5 * PATIENCE)
    await redis.signal('SIGCONT')
  }
  try {
    const replicas = [1, 2, 3].map(() => ({ store: 'redis', access, commandTimeout: PATIENCE }))
    const crowd = { clients, pace: paceOf(clients) }
    return await play({ replicas, mishaps: [killRedis, killRedis, hang], seconds, seed, crowd })
  } finally {
    await redis.stop()
  }
}
