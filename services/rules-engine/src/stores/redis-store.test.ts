import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { after, before, describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Instant } from '@reboots/protocol/net'
import { createLog, createMetrics } from '@reboots/runtime'
import { freePort, RedisServer } from '@reboots/testkit'
import { defaultPolicy } from '../adapters/default-policy.ts'
import { openPolicies } from '../open-policies.ts'
import type { Policies } from '../policies.ts'
import { StoreGone, type VersionStore } from '../ports.ts'
import { keepPublished } from '../reload.ts'
import { TRUST_ALL } from '../trust.ts'
import { storeContract } from './contract.fixture.ts'
import { redisStore } from './redis-store.ts'

const log = createLog('test', { level: 'silent', format: 'json' })
const policyThat = (reason: string): string =>
  `apiVersion: reboots/v1\nkind: BootPolicy\nrules: []\notherwise: { deny: ${reason} }\n`

describe('in Redis', () => {
  let server: RedisServer
  let count = 0
  before(async () => {
    server = await new RedisServer(await freePort()).start()
  })
  after(() => server.stop())

  const open = (name: string): VersionStore => {
    const address = { host: '127.0.0.1', port: server.port }
    return redisStore({ address, tls: false, timeout: 500, name, keep: name.startsWith('contract') ? 3 : 100, log })
  }

  interface Replica {
    readonly policies: Policies
    /** Version by version, as they were published. */
    readonly seen: string[]
    /** Resolves when so many have been published. */
    published(count: number): Promise<void>
  }

  async function replica(context: TestContext, name: string): Promise<Replica> {
    const store = open(name)
    context.after(() => store.close())
    const surroundings = { source: defaultPolicy, store, trust: TRUST_ALL, now: () => 0 as Instant, log }
    const policies = await openPolicies(surroundings, () => {})
    const events = new EventEmitter()
    const seen: string[] = []
    policies.subscribe(({ revision, version }) => {
      seen.push(`${revision} ${version}`)
      events.emit('published')
    })
    keepPublished(policies, { source: defaultPolicy, store, log, metrics: createMetrics('test') })
    const published = async (due: number): Promise<void> => {
      while (seen.length < due) await once(events, 'published')
    }
    return { policies, seen, published }
  }

  const apply = ({ policies }: Replica, reason: string, replaces = '*') =>
    policies.apply({ document: policyThat(reason), signature: new Uint8Array() }, 'x', { by: 'a', why: '', replaces })

  storeContract('redis', () => Promise.resolve(open(`contract-${++count}`)))

  test('replicas publish the same versions in the same order, whoever applies them', async (context) => {
    const replicas = [await replica(context, 'order'), await replica(context, 'order')]
    const work = Array.from({ length: 20 }, (_, i) => apply(replicas[i % 2]!, `r${i}`))
    await Promise.all(work)
    await Promise.all(replicas.map((one) => one.published(21)))
    assert.deepEqual(replicas[0]!.seen, replicas[1]!.seen)
    const revisions = replicas[0]!.seen.map((line) => Number(line.split(' ')[0]))
    assert.deepEqual(
      revisions,
      Array.from({ length: 21 }, (_, i) => i + 1),
    )
  })

  test('of two who replace the same version at two replicas one is told of the other', async (context) => {
    const replicas = [await replica(context, 'race'), await replica(context, 'race')]
    for (let round = 0; round < 10; round++) {
      const { version } = replicas[0]!.policies.current
      const both = await Promise.allSettled(replicas.map((one, i) => apply(one, `round${round}by${i}`, version)))
      assert.deepEqual(both.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
      await Promise.all(replicas.map((one) => one.published(round + 2)))
    }
  })

  test('with Redis gone the last good policy stays, nothing is applied, and all goes on when it is back', async (context) => {
    const replicas = [await replica(context, 'gone'), await replica(context, 'gone')]
    await apply(replicas[0]!, 'one')
    await Promise.all(replicas.map((one) => one.published(2)))
    await server.signal()
    const { document } = replicas[1]!.policies.current
    await assert.rejects(apply(replicas[1]!, 'two'), StoreGone)
    assert.equal(replicas[1]!.policies.current.document, document)
    assert.equal((await replicas[1]!.policies.version('')).document, document)
    const starting = replica(context, 'gone')
    await server.start()
    await until(() => apply(replicas[1]!, 'three'))
    await Promise.all(replicas.map((one) => one.published(3)))
    assert.deepEqual(replicas[0]!.seen, replicas[1]!.seen)
    assert.equal((await starting).policies.current.version, replicas[0]!.policies.current.version)
  })

  test('a Redis that has lost everything gets back what is in force, under its revision', async (context) => {
    const one = await replica(context, 'lost')
    await apply(one, 'one')
    await apply(one, 'two')
    await server.signal()
    await server.start(['--appendonly', 'no'])
    await until(() => one.policies.catchUp())
    const store = open('lost')
    context.after(() => store.close())
    await until(async () => assert.equal((await store.heads())[0]?.revision, 3))
    const late = await replica(context, 'lost')
    assert.deepEqual(late.seen, one.seen.slice(-1))
    await apply(late, 'three')
    await one.published(4)
    assert.deepEqual(one.seen.at(-1), late.seen.at(-1))
  })
})

/** Again and again until it works: a connection comes back when it does. */
async function until(work: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await work()
      return
    } catch {
      await delay(20)
    }
  }
}
