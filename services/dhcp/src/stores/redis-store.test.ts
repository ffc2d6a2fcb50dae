import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { LeaseEvent, LeaseLedger, LeaseStep, Pool, StepResult } from '@reboots/leases'
import type { Instant, Ipv4Address, Seconds } from '@reboots/protocol/net'
import { createLog, now } from '@reboots/runtime'
import { freePort, RedisServer, requireTools } from '@reboots/testkit'
import { leaseStoreContract } from './contract.fixture.ts'
import { openRedisStore, type RedisStoreOptions } from './redis-store.ts'

const log = createLog('dhcp', { level: 'silent', format: 'json' })
/** Milliseconds; a machine that runs other tests as well may be slow. */
const PATIENCE = 5000
const POOL: Pool = {
  ranges: [{ first: 1 as Ipv4Address, last: 1000 as Ipv4Address }],
  leaseTime: 3600 as Seconds,
  offerTime: 60 as Seconds,
  quarantineTime: 86_400 as Seconds,
}
const ask = (kind: 'offer' | 'bind' | 'decline', client: string, requested?: number, reserved?: number): LeaseStep => ({
  kind,
  pool: POOL,
  claim: { client, requested: requested as Ipv4Address | undefined, reserved: reserved as Ipv4Address | undefined },
})
const brief = (result: StepResult | undefined) =>
  typeof result === 'object' ? `${result.state} ${result.address}` : result
const run = async (store: LeaseLedger, ...steps: LeaseStep[]) => (await store.run(steps, now())).map(brief)

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5)
}

async function serving(t: TestContext, ...options: string[]): Promise<RedisServer> {
  const redis = await new RedisServer(await freePort(), options).start()
  t.after(() => redis.stop())
  return redis
}

async function replica(
  t: TestContext,
  redis: RedisServer,
  more: Partial<RedisStoreOptions> = {},
): Promise<LeaseLedger> {
  const access = { address: { host: '127.0.0.1', port: redis.port } }
  const store = await openRedisStore({ access, log, commandTimeout: PATIENCE, ...more })
  t.after(() => store.close())
  return store
}

describe('redis', { skip: requireTools({ commands: ['redis-server'] }) }, () => {
  let redis: RedisServer
  before(async () => void (redis = await new RedisServer(await freePort()).start()))
  after(() => redis.stop())
  const access = () => ({ address: { host: '127.0.0.1', port: redis.port } })
  leaseStoreContract('redis', () =>
    openRedisStore({ access: access(), log, clock: 'caller', name: 'contract', commandTimeout: PATIENCE }),
  )

  test('replicas answer the same client with the same address, and two clients with two', async (t) => {
    const redis = await serving(t)
    const replicas = await Promise.all([replica(t, redis), replica(t, redis), replica(t, redis)])
    const clients = Array.from({ length: 300 }, (_, i) => `client ${i}`)
    const offers = await Promise.all(
      clients.flatMap((client) => replicas.map((store) => run(store, ask('offer', client)))),
    )
    const addresses = Array.from({ length: 300 }, (_, i) => new Set(offers.slice(3 * i, 3 * i + 3).flat()))
    assert.deepEqual(new Set(addresses.map((one) => one.size)), new Set([1]))
    assert.equal(new Set(offers.flat()).size, 300)
  })

  test('what one replica does the others hear of', async (t) => {
    const redis = await serving(t)
    const [here, there] = [await replica(t, redis), await replica(t, redis)]
    const heard = new Promise<LeaseEvent | 'lost'>((resolve) => there.watch(resolve))
    await run(here, ask('bind', 'a', 7))
    const event = await heard
    assert.ok(event !== 'lost')
    const { kind, client, address } = event
    assert.deepEqual({ kind, client, address }, { kind: 'bound', client: 'a', address: 7 })
    assert.equal(there.at(7 as Ipv4Address, now())?.client, 'a')
  })

  test('what a replica is told of its own steps later does not undo what they led to', async (t) => {
    const store = await replica(t, await serving(t))
    const heard = new Promise<void>((resolve) =>
      store.watch((news) => news !== 'lost' && news.kind === 'released' && resolve()),
    )
    const release = { kind: 'release', client: 'a', address: 7 as Ipv4Address } as const
    assert.deepEqual(await run(store, ask('bind', 'a', 7), release, ask('offer', 'b', 7)), [
      'bound 7',
      'bound 7',
      'offered 7',
    ])
    await heard
    assert.equal(store.at(7 as Ipv4Address, now())?.client, 'b')
  })

  test('the keys are together in a cluster', async (t) => {
    const redis = await serving(t, '--cluster-enabled', 'yes')
    const admin = new Redis(redis.port)
    t.after(() => admin.disconnect())
    await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
    await until(() => admin.status === 'ready')
    while (!String(await admin.call('CLUSTER', 'INFO')).includes('cluster_state:ok')) await delay(5)
    const store = await replica(t, redis)
    assert.deepEqual(await run(store, ask('offer', 'a'), ask('bind', 'a', 1)), ['offered 1', 'bound 1'])
  })

  describe('when it is gone', () => {
    test('a replica begins without it, and finds it when it comes', async (t) => {
      const redis = await serving(t)
      await redis.signal()
      const store = await replica(t, redis)
      assert.match(store.problem!, /ECONNREFUSED/)
      assert.deepEqual(await run(store, ask('offer', 'a')), ['unavailable'])
      await redis.start()
      await until(() => store.problem === undefined)
      assert.deepEqual(await run(store, ask('offer', 'a')), ['offered 1'])
    })

    test('known leases go on but no longer than Redis knows, reservations go on in full, others wait', async (t) => {
      const redis = await serving(t)
      const [store, other] = [await replica(t, redis), await replica(t, redis)]
      const long = { ...POOL, leaseTime: 7200 as Seconds }
      store.reserve(500 as Ipv4Address)
      await run(store, ask('bind', 'a', 1), ask('bind', 'b', 2), ask('decline', 'b', 2), ask('offer', 'c', 3))
      await run(other, ask('bind', 'd', 4))
      await until(() => store.at(4 as Ipv4Address, now()) !== undefined)
      const known = store.at(1 as Ipv4Address, now())!
      await redis.signal()
      const again = {
        kind: 'bind',
        pool: long,
        claim: { client: 'a', requested: known.address, reserved: undefined },
      } as const
      const [renewed] = await store.run([again], now())
      assert.ok(typeof renewed === 'object')
      assert.ok(renewed.expiresAt <= known.expiresAt + 1)
      const rows: readonly [LeaseStep, string][] = [
        [ask('bind', 'd', 4), 'bound 4'],
        [ask('bind', 'x', 1), 'unavailable'],
        [ask('bind', 'b', 2), 'unavailable'],
        [ask('bind', 'c', 3), 'unavailable'],
        [ask('offer', 'a', 1), 'unavailable'],
        [ask('offer', 'r', undefined, 500), 'offered 500'],
        [ask('bind', 'r', 500, 500), 'bound 500'],
        [{ kind: 'release', client: 'a', address: 1 as Ipv4Address }, 'unavailable'],
      ]
      assert.deepEqual(
        await run(store, ...rows.map(([step]) => step)),
        rows.map(([, result]) => result),
      )
      assert.match(store.problem!, /Redis/)

      await redis.start()
      await until(() => store.problem === undefined && other.problem === undefined)
      assert.deepEqual(await run(other, ask('bind', 'y', 500), ask('bind', 'a', 1)), ['refused', 'bound 1'])
      await until(() => other.at(500 as Ipv4Address, now())?.client === 'r')
    })

    test('and comes back empty: who knows of leases puts them back before anybody else gets the addresses', async (t) => {
      const redis = await serving(t)
      const [store, other] = [await replica(t, redis), await replica(t, redis)]
      const kept = 5 as Ipv4Address
      const heard = new Promise<void>((resolve) =>
        other.watch((news) => news !== 'lost' && news.address === kept && resolve()),
      )
      await run(store, ...[1, 2, 3].map((address) => ask('bind', `client ${address}`, address)))
      await run(store, { kind: 'hold', client: 'e', address: kept, time: 60 as Seconds })
      await heard
      const lost = new Promise<void>((resolve) => other.watch((news) => news === 'lost' && resolve()))
      await store.close()
      await redis.signal()
      rmSync(join(redis.directory, 'appendonlydir'), { recursive: true })
      await redis.start()
      await lost
      await until(() => other.problem === undefined)
      const steps = [ask('offer', 'x'), ask('bind', 'x', 2), ask('bind', 'client 2', 2), ask('bind', 'x', 5)]
      assert.deepEqual(await run(other, ...steps), ['offered 4', 'refused', 'bound 2', 'refused'])
      const books = await openRedisStore({ access: { address: { host: '127.0.0.1', port: redis.port } }, log })
      t.after(() => books.close())
      assert.equal((await books.look(kept, now()))[0]?.hold?.client, 'e')
    })

    test('and comes back empty, or as it was before: a quarantine goes on, and is told once', async (t) => {
      const redis = await serving(t)
      const [store, other] = [await replica(t, redis), await replica(t, redis)]
      await run(store, ask('bind', 'a', 1), ask('bind', 'b', 2))
      const admin = new Redis(redis.port)
      t.after(() => admin.disconnect())
      const keys = await admin.keys('*')
      const before = await Promise.all(keys.map((key) => admin.dumpBuffer(key)))
      await run(store, ask('decline', 'a', 1), ask('decline', 'b', 2))
      await until(() => other.at(2 as Ipv4Address, now())?.state === 'declined')
      const end = other.at(1 as Ipv4Address, now())!.expiresAt
      const lost = async (step: LeaseStep) => {
        assert.deepEqual(await run(store, step), ['unavailable'])
        await until(() => store.problem === undefined && other.problem === undefined)
      }
      await admin.flushall()
      await Promise.all(keys.map((key, i) => admin.restore(key, 0, before[i]!)))
      await lost(ask('offer', 'x', 1))
      const others = [ask('bind', 'a', 1), ask('bind', 'y', 2)]
      assert.deepEqual(await run(store, ask('offer', 'x', 1), ...others), ['offered 3', 'refused', 'refused'])
      await admin.flushall()
      await lost(ask('offer', 'z', 2))
      assert.deepEqual(await run(other, ask('offer', 'z', 2), ...others), ['offered 3', 'refused', 'refused'])
      assert.ok(Math.abs(other.at(1 as Ipv4Address, now())!.expiresAt - end) < PATIENCE)
      const told = (await store.history(1 as Ipv4Address)).map(({ kind }) => kind)
      assert.deepEqual(told, ['declined'])
    })

    test('the data vanish while it runs: the same', async (t) => {
      const redis = await serving(t)
      const store = await replica(t, redis)
      await run(store, ask('bind', 'a', 1))
      const admin = new Redis(redis.port)
      t.after(() => admin.disconnect())
      await admin.flushall()
      assert.deepEqual(await run(store, ask('offer', 'x'), ask('bind', 'a', 1)), ['unavailable', 'bound 1'])
      await until(() => store.problem === undefined)
      assert.deepEqual(await run(store, ask('offer', 'x')), ['offered 2'])
    })

    test('it hangs: what was asked meanwhile is not done afterwards', async (t) => {
      const redis = await serving(t)
      const [store, other] = [await replica(t, redis, { commandTimeout: 400 }), await replica(t, redis)]
      assert.deepEqual(await run(store, ask('bind', 'a', 1)), ['bound 1'])
      await redis.signal('SIGSTOP')
      const asked = [ask('bind', 'b', 2), { kind: 'release', client: 'a', address: 1 as Ipv4Address } as const]
      assert.deepEqual(await run(store, ...asked), ['unavailable', 'unavailable'])
      await redis.signal('SIGCONT')
      await until(() => store.problem === undefined && other.problem === undefined)
      assert.deepEqual(await run(other, ask('bind', 'c', 2), ask('bind', 'd', 1)), ['bound 2', 'refused'])
    })
  })

  test('the clock of Redis is set back by an hour: its time stands still, and nothing ends or is given twice', async (t) => {
    const redis = await serving(t)
    const [store, other] = [await replica(t, redis), await replica(t, redis)]
    const admin = new Redis(redis.port)
    t.after(() => admin.disconnect())
    const before = Date.now() + 3_600_000
    await admin.hset('{reboots:leases}:meta', 'clock', before)
    const short = { ...POOL, leaseTime: 1 as Seconds }
    const bind = (client: string, requested: number): LeaseStep => ({
      kind: 'bind',
      pool: short,
      claim: { client, requested: requested as Ipv4Address, reserved: undefined },
    })
    assert.deepEqual(await run(store, bind('a', 1), bind('b', 2)), ['bound 1', 'bound 2'])
    await delay(1100)
    const results = await run(other, bind('x', 1), bind('a', 1), bind('b', 2), ask('offer', 'c'))
    assert.deepEqual(results, ['refused', 'bound 1', 'bound 2', 'offered 3'])
    assert.equal(Number(await admin.hget('{reboots:leases}:meta', 'clock')), before)
  })

  test('a replica whose clock is wrong does not end the leases of others', async (t) => {
    const redis = await serving(t)
    const [store, wrong] = [await replica(t, redis), await replica(t, redis)]
    await run(store, ask('bind', 'a', 1))
    const results = await Promise.all(
      [-7200, 7200].map((seconds) =>
        wrong.run([ask('bind', 'b', 1), ask('bind', 'c', 9)], (now() + seconds * 1000) as Instant),
      ),
    )
    assert.deepEqual(results.flat().map(brief), ['refused', 'bound 9', 'refused', 'bound 9'])
    const later = (now() + 14_400_000) as Instant
    const listed: string[] = []
    for await (const lease of wrong.list(later)) listed.push(lease.client)
    assert.deepEqual(listed, ['a', 'c'])
    assert.equal(wrong.at(9 as Ipv4Address, later)?.client, 'c')
    assert.deepEqual(await run(store, ask('bind', 'a', 1)), ['bound 1'])
  })
})
