import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TransferRun } from './adapters/transfer-run.ts'
import { Transfers, type Admission, type Entry } from './transfers.ts'

const FIRST = Buffer.from('first')
const SECOND = Buffer.from('second')

/** A transfer that has begun; only what admission looks at. */
function begun(entry: Admission, answered: boolean, silentFor: number): { readonly abandoned: string[] } {
  const abandoned: string[] = []
  const run = { silentFor, abandon: (why: string) => void abandoned.push(why) } as unknown as TransferRun
  Object.assign(entry as Entry, { run, answered: () => answered })
  return { abandoned }
}

/** Whether the client has acknowledged anything, its silence in ms, what comes from its port, and what becomes of it. */
const ROWS: readonly [boolean, number, Buffer, 'again' | 'anew'][] = [
  [false, 0, FIRST, 'again'],
  [false, 60_000, FIRST, 'again'],
  [true, 0, FIRST, 'again'],
  [true, 4000, FIRST, 'again'],
  [true, 6000, FIRST, 'anew'],
  [false, 0, SECOND, 'anew'],
  [true, 0, SECOND, 'anew'],
]

for (const [answered, silence, request, expected] of ROWS) {
  test(`${request.toString()} request, ${answered ? 'acknowledged' : 'not acknowledged'}, silent for ${silence} ms: ${expected}`, () => {
    const transfers = new Transfers(10)
    const { abandoned } = begun(transfers.admit('client', FIRST), answered, silence)
    const admission = transfers.admit('client', request)
    assert.equal(admission === 'repeated-request' ? 'again' : 'anew', expected)
    assert.equal(abandoned.length, expected === 'anew' ? 1 : 0)
    assert.equal(transfers.active, 1)
  })
}

test('the limit counts requests that wait for their file too, and an entry that was replaced leaves nothing behind', () => {
  const transfers = new Transfers(2)
  const one = transfers.admit('one', FIRST) as Entry
  const two = transfers.admit('two', FIRST) as Entry
  assert.equal(transfers.admit('three', FIRST), 'busy')
  const replacement = transfers.admit('one', SECOND) as Entry
  assert.deepEqual([one.replaced, replacement.replaced], [true, false])
  transfers.leave('one', one)
  assert.equal(transfers.active, 2)
  transfers.leave('one', replacement)
  transfers.leave('two', two)
  assert.equal(transfers.active, 0)
})

/** Of each transfer under way: acknowledged, and for how long the client is silent; and which of them makes room at the limit. */
const AT_LIMIT: readonly [string, readonly (readonly [boolean, number])[], number | undefined][] = [
  [
    'all are alive',
    [
      [true, 60_000],
      [false, 4000],
    ],
    undefined,
  ],
  [
    'the one that never answered',
    [
      [true, 60_000],
      [false, 6000],
    ],
    1,
  ],
  [
    'the oldest of several',
    [
      [false, 6000],
      [false, 9000],
    ],
    0,
  ],
]

for (const [name, under, expected] of AT_LIMIT) {
  test(`at the limit a client that never answered makes room: ${name}`, () => {
    const transfers = new Transfers(under.length)
    const entries = under.map(([answered, silence], index) => {
      const entry = transfers.admit(`client ${index}`, FIRST) as Entry
      return { entry, ...begun(entry, answered, silence) }
    })
    const admission = transfers.admit('new', FIRST)
    assert.equal(admission === 'busy', expected === undefined)
    assert.deepEqual(
      entries.map(({ entry, abandoned }) => [entry.replaced, abandoned.length]),
      entries.map((_, index) => (index === expected ? [true, 1] : [false, 0])),
    )
    assert.equal(transfers.active, under.length)
  })
}

test('a request is known again although the buffer it came in is used for the next', () => {
  const transfers = new Transfers(2)
  const bytes = Buffer.from('request')
  transfers.admit('one', bytes)
  bytes.fill(0)
  assert.equal(transfers.admit('one', Buffer.from('request')), 'repeated-request')
})
