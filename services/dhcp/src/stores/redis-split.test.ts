import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { LeaseLedger, LeaseStep, Pool, StepResult } from '@reboots/leases'
import type { Ipv4Address, Seconds } from '@reboots/protocol/net'
import { createLog, now } from '@reboots/runtime'
import { freePort, RedisServer, requireTools, TcpLink } from '@reboots/testkit'
import { openRedisStore, type SharedLeases } from './redis-store.ts'

const log = createLog('dhcp', { level: 'silent', format: 'json' })
const RANGE = { first: 1 as Ipv4Address, last: 90 as Ipv4Address }
const POOL: Pool = {
  ranges: [RANGE],
  leaseTime: 3600 as Seconds,
  offerTime: 1 as Seconds,
  quarantineTime: 600 as Seconds,
}
const ask = (kind: 'offer' | 'bind' | 'decline', client: string, requested?: number, reserved?: number): LeaseStep => ({
  kind,
  pool: POOL,
  claim: { client, requested: requested as Ipv4Address | undefined, reserved: reserved as Ipv4Address | undefined },
})
const release = (client: string, address: number): LeaseStep => ({
  kind: 'release',
  client,
  address: address as Ipv4Address,
})
const brief = (result: StepResult | undefined) =>
  typeof result === 'object' ? `${result.state} ${result.address}` : result
const run = async (store: LeaseLedger, ...steps: LeaseStep[]) => (await store.run(steps, now())).map(brief)

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(5)
}

/** The address that a client gets; undefined when it gets none. */
async function get(store: LeaseLedger, client: string): Promise<number | undefined> {
  const [offer] = await store.run([ask('offer', client)], now())
  if (typeof offer !== 'object') return undefined
  const [lease] = await store.run([ask('bind', client, offer.address)], now())
  return typeof lease === 'object' ? lease.address : undefined
}

/** What so many new clients get, one after the other, until there is nothing left. */
async function getAll(store: LeaseLedger, name: string): Promise<number[]> {
  const got: number[] = []
  for (;;) {
    const address = await get(store, `${name} ${got.length}`)
    if (address === undefined) return got
    got.push(address)
  }
}

interface Replica {
  readonly store: SharedLeases
  readonly link: TcpLink
}

/** A Redis, and a way to start replicas that keep a share; each has a link of its own to Redis. `seconds`: how long they keep it. */
async function site(t: TestContext, seconds = 60) {
  const redis = await new RedisServer(await freePort()).start()
  t.after(() => redis.stop())
  const split = { percent: 20, time: seconds * 1000, ranges: () => [RANGE] }
  /** Resolves when it has its share. */
  async function start(): Promise<Replica> {
    const link = await new TcpLink(redis.port).open()
    const access = { address: { host: '127.0.0.1', port: link.port } }
    const store = await openRedisStore({ access, log, split, commandTimeout: 1000 })
    t.after(async () => {
      await store.close()
      await link.close()
    })
    await until(() => store.kept > 0)
    return { store, link }
  }
  return { redis, start }
}

const disjoint = (...lists: readonly (readonly number[])[]) => {
  const all = lists.flat()
  assert.equal(new Set(all).size, all.length, 'an address was given twice')
}

describe('a split pool', { skip: requireTools({ commands: ['redis-server'] }) }, () => {
  test('Redis gone: each replica gives of its own share; back: all of it is in the books', async (t) => {
    const { redis, start } = await site(t)
    const stores = [(await start()).store, (await start()).store, (await start()).store]
    const before = await get(stores[0]!, 'before')
    await redis.signal()
    await until(() => stores.every((store) => store.problem !== undefined))
    const given = await Promise.all(stores.map((store, i) => getAll(store, `client ${i}`)))
    disjoint([before!], ...given)
    t.diagnostic(`shares ${given.map((list) => list.length).join(', ')}`)
    assert.ok(given.every((list) => list.length >= 5))
    const first = given[0]![0]!
    const [renewed] = await stores[0]!.run([ask('bind', 'client 0 0', first)], now())
    assert.ok(typeof renewed === 'object' && renewed.expiresAt <= now() + 60_000, 'longer than it is kept')
    assert.deepEqual(await run(stores[1]!, ask('bind', 'client 0 0', first)), ['unavailable'])

    await redis.start()
    await until(() => stores.every((store) => store.problem === undefined))
    const other = stores[1]!
    assert.deepEqual(await run(other, ask('bind', 'client 0 0', first), ask('bind', 'x', given[2]![0])), [
      `bound ${first}`,
      'refused',
    ])
    const listed = new Map<number, string>()
    for await (const { address, client } of other.list(now())) listed.set(address, client)
    const expected = given.flatMap((list, i) => list.map((address, n) => [address, `client ${i} ${n}`] as const))
    for (const [address, client] of expected) assert.equal(listed.get(address), client)
  })

  test('one replica is cut off: the others give everything else, and its share when it cannot use it any more', async (t) => {
    const { start } = await site(t, 3)
    const [{ store: alone, link }, { store: other }] = [await start(), await start()]
    link.cut()
    await until(() => alone.problem !== undefined)
    // While it may still use its share, which is not for long.
    const own = await getAll(alone, 'alone')
    assert.ok(own.length >= 5)
    assert.deepEqual(await run(other, ask('bind', 'x', own[0]), ask('bind', 'alone 0', own[0])), [
      'unavailable',
      'unavailable',
    ])
    disjoint(await getAll(other, 'other'), own)
    let late = 0
    await until(async () => own.includes((await get(other, `late ${late++}`)) ?? 0))
    assert.deepEqual(await run(alone, ask('bind', 'alone 0', own[0]), ask('offer', 'y')), [
      'unavailable',
      'unavailable',
    ])
    link.heal()
    await until(() => alone.problem === undefined)
  })

  test('a replica that hears no answers takes none for granted', async (t) => {
    const { start } = await site(t)
    const [{ store: deaf, link }, { store: other }] = [await start(), await start()]
    link.deafen()
    assert.match((await run(deaf, ask('offer', 'a')))[0]!, /^offered/)
    const mine = await get(deaf, 'a')
    disjoint([mine!], await getAll(other, 'other'))
    link.heal()
    await until(() => deaf.problem === undefined)
    assert.deepEqual(await run(other, ask('bind', 'a', mine)), [`bound ${mine}`])
  })

  test('Redis comes back empty: what was kept stays kept, whoever comes first', async (t) => {
    const { redis, start } = await site(t)
    const [{ store: late, link }, { store: early }] = [await start(), await start()]
    link.cut()
    await redis.signal()
    await until(() => late.problem !== undefined && early.problem !== undefined)
    const given = await getAll(late, 'late')
    rmSync(join(redis.directory, 'appendonlydir'), { recursive: true })
    await redis.start()
    await until(() => early.problem === undefined)
    disjoint(given, await getAll(early, 'early'))
    link.heal()
    await until(() => late.problem === undefined)
    assert.deepEqual(await run(early, ask('bind', 'late 0', given[0])), [`bound ${given[0]}`])
  })

  test('what is given back or found in use without Redis is so with it', async (t) => {
    const { redis, start } = await site(t)
    const { store } = await start()
    await redis.signal()
    const [a, b, c] = [await get(store, 'a'), await get(store, 'b'), await get(store, 'c')]
    assert.deepEqual(await run(store, release('a', a!), ask('decline', 'b', b), ask('offer', 'd')), [
      `bound ${a}`,
      `declined ${b}`,
      'offered 4',
    ])
    await redis.start()
    await until(() => store.problem === undefined)
    assert.deepEqual(
      [a, b, c, 4].map((address) => store.at(address as Ipv4Address, now())?.state),
      [undefined, 'declined', 'bound', 'offered'],
    )
    assert.deepEqual(await run(store, ask('bind', 'x', b), ask('bind', 'd', 4)), ['refused', 'bound 4'])
  })

  test('a full pool leaves nothing kept', async (t) => {
    const { start } = await site(t)
    const { store } = await start()
    const names = new Set<number>()
    let waiting = 0
    while (names.size < 90) {
      const address = await get(store, `client ${names.size}`)
      if (address === undefined) await delay(20)
      else names.add(address)
      waiting++
    }
    assert.equal(names.size, 90)
    t.diagnostic(`${waiting} attempts`)
  })

  test('a reserved address of a pool is given without Redis only when nobody else can have it', async (t) => {
    const { redis, start } = await site(t)
    const { store } = await start()
    store.reserve(80 as Ipv4Address)
    assert.deepEqual(await run(store, ask('offer', 'x')), ['offered 19'])
    await redis.signal()
    store.reserve(81 as Ipv4Address)
    const steps = [80, 81, 82].map((address) => ask('offer', `reserved ${address}`, undefined, address))
    assert.deepEqual(await run(store, ...steps), ['offered 80', 'unavailable', 'offered 82'])
  })
})
