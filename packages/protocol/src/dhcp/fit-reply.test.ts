import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeMessage } from './decode.ts'
import { encodeMessage } from './encode.ts'
import { fitReply, maxReplyLength } from './fit-reply.ts'
import { ip, request } from './message.fixture.ts'
import { bootReply } from './reply.ts'
import type { DhcpMessage } from './message.ts'

const SIZES: readonly [string, Record<number, string>, number][] = [
  ['without 57', {}, 548],
  ['57 = 576', { 57: '0240' }, 548],
  ['57 = 1472 (UEFI, iPXE)', { 57: '05c0' }, 1444],
  ['57 = 1500', { 57: '05dc' }, 1472],
  ['P9 57 = 65280 (UEFI REQUEST)', { 57: 'ff00' }, 1472],
  ['57 = 100, under the minimum', { 57: '0064' }, 548],
  ['57 of one octet', { 57: '40' }, 548],
]

for (const [name, options, length] of SIZES) {
  test(`maxReplyLength ${name} is ${length}`, () => {
    assert.equal(maxReplyLength(request(options)), length)
  })
}

const long = (octets: number): Uint8Array => new Uint8Array(octets).fill(0x61)
const reply = (
  asked: DhcpMessage,
  more: readonly (readonly [number, number])[],
  header: Partial<DhcpMessage> = {},
): DhcpMessage => ({
  ...bootReply(
    asked,
    'offer',
    ip('192.168.77.1'),
    more.map(([code, length]) => [code, long(length)] as const),
  ),
  ...header,
})
const CLIENT = request({ 55: '01030c110f77', 61: '01525400aa0201' })

const DROPS: readonly {
  name: string
  asked: DhcpMessage
  more: readonly (readonly [number, number])[]
  header?: Partial<DhcpMessage>
  dropped: readonly number[]
}[] = [
  { name: 'nothing from a short reply', asked: CLIENT, more: [[3, 4]], dropped: [] },
  {
    name: 'nothing that file and sname can take',
    asked: CLIENT,
    more: [
      [17, 240],
      [67, 100],
      [119, 50],
    ],
    dropped: [],
  },
  {
    name: 'first what was not asked for, highest code first',
    asked: CLIENT,
    more: [
      [17, 240],
      [114, 110],
      [224, 110],
      [119, 40],
    ],
    dropped: [224],
  },
  {
    name: 'then the last of the list first',
    asked: CLIENT,
    more: [
      [17, 200],
      [15, 200],
      [12, 200],
      [119, 200],
    ],
    dropped: [119, 15, 17],
  },
  {
    name: 'only the long one when a short one fits again',
    asked: CLIENT,
    more: [
      [43, 200],
      [67, 100],
      [17, 120],
      [119, 40],
    ],
    dropped: [17],
  },
  {
    name: 'nothing that booting rests on before all of that',
    asked: CLIENT,
    more: [
      [43, 200],
      [12, 100],
      [67, 60],
      [60, 100],
    ],
    dropped: [12],
  },
  {
    name: '175 before the file name',
    asked: CLIENT,
    more: [
      [67, 250],
      [175, 250],
    ],
    header: { file: 'f', sname: 's' },
    dropped: [175],
  },
  {
    name: '82 last of all',
    asked: request({ 82: '61'.repeat(250) }),
    more: [
      [43, 200],
      [67, 200],
    ],
    dropped: [43, 67],
  },
  {
    name: 'an identifier that cannot be echoed, and nothing else',
    asked: request({ 61: '61'.repeat(600) }),
    more: [[43, 20]],
    dropped: [61],
  },
]

for (const { name, asked, more, header, dropped } of DROPS) {
  test(`fitReply drops ${name}`, () => {
    const whole = reply(asked, more, header)
    const fitted = fitReply(whole, asked)
    const bytes = encodeMessage(fitted.message, fitted)
    const kept = new Set([...whole.options.keys()].filter((code) => !dropped.includes(code)))
    assert.deepEqual(fitted.dropped, dropped)
    assert.deepEqual(new Set(decodeMessage(bytes).options.keys()), kept)
    assert.ok(bytes.length <= 548)
  })
}

test('P8 40 configured options and 57 = 576 make an IP datagram of at most 576 octets', () => {
  const asked = request({ 57: '0240', 55: '0103' })
  const codes = Array.from({ length: 40 }, (_, index) => [130 + index, 20] as const)
  const { message, dropped, maxLength } = fitReply(reply(asked, [[1, 4], [3, 4], ...codes]), asked)
  assert.ok(encodeMessage(message, { maxLength }).length + 28 <= 576)
  assert.ok(message.options.has(1) && message.options.has(3))
  assert.deepEqual(
    dropped,
    codes
      .map(([code]) => code)
      .slice(-dropped.length)
      .toReversed(),
  )
})

test('names too long for their field and its NUL become options 67 and 66', () => {
  const { message } = fitReply(reply(CLIENT, [], { file: 'f'.repeat(128), sname: 's'.repeat(64) }), CLIENT)
  assert.deepEqual([message.file, message.sname], ['', ''])
  assert.deepEqual([message.options.get(67)?.length, message.options.get(66)?.length], [128, 64])
})

test('names that fit stay, and an option 67 that is there wins over a file that does not', () => {
  const { message } = fitReply(reply(CLIENT, [[67, 3]], { file: 'f'.repeat(200), sname: 's'.repeat(63) }), CLIENT)
  assert.deepEqual([message.file, message.sname.length, message.options.get(67)?.length], ['', 63, 3])
})
