import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test, type TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { LeaseLedger, LeaseStep, Pool, StepResult } from '@reboots/leases'
import type { Instant, Ipv4Address, Seconds } from '@reboots/protocol/net'
import { createLog, now, OperatorError } from '@reboots/runtime'
import { requireTools } from '@reboots/testkit'
import { at, leaseStoreContract } from './contract.fixture.ts'
import { SqliteFile } from './sqlite-file.ts'
import { openSqliteStore } from './sqlite-store.ts'

const log = createLog('dhcp', { level: 'silent', format: 'json' })
const simulated = { log, clock: 'caller' } as const

function directoryOf(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'reboots-leases-'))
  t.after(() => rmSync(directory, { recursive: true }))
  return directory
}

async function opened(t: TestContext, file: string, historyLength?: number): Promise<LeaseLedger> {
  const store = await openSqliteStore({ ...simulated, file, retryInterval: 5, ...(historyLength && { historyLength }) })
  t.after(() => store.close())
  return store
}

const POOL: Pool = {
  ranges: [{ first: 1 as Ipv4Address, last: 100_000 as Ipv4Address }],
  leaseTime: 3600 as Seconds,
  offerTime: 60 as Seconds,
  quarantineTime: 86_400 as Seconds,
}
const ask = (kind: 'offer' | 'bind' | 'decline', client: string, requested?: number): LeaseStep => ({
  kind,
  pool: POOL,
  claim: { client, requested: requested as Ipv4Address | undefined, reserved: undefined },
})
const release = (client: string, address: number): LeaseStep => ({
  kind: 'release',
  client,
  address: address as Ipv4Address,
})
const brief = async (results: ReturnType<LeaseLedger['run']>) =>
  (await results).map((result) => (typeof result === 'string' ? result : `${result.state} ${result.address}`))

const contractDirectory = mkdtempSync(join(tmpdir(), 'reboots-leases-'))
process.on('exit', () => rmSync(contractDirectory, { recursive: true }))
leaseStoreContract('sqlite', () => openSqliteStore({ ...simulated, file: join(contractDirectory, 'leases.db') }))

describe('after a restart', () => {
  test('what was acknowledged is known, offers are not, and whose address it was is remembered', async (t) => {
    const file = join(directoryOf(t), 'leases.db')
    const before = await openSqliteStore({ ...simulated, file })
    const binds = ['a', 'b', 'c', 'd'].map((client, i) => ask('bind', client, i + 1))
    await before.run([...binds, ask('offer', 'e'), release('b', 2), ask('decline', 'c', 3)], at(0))
    await before.run([ask('bind', 'd', 7)], at(10))
    await before.close()

    const after = await opened(t, file)
    const seen = [1, 2, 3, 4, 5, 7].map((address) => after.at(address as Ipv4Address, at(10)))
    assert.deepEqual(
      seen.map((lease) => lease && [lease.client, lease.state, (lease.expiresAt - at(0)) / 1000]),
      // A lease is an eighth longer on the disk.
      [['a', 'bound', 4050], undefined, ['c', 'declined', 86_400], undefined, undefined, ['d', 'bound', 4060]],
    )
    const results = await brief(after.run([ask('offer', 'f'), ask('offer', 'b'), ask('bind', 'a', 1)], at(11)))
    assert.deepEqual(results, ['offered 5', 'offered 2', 'bound 1'])
    assert.deepEqual(
      (await after.history(2 as Ipv4Address)).map(({ client, kind }) => [client, kind]),
      [
        ['b', 'released'],
        ['b', 'bound'],
      ],
    )
  })

  test('an address that is kept for a client still is, until that ends, and its end is on the disk too', async (t) => {
    const file = join(directoryOf(t), 'leases.db')
    const hold = (client: string, address: number, time: number): LeaseStep => ({
      kind: 'hold',
      client,
      address: address as Ipv4Address,
      time: time as Seconds,
    })
    const before = await openSqliteStore({ ...simulated, file })
    const steps = [hold('a', 1, 60), hold('b', 2, 60), hold('c', 3, 0xffffffff), ask('bind', 'd', 4)]
    assert.deepEqual(await brief(before.run(steps, at(0))), ['offered 1', 'offered 2', 'offered 3', 'bound 4'])
    await before.run([{ kind: 'free', client: 'b', address: 2 as Ipv4Address, what: 'all' }], at(1))
    await before.close()
    const between = await openSqliteStore({ ...simulated, file })
    const tries = [1, 2, 3].map((address) => ask('bind', `x${address}`, address))
    assert.deepEqual(await brief(between.run(tries, at(59))), ['refused', 'bound 2', 'refused'])
    assert.deepEqual(await brief(between.run(tries, at(60))), ['bound 1', 'bound 2', 'refused'])
    await between.close()
    const database = new DatabaseSync(file)
    assert.deepEqual(
      database
        .prepare('SELECT client FROM hold')
        .all()
        .map(({ client }) => client),
      ['c'],
    )
    database.close()
  })

  test('100 000 leases are all there', async (t) => {
    const file = join(directoryOf(t), 'leases.db')
    const before = await openSqliteStore({ ...simulated, file })
    const binds = Array.from({ length: 100_000 }, (_, i) => ask('bind', `client ${i + 1}`, i + 1))
    await before.run(binds, at(0))
    await before.close()
    const started = performance.now()
    const after = await opened(t, file)
    assert.deepEqual(await brief(after.run([ask('offer', 'late'), ask('bind', 'client 77', 77)], at(1))), [
      'refused',
      'bound 77',
    ])
    t.diagnostic(`ready in ${Math.round(performance.now() - started)} ms`)
  })

  test('what a crash left in the journal is found', async (t) => {
    const directory = directoryOf(t)
    const [file, copy] = [join(directory, 'leases.db'), join(directory, 'copy.db')]
    const before = await opened(t, file)
    for (const hour of [0, 1, 2])
      await before.run([ask('bind', 'a', 1), ask('bind', `b${hour}`, 2 + hour)], at(hour * 3600))
    await before.run([release('b2', 4)], at(7200))
    for (const part of ['', '-wal']) cpSync(`${file}${part}`, `${copy}${part}`)

    const after = await opened(t, copy)
    const seen = [1, 2, 3, 4].map((address) => after.at(address as Ipv4Address, at(7200)))
    assert.deepEqual(
      seen.map((lease) => lease && [lease.client, (lease.expiresAt - at(0)) / 3_600_000]),
      [['a', 3 + 1 / 8], undefined, ['b1', 2 + 1 / 8], undefined],
    )
    assert.deepEqual(await brief(after.run([ask('offer', 'b2')], at(7200))), ['offered 4'])
  })

  test('the history has its bound', async (t) => {
    const file = join(directoryOf(t), 'leases.db')
    const store = await opened(t, file, 3)
    for (const client of ['a', 'b', 'c']) await store.run([ask('bind', client, 1), release(client, 1)], at(0))
    const history = (await store.history(1 as Ipv4Address)).map(({ client, kind }) => `${client} ${kind}`)
    assert.deepEqual(history, ['c released', 'c bound', 'b released'])
  })
})

test('a clock that is set, before or after a restart, ends no lease and prolongs none by more than the disk does', async (t) => {
  const file = join(directoryOf(t), 'leases.db')
  const present = now()
  const left = (results: readonly StepResult[], then: number) =>
    results.map((result) => typeof result === 'object' && Math.round((result.expiresAt - then) / 60_000))
  const before = await openSqliteStore({ file, log })
  await before.run([ask('bind', 'a', 1)], present)
  for (const hours of [0, 5, -5, 100_000]) {
    const then = (present + hours * 3_600_000) as Instant
    assert.deepEqual(left(await before.run([ask('offer', 'a', 1), ask('bind', 'b', 1)], then), then), [60, false])
  }
  await before.close()
  const after = await openSqliteStore({ file, log })
  t.after(() => after.close())
  const then = (present - 3_600_000) as Instant
  assert.deepEqual(left(await after.run([ask('offer', 'a', 1)], then), then), [67])
})

test('what is on the disk for long enough is not written again', async (t) => {
  const file = join(directoryOf(t), 'leases.db')
  const store = await opened(t, file)
  /** What a restart would find, whether it has left the journal already or not. */
  const written = () => {
    const copy = `${file}.copy`
    for (const part of ['', '-wal']) cpSync(`${file}${part}`, `${copy}${part}`)
    const books = new SqliteFile(copy, 1)
    const records = books.records()
    books.close()
    return JSON.stringify(records)
  }
  const bind = ask('bind', 'a', 1)
  await store.run([bind], at(0))
  const steps = [
    { name: 'an eighth of the lease time later', step: bind, second: 450, known: true },
    { name: 'later than that', step: bind, second: 451, known: false },
    { name: 'another client’s', step: ask('bind', 'b', 2), second: 451, known: false },
    { name: 'while it has another address too', step: ask('bind', 'b', 3), second: 451, known: false },
    { name: 'after a release', step: release('a', 1), second: 452, known: false },
    { name: 'and bound again', step: bind, second: 452, known: false },
    { name: 'and again', step: bind, second: 453, known: true },
  ]
  for (const { name, step, second, known } of steps) {
    const before = written()
    const result = store.attempt(step, at(second))
    assert.equal(typeof result, known ? 'object' : 'undefined', name)
    const [again] = await store.run([step], at(second))
    assert.equal(written() === before, known, name)
    assert.deepEqual(result ?? again, again, name)
  }
})

describe('a file that cannot be used is the operator’s', () => {
  const sql = (file: string, statements: string) => {
    const database = new DatabaseSync(file)
    database.exec(statements)
    database.close()
  }
  const foreign = (file: string) => sql(file, 'CREATE TABLE stamp (id); PRAGMA user_version = 7')
  const newer = async (file: string) => {
    await (await openSqliteStore({ ...simulated, file })).close()
    sql(file, 'PRAGMA user_version = 99')
  }
  const torn = async (file: string) => {
    const store = await openSqliteStore({ ...simulated, file: `${file}.whole` })
    await store.run(
      Array.from({ length: 5000 }, (_, i) => ask('bind', `client ${i}`, i + 1)),
      at(0),
    )
    await store.close()
    cpSync(`${file}.whole`, file)
    // Damage to pages that hold nothing any more would be no damage.
    sql(file, 'VACUUM')
    execFileSync('dd', [
      'if=/dev/urandom',
      `of=${file}`,
      'bs=4096',
      'seek=9',
      'count=20',
      'conv=notrunc',
      'status=none',
    ])
  }
  const rows: readonly [
    what: string,
    prepare: (file: string, t: TestContext) => unknown,
    message: RegExp,
    remedy: RegExp,
  ][] = [
    ['no database at all', (file) => writeFileSync(file, 'leases: []\n'.repeat(100)), /not a database/, /\.recover/],
    ['pages overwritten', torn, /damaged|malformed/, /\.recover/],
    ['a database of something else', foreign, /not a file of leases/, /copy/],
    ['made by a later version', newer, /format 99/, /copy/],
    ['open in another process', (file, t) => opened(t, file), /locked/, /Redis/],
    ['in a directory that is not there', (file) => rmSync(join(file, '..'), { recursive: true }), /open/, /must exist/],
  ]
  for (const [what, prepare, message, remedy] of rows) {
    test(what, async (t) => {
      const directory = join(directoryOf(t), 'deeper')
      mkdirSync(directory)
      const file = join(directory, 'leases.db')
      await prepare(file, t)
      await assert.rejects(openSqliteStore({ ...simulated, file }), (error) => {
        assert.ok(error instanceof OperatorError)
        assert.match(error.message, message)
        assert.match(error.remedy, remedy)
        return true
      })
    })
  }
})

/** A file system of one megabyte that belongs to the test. */
function smallDisk(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'reboots-leases-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory])
  t.after(() => {
    execFileSync('umount', ['--lazy', directory])
    rmdirSync(directory)
  })
  return directory
}

const skip = requireTools({ root: true, commands: ['mount', 'umount', 'dd'] })

test('a full disk: silence, nothing changes, and on it goes when there is room', { skip }, async (t) => {
  const disk = smallDisk(t)
  const store = await opened(t, join(disk, 'leases.db'))
  assert.deepEqual(await brief(store.run([ask('bind', 'a', 1), ask('bind', 'b', 2)], at(0))), ['bound 1', 'bound 2'])
  writeFileSync(join(disk, 'filler'), '')
  assert.throws(() =>
    execFileSync('dd', ['if=/dev/zero', `of=${disk}/filler`, 'bs=4096', 'status=none'], { stdio: 'ignore' }),
  )

  const large = Array.from({ length: 2000 }, (_, i) => ask('bind', `client ${i}`, i + 10))
  const [first, second] = [store.run([release('a', 1), ...large], at(10)), store.run([ask('bind', 'c', 1)], at(10))]
  assert.deepEqual(new Set([...(await first), ...(await second)]), new Set(['unavailable']))
  assert.match(store.problem!, /full/)
  assert.deepEqual(await brief(store.run([ask('bind', 'b', 2), ask('offer', 'd')], at(10))), [
    'unavailable',
    'unavailable',
  ])
  assert.deepEqual(
    [1, 2, 10].map((address) => store.at(address as Ipv4Address, at(10))?.client),
    ['a', 'b', undefined],
  )

  rmSync(join(disk, 'filler'))
  while (store.problem !== undefined) await setImmediate()
  const steps = [ask('bind', 'c', 1), ask('bind', 'b', 2), ask('offer', 'd')]
  assert.deepEqual(await brief(store.run(steps, at(11))), ['refused', 'bound 2', 'offered 3'])
})

test('an offer does not wait for the disk, and gives way to a disk that fails', { skip }, async (t) => {
  const disk = smallDisk(t)
  const store = await opened(t, join(disk, 'leases.db'))
  const offered = () => store.attempt(ask('offer', 'a', 1), at(0))
  assert.deepEqual(
    [offered()].map((result) => typeof result === 'object' && result.state),
    ['offered'],
  )
  assert.equal(store.attempt(ask('bind', 'a', 1), at(0)), undefined)
  assert.throws(() =>
    execFileSync('dd', ['if=/dev/zero', `of=${disk}/filler`, 'bs=4096', 'status=none'], { stdio: 'ignore' }),
  )
  const large = Array.from({ length: 20_000 }, (_, i) => ask('bind', `client ${i}`, i + 10))
  assert.deepEqual(new Set(await store.run(large, at(1))), new Set(['unavailable']))
  assert.equal(offered(), 'unavailable')
})

test('a file system mounted read-only is the operator’s', { skip }, async (t) => {
  const disk = smallDisk(t)
  const file = join(disk, 'leases.db')
  await (await openSqliteStore({ ...simulated, file })).close()
  execFileSync('mount', ['-o', 'remount,ro', disk])
  await assert.rejects(openSqliteStore({ ...simulated, file }), OperatorError)
  assert.ok(existsSync(file))
})
