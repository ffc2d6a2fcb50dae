import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex, hex, octets } from '../bytes/index.ts'
import { decodeMessage } from './decode.ts'
import { encodeMessage } from './encode.ts'
import { request } from './message.fixture.ts'

/** A datagram with this options area, and with these octets at the start of sname and file. */
function datagram(area: string, fields: { readonly sname?: string; readonly file?: string } = {}): Uint8Array {
  const options = fromHex(area)
  const bytes = new Uint8Array(240 + options.length)
  bytes.set(encodeMessage(request({})).subarray(0, 240))
  bytes.set(fromHex(fields.sname ?? ''), 44)
  bytes.set(fromHex(fields.file ?? ''), 108)
  bytes.set(options, 240)
  return bytes
}

const AREAS: readonly { name: string; area: string; sname?: string; file?: string; options: Record<number, string> }[] =
  [
    { name: 'no octet at all: neither options nor END', area: '', options: {} },
    { name: 'END at once, junk behind it', area: 'ff0c05', options: {} },
    { name: 'pad everywhere', area: '0000350101000c016100ff00', options: { 53: '01', 12: '61' } },
    { name: 'END missing (tolerated)', area: '3501010c0161', options: { 53: '01', 12: '61' } },
    { name: 'an empty value', area: '0c00350101ff', options: { 12: '', 53: '01' } },
    {
      name: 'instances joined in the order met',
      area: '2b0201020c01612b01032b0104ff',
      options: { 43: '01020304', 12: '61' },
    },
    { name: 'overload 1: file', area: '340101ff', file: '0c0161ff', sname: '780101', options: { 12: '61' } },
    { name: 'overload 2: sname', area: '340102ff', file: '780101', sname: '0c0161ff', options: { 12: '61' } },
    {
      name: 'overload 3: file before sname',
      area: '2b0101340103ff',
      file: '2b0102ff',
      sname: '2b0103ff',
      options: { 43: '010203' },
    },
    { name: 'overload without END in the field', area: '340101ff', file: '0c0161', options: { 12: '61' } },
    {
      name: 'overload found behind other options',
      area: '350101340101ff',
      file: '0c0161ff',
      options: { 53: '01', 12: '61' },
    },
    { name: 'overload 0 and 4 mean nothing', area: '340100ff', file: '0c0161ff', options: {} },
    { name: 'overload of two octets means nothing', area: '34020101ff', file: '0c0161ff', options: {} },
    { name: 'overload twice means nothing', area: '340101340101ff', file: '0c0161ff', options: {} },
    {
      name: 'overload inside a field does not reach further',
      area: '340101ff',
      file: '3401020c0161ff',
      sname: '0c0162ff',
      options: { 12: '61' },
    },
  ]

for (const { name, area, sname = '', file = '', options } of AREAS) {
  test(`options area: ${name}`, () => {
    const message = decodeMessage(datagram(area, { sname, file }))
    assert.deepEqual(Object.fromEntries(Array.from(message.options, ([code, value]) => [code, hex(value)])), options)
  })
}

const NAMES: readonly { name: string; area: string; sname: string; file: string; read: readonly [string, string] }[] = [
  { name: 'up to the NUL', area: 'ff', sname: '73727600aa', file: '612e65666900aa', read: ['srv', 'a.efi'] },
  { name: 'nothing', area: 'ff', sname: '', file: '', read: ['', ''] },
  {
    name: 'a field filled to the last octet',
    area: 'ff',
    sname: '61'.repeat(64),
    file: '62'.repeat(128),
    read: ['a'.repeat(64), 'b'.repeat(128)],
  },
  { name: 'file overloaded', area: '340101ff', sname: '737276', file: 'ff', read: ['srv', ''] },
  { name: 'sname overloaded', area: '340102ff', sname: 'ff', file: '612e656669', read: ['', 'a.efi'] },
]

for (const { name, area, sname, file, read } of NAMES) {
  test(`sname and file: ${name}`, () => {
    const message = decodeMessage(datagram(area, { sname, file }))
    assert.deepEqual([message.sname, message.file], read)
  })
}

test('values are views of the datagram, not copies', () => {
  const bytes = datagram('0c0161ff')
  const { chaddr, options } = decodeMessage(bytes)
  assert.equal(options.get(12)!.buffer, bytes.buffer)
  assert.equal(chaddr.buffer, bytes.buffer)
})

test('a datagram of nothing but one-octet instances is joined once', () => {
  const area = new Uint8Array(65_000).map((_, at) => [43, 1, 7][at % 3]!)
  const bytes = new Uint8Array([...datagram(''), ...area.subarray(0, 64_998)])
  assert.deepEqual(decodeMessage(bytes).options.get(43), new Uint8Array(21_666).fill(7))
})

test('hlen 0 and hlen 16 are hardware addresses', () => {
  const lengths = [0, 6, 16].map((hlen) => {
    const bytes = datagram('ff')
    bytes[2] = hlen
    bytes.set(octets('0123456789abcdef'), 28)
    const { chaddr, chaddrTail } = decodeMessage(bytes)
    return [chaddr.length, chaddrTail?.length]
  })
  assert.deepEqual(lengths, [
    [0, 16],
    [6, 10],
    [16, undefined],
  ])
})
