import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hardware } from '@reboots/api'
import { parseIpv4, parseMac } from '@reboots/protocol/net'
import { machine } from '@reboots/testkit'
import * as fc from 'fast-check'
import { entryOf, machineOf, type Entry } from '../records/entry.ts'
import { changeFrames, currentFrame, snapshotFrames, type Frame } from './frames.ts'
import { Journal } from './journal.ts'
import { Roster } from './roster.ts'

const entry = (n: number, hostname = '', line = n): Entry =>
  entryOf(machine({ mac: mac(n), address: `192.0.2.${n}`, id: `m${n}`, dhcp: { hostname } }), {
    file: 'f',
    line,
    column: 1,
    path: '',
  })
const mac = (n: number): string => `00:00:5e:00:53:${n.toString(16).padStart(2, '0')}`
const decode = (frames: Iterable<Frame>): hardware.WatchResponse[] =>
  [...frames].map((frame) => hardware.WatchResponse.decode(frame))

test('a revision is counted when a machine is new, changed or gone, and for the first state even if it is empty', () => {
  const roster = new Roster()
  const steps: readonly (readonly [readonly Entry[], number, bigint])[] = [
    [[], 0, 1n],
    [[entry(1), entry(2)], 2, 2n],
    [[entry(1), entry(2)], 0, 2n],
    [[entry(2), entry(1)], 0, 2n],
    [[entry(1, '', 7), entry(2, '', 9)], 0, 2n],
    [[entry(1, 'changed'), entry(2)], 1, 3n],
    [[entry(2), entry(3)], 2, 4n],
    [[], 2, 5n],
  ]
  for (const [entries, changes, revision] of steps) {
    assert.deepEqual([roster.publish(entries, true), roster.revision], [changes, revision])
  }
})

test('machines are found by every key, and under no old one', () => {
  const roster = new Roster()
  roster.publish([entry(1), entry(2)], true)
  roster.publish([entry(2), entry(3)], true)
  const found = [1, 2, 3].map((n) => [
    roster.byId(`m${n}`)?.id,
    roster.byMac(parseMac(mac(n))!)?.id,
    roster.byAddress(parseIpv4(`192.0.2.${n}`)!)?.id,
  ])
  assert.deepEqual(found, [
    [undefined, undefined, undefined],
    ['m2', 'm2', 'm2'],
    ['m3', 'm3', 'm3'],
  ])
})

test('an unchanged machine that moved in its file is found with its new place', () => {
  const roster = new Roster()
  roster.publish([entry(1, '', 1)], true)
  roster.publish([entry(1, '', 40)], true)
  assert.equal(machineOf(roster.byId('m1')!).origin, 'f:40:1')
})

test('what was missed is known as far back as the journal goes, and not further', () => {
  const roster = new Roster(new Journal({ revisions: 2, bytes: 1_000_000 }))
  for (const n of [1, 2, 3, 4]) roster.publish([entry(n)], true)
  const since = (revision: bigint) => roster.since(revision)?.map((change) => change.revision)
  assert.deepEqual([0n, 1n, 2n, 3n, 4n, 5n].map(since), [undefined, undefined, [3n, 4n], [4n], [], undefined])
})

test('the journal is bounded in octets as well; a change larger than all of it is not remembered', () => {
  const roster = new Roster(new Journal({ revisions: 100, bytes: 2000 }))
  roster.publish([entry(1)], true)
  roster.publish([entry(2)], true)
  assert.equal(roster.since(1n)?.length, 1)
  roster.publish([entry(3, 'x'.repeat(3000))], true)
  assert.equal(roster.since(2n), undefined)
  assert.deepEqual(roster.since(3n), [])
})

test('a waiting watcher is woken by the next publication, or when it is gone', async () => {
  const roster = new Roster()
  const controller = new AbortController()
  const waiting = [
    roster.next(new AbortController().signal),
    roster.next(controller.signal),
    roster.next(AbortSignal.abort()),
  ]
  controller.abort()
  await Promise.all(waiting.slice(1))
  roster.publish([], true)
  await waiting[0]
  assert.equal(roster.revision, 1n)
})

const big = (n: number): Entry => entry(n, 'x'.repeat(300_000))

test('a snapshot comes in parts of at most 1 MiB; only the last can be resumed from', () => {
  const entries = Array.from({ length: 8 }, (_, n) => big(n))
  const frames = [...snapshotFrames('e', 5n, entries)]
  assert.ok(frames.every((frame) => frame.length <= 1024 * 1024))
  const shape = decode(frames).map(({ epoch, revision, reset, synced, upserted }) => [
    epoch,
    revision,
    reset,
    synced,
    upserted.length,
  ])
  assert.deepEqual(shape, [
    ['e', 0n, true, false, 3],
    ['e', 0n, false, false, 3],
    ['e', 5n, false, true, 2],
  ])
  assert.deepEqual(
    decode(frames).flatMap(({ upserted }) => upserted),
    entries.map(machineOf),
  )
})

test('a snapshot of nothing is one part', () => {
  assert.deepEqual(decode(snapshotFrames('e', 1n, [])), [
    { epoch: 'e', revision: 1n, reset: true, synced: true, upserted: [], deletedIds: [] },
  ])
})

test('a change in parts leads to its revision with the last part only', () => {
  const frames = decode(
    changeFrames('e', { revision: 9n, upserted: [big(1), big(2), big(3), big(4)], deletedIds: ['m7', 'm8'] }),
  )
  const shape = frames.map(({ revision, reset, synced, upserted, deletedIds }) => [
    revision,
    reset,
    synced,
    upserted.length,
    deletedIds,
  ])
  assert.deepEqual(shape, [
    [8n, false, true, 3, ['m7', 'm8']],
    [9n, false, true, 1, []],
  ])
})

test('nothing missed is said in one empty response', () => {
  assert.deepEqual(decode([currentFrame('e', 3n)]), [
    { epoch: 'e', revision: 3n, reset: false, synced: true, upserted: [], deletedIds: [] },
  ])
})

test('any number of machines of any size: no part is too large, and the parts are the whole', () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 1_000_000 }), { maxLength: 8 })
  fc.assert(
    fc.property(sizes, (lengths) => {
      const entries = lengths.map((length, n) => entry(n, 'x'.repeat(length)))
      const frames = [...snapshotFrames('e', 1n, entries)]
      assert.ok(frames.every((frame) => frame.length <= 1024 * 1024))
      assert.deepEqual(
        decode(frames).flatMap(({ upserted }) => upserted.map(({ id }) => id)),
        entries.map(({ id }) => id),
      )
      assert.deepEqual(
        decode(frames).map(({ synced }) => synced),
        frames.map((_, index) => index === frames.length - 1),
      )
    }),
    { numRuns: 30 },
  )
})
