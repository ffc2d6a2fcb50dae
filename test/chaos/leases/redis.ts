import { setTimeout as delay } from 'node:timers/promises'
import { freePort, RedisServer } from '@reboots/testkit'
import { openClocks } from './clocks.ts'
import { Random } from './random.ts'
import { play, type Report } from './scenario.ts'

/** Milliseconds. */
const HOUR = 3_600_000

/** Three replicas, one with a clock that is an hour off and one whose clock is set all the time, on one Redis that is killed and hangs. */
export async function redisChaos(seconds: number, seed: number): Promise<Report> {
  const redis = await new RedisServer(await freePort()).start()
  const access = { address: { host: '127.0.0.1', port: redis.port } }
  const random = new Random(seed + 1)
  const clocks = openClocks(random)
  const outage = () => 200 + random.below(2500)
  const killRedis = async () => {
    await redis.signal()
    await delay(outage())
    await redis.start()
  }
  const hang = async () => {
    await redis.signal('SIGSTOP')
    await delay(900)
    await redis.signal('SIGCONT')
  }
  try {
    const replicas = [[0], [HOUR], [-HOUR, 0, HOUR]].map((clockErrors) => ({ store: 'redis', access, clockErrors }))
    const { environment } = clocks
    return await play({ replicas, environment, mishaps: [killRedis, hang, () => clocks.set()], seconds, seed })
  } finally {
    clocks.close()
    await redis.stop()
  }
}

/** The same clients with replicas that share nothing: what the witness must see. */
export function withoutSharing(seconds: number, seed: number): Promise<Report> {
  return play({ replicas: [{ store: 'memory' }, { store: 'memory' }], mishaps: [], seconds, seed })
}
