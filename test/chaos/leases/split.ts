import { setTimeout as delay } from 'node:timers/promises'
import { freePort, RedisServer, TcpLink } from '@reboots/testkit'
import type { Ipv4Address } from '@reboots/protocol/net'
import { QUICK } from './client.ts'
import { Random } from './random.ts'
import { play, type Report } from './scenario.ts'

/** More addresses than clients, so that there is something to keep. */
const RANGES = [
  { first: 1 as Ipv4Address, last: 30 as Ipv4Address },
  { first: 40 as Ipv4Address, last: 120 as Ipv4Address },
]
const PACE = { ...QUICK, pool: { ...QUICK.pool, ranges: RANGES } }

/** In milliseconds; shorter than a lease and than some outages. */
const KEPT_FOR = 3000

/**
 * Three replicas that keep a share of the free addresses, each with a way of its own to Redis. Redis is killed, ways are cut and lose all answers,
 * for longer than anything is kept; the others go on meanwhile.
 */
export async function splitChaos(seconds: number, seed: number): Promise<Report> {
  const redis = await new RedisServer(await freePort()).start()
  const links = await Promise.all([1, 2, 3].map(() => new TcpLink(redis.port).open()))
  const random = new Random(seed + 2)
  const split = { percent: 30, time: KEPT_FOR, ranges: RANGES }
  const outage = () => 300 + random.below(2 * KEPT_FOR)
  const killRedis = async () => {
    await redis.signal()
    await delay(outage())
    await redis.start()
  }
  const cut = async (how: 'cut' | 'deafen') => {
    const link = links[random.below(links.length)]!
    link[how]()
    await delay(outage())
    link.heal()
  }
  try {
    const access = (port: number) => ({ address: { host: '127.0.0.1', port } })
    const replicas = links.map(({ port }) => ({ store: 'redis', access: access(port), split }))
    const mishaps = [killRedis, () => cut('cut'), () => cut('cut'), () => cut('deafen')]
    return await play({ replicas, mishaps, seconds, seed, crowd: { clients: 60, pace: PACE } })
  } finally {
    await Promise.all(links.map((link) => link.close()))
    await redis.stop()
  }
}
