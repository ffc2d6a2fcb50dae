import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Instant, Seconds } from '../net/index.ts'
import { memoryContent, negotiate, ReadTransfer, type Content, type Step, type TftpPacket } from './index.ts'

const LIMITS = { blksize: 65464, windowsize: 64, timeout: 1 as Seconds }

/** A step in one line: what is sent, when to wake, how it ended. */
function told(step: Step): string {
  const wake = step.wakeAt === undefined ? '' : `@${step.wakeAt}`
  return [...step.send.map(shortly), step.waiting ? 'waiting' : '', wake, step.end ?? ''].filter(Boolean).join(' ')
}

function shortly(packet: TftpPacket): string {
  switch (packet.op) {
    case 'data':
      return `${packet.block}:${packet.data.length}`
    case 'ack':
      return `ACK ${packet.block}`
    case 'error':
      return `ERROR ${packet.code}`
    case 'oack':
      return `OACK(${[...packet.options].map((pair) => pair.join('=')).join(' ')})`
    case 'rrq':
    case 'wrq':
      return packet.op
  }
}

/** An event in one word: `start`, `ack7`, `error8`, `wake`, `data`, `oack`, `rrq`. */
function happen(transfer: ReadTransfer, event: string, at: number): Step {
  const [, word, number] = /^([a-z]+)(\d*)$/.exec(event)!
  const now = at as Instant
  const packets: Record<string, TftpPacket> = {
    ack: { op: 'ack', block: Number(number) },
    error: { op: 'error', code: Number(number), message: '' },
    data: { op: 'data', block: 1, data: new Uint8Array(1) },
    oack: { op: 'oack', options: new Map() },
    rrq: { op: 'rrq', filename: 'a', mode: 'octet', options: new Map() },
  }
  if (word === 'start') return transfer.start(now)
  if (word === 'wake') return transfer.wake(now)
  return transfer.receive(packets[word!]!, now)
}

interface Story {
  readonly size: number
  readonly options: Record<string, string>
  /** Virtual time, event, and what follows. */
  readonly turns: readonly (readonly [number, string, string])[]
}

const STORIES: Readonly<Record<string, Story>> = {
  'lock-step, the last block short': {
    size: 1030,
    options: {},
    turns: [
      [0, 'start', '1:512 @1000'],
      [10, 'ack1', '2:512 @610'],
      [20, 'ack2', '3:6 @620'],
      [30, 'ack3', 'complete'],
      [40, 'ack3', 'complete'],
    ],
  },
  'an exact multiple ends with an empty block (T3)': {
    size: 1024,
    options: {},
    turns: [
      [0, 'start', '1:512 @1000'],
      [1, 'ack1', '2:512 @601'],
      [2, 'ack2', '3:0 @602'],
      [3, 'ack3', 'complete'],
    ],
  },
  'an empty file is one empty block': {
    size: 0,
    options: {},
    turns: [
      [0, 'start', '1:0 @1000'],
      [1, 'ack1', 'complete'],
    ],
  },
  'only an unknown option: DATA 1, no OACK (T7)': {
    size: 3,
    options: { foo: 'bar' },
    turns: [[0, 'start', '1:3 @1000']],
  },
  'a duplicate ACK sends nothing and moves no deadline (T5)': {
    size: 5000,
    options: {},
    turns: [
      [0, 'start', '1:512 @1000'],
      [10, 'ack1', '2:512 @610'],
      [20, 'ack1', '@610'],
      [30, 'ack1', '@610'],
      [40, 'ack0', '@610'],
      [50, 'ack2', '3:512 @650'],
    ],
  },
  'an ACK for what was not sent changes nothing': {
    size: 5000,
    options: {},
    turns: [
      [0, 'start', '1:512 @1000'],
      [10, 'ack2', '@1000'],
      [20, 'ack65535', '@1000'],
    ],
  },
  'a window leaves at once, then silence (T13)': {
    size: 65,
    options: { blksize: '8', windowsize: '4' },
    turns: [
      [0, 'start', 'OACK(blksize=8 windowsize=4) @1000'],
      [5, 'ack0', '1:8 2:8 3:8 4:8 @605'],
      [10, 'ack4', '5:8 6:8 7:8 8:8 @610'],
      [15, 'ack8', '9:1 @615'],
      [20, 'ack9', 'complete'],
    ],
  },
  'an ACK inside the window goes on right behind it (T14)': {
    size: 800,
    options: { blksize: '8', windowsize: '4' },
    turns: [
      [0, 'start', 'OACK(blksize=8 windowsize=4) @1000'],
      [5, 'ack0', '1:8 2:8 3:8 4:8 @605'],
      [10, 'ack2', '3:8 4:8 5:8 6:8 @610'],
      [40, 'ack5', '6:8 7:8 8:8 9:8 @640'],
    ],
  },
  'within a round trip of going back, ACKs inside the window are echoes: only new blocks leave': {
    size: 800,
    options: { blksize: '8', windowsize: '4' },
    turns: [
      [0, 'start', 'OACK(blksize=8 windowsize=4) @1000'],
      [10, 'ack0', '1:8 2:8 3:8 4:8 @610'],
      [20, 'ack1', '2:8 3:8 4:8 5:8 @620'],
      [21, 'ack4', '6:8 7:8 8:8 @81'],
      [30, 'ack8', '9:8 10:8 11:8 12:8 @630'],
    ],
  },
  'an echo that was news after all is made good after two round trips': {
    size: 800,
    options: { blksize: '8', windowsize: '4' },
    turns: [
      [0, 'start', 'OACK(blksize=8 windowsize=4) @1000'],
      [10, 'ack0', '1:8 2:8 3:8 4:8 @610'],
      [20, 'ack1', '2:8 3:8 4:8 5:8 @620'],
      [21, 'ack3', '6:8 7:8 @81'],
      [81, 'wake', '4:8 5:8 6:8 7:8 @1281'],
    ],
  },
  'nothing follows the OACK before ACK 0': {
    size: 800,
    options: { windowsize: '64' },
    turns: [
      [0, 'start', 'OACK(windowsize=64) @1000'],
      [1, 'ack1', '@1000'],
      [1000, 'wake', 'OACK(windowsize=64) @3000'],
    ],
  },
  'silence: the window again, ever more seldom, then the end (T15)': {
    size: 100,
    options: {},
    turns: [
      [0, 'start', '1:100 @1000'],
      [999, 'wake', '@1000'],
      [1000, 'wake', '1:100 @3000'],
      [3000, 'wake', '1:100 @7000'],
      [7000, 'wake', '1:100 @15000'],
      [15000, 'wake', '1:100 @23000'],
      [23000, 'wake', '1:100 @31000'],
      [31000, 'wake', '1:100 @39000'],
      [39000, 'wake', '1:100 @47000'],
      [47000, 'wake', 'timed-out'],
      [48000, 'ack1', 'timed-out'],
    ],
  },
  'an ACK that moves on starts the patience anew': {
    size: 1000,
    options: {},
    turns: [
      [0, 'start', '1:512 @1000'],
      [1000, 'wake', '1:512 @3000'],
      [1500, 'ack1', '2:488 @2500'],
      [2500, 'wake', '2:488 @4500'],
    ],
  },
  'a timeout that was asked for is kept to the second (T10)': {
    size: 1000,
    options: { timeout: '3' },
    turns: [
      [0, 'start', 'OACK(timeout=3) @3000'],
      [3000, 'wake', 'OACK(timeout=3) @6000'],
      [6000, 'wake', 'OACK(timeout=3) @9000'],
      [6500, 'ack0', '1:512 @9500'],
    ],
  },
  'a long way: the wait follows the round trips': {
    size: 2000,
    options: {},
    turns: [
      [0, 'start', '1:512 @1000'],
      [900, 'ack1', '2:512 @3600'],
      [1800, 'ack2', '3:512 @4050'],
    ],
  },
  'firmware that only wants the size (T21)': {
    size: 850528,
    options: { tsize: '0', blksize: '1468', windowsize: '4' },
    turns: [
      [0, 'start', 'OACK(tsize=850528 blksize=1468 windowsize=4) @1000'],
      [1, 'error8', 'probe'],
    ],
  },
  'an old ROM that only wants the size': {
    size: 850528,
    options: { tsize: '0' },
    turns: [
      [0, 'start', 'OACK(tsize=850528) @1000'],
      [1, 'error0', 'probe'],
    ],
  },
  'an ERROR for any other reason is no probe': {
    size: 850528,
    options: { tsize: '0' },
    turns: [
      [0, 'start', 'OACK(tsize=850528) @1000'],
      [1, 'error3', 'aborted'],
    ],
  },
  'an ERROR to an OACK without a size is no probe': {
    size: 100,
    options: { blksize: '1468' },
    turns: [
      [0, 'start', 'OACK(blksize=1468) @1000'],
      [1, 'error8', 'aborted'],
    ],
  },
  'an ERROR in the middle': {
    size: 1000,
    options: {},
    turns: [
      [0, 'start', '1:512 @1000'],
      [1, 'ack1', '2:488 @601'],
      [2, 'error0', 'aborted'],
    ],
  },
  'packets that make no sense here change nothing': {
    size: 1000,
    options: {},
    turns: [
      [0, 'start', '1:512 @1000'],
      [1, 'data', '@1000'],
      [2, 'oack', '@1000'],
      [3, 'rrq', '@1000'],
    ],
  },
}

for (const [name, { size, options, turns }] of Object.entries(STORIES)) {
  test(name, () => {
    const negotiated = negotiate(new Map(Object.entries(options)), size, LIMITS)
    const transfer = new ReadTransfer(memoryContent(new Uint8Array(size)), negotiated)
    const happened = turns.map(([at, event]) => [at, event, told(happen(transfer, event, at))])
    assert.deepEqual(happened, turns)
  })
}

/** A content of which only the first `inMemory` octets can be read. */
class SlowContent implements Content {
  inMemory = 0
  read(offset: number, length: number): Uint8Array | undefined {
    const end = Math.min(offset + length, 40)
    return end > this.inMemory ? undefined : new Uint8Array(end - offset)
  }
}

test('a content that is slow to come is waited for, without a clock while the client has nothing to answer', () => {
  const content = new SlowContent()
  const transfer = new ReadTransfer(
    content,
    negotiate(
      new Map([
        ['blksize', '8'],
        ['windowsize', '4'],
      ]),
      40,
      LIMITS,
    ),
  )
  const steps = [transfer.start(0 as Instant), transfer.receive({ op: 'ack', block: 0 }, 100 as Instant)]
  steps.push(transfer.wake(5000 as Instant))
  content.inMemory = 20
  steps.push(transfer.resume(200 as Instant))
  content.inMemory = 40
  steps.push(transfer.resume(300 as Instant), transfer.receive({ op: 'ack', block: 4 }, 400 as Instant))
  steps.push(transfer.receive({ op: 'ack', block: 6 }, 500 as Instant))
  assert.deepEqual(steps.map(told), [
    'OACK(blksize=8 windowsize=4) @1000',
    'waiting',
    '',
    '1:8 2:8 waiting @800',
    '3:8 4:8 @900',
    '5:8 6:0 @1000',
    'complete',
  ])
})

test('giving up tells the client once', () => {
  const transfer = new ReadTransfer(memoryContent(new Uint8Array(9)), negotiate(new Map(), 9, LIMITS))
  transfer.start(0 as Instant)
  assert.equal(told(transfer.fail(0, 'the file has changed')), 'ERROR 0 failed')
  assert.equal(told(transfer.fail(0, 'the file has changed')), 'failed')
  assert.equal(told(transfer.resume(1 as Instant)), 'failed')
})

test('what the client has, and what was sent more than once, can be read off', () => {
  const transfer = new ReadTransfer(memoryContent(new Uint8Array(1000)), negotiate(new Map(), 1000, LIMITS))
  const seen = (): [number, number, boolean] => [
    transfer.acknowledgedOctets,
    transfer.retransmissions,
    transfer.answered,
  ]
  transfer.start(0 as Instant)
  const before = seen()
  transfer.wake(1000 as Instant)
  transfer.receive({ op: 'ack', block: 1 }, 1001 as Instant)
  const between = seen()
  transfer.receive({ op: 'ack', block: 2 }, 1002 as Instant)
  assert.deepEqual(
    [before, between, seen()],
    [
      [0, 0, false],
      [512, 1, true],
      [1000, 1, true],
    ],
  )
})
