import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hex } from '../bytes/index.ts'
import { decodeMessage } from './decode.ts'
import { encodeMessage } from './encode.ts'
import type { DhcpMessage } from './message.ts'
import { request } from './message.fixture.ts'

const long = (octets: number): string => 'ab'.repeat(octets)

const AREAS = { options: 240, file: 108, sname: 44 } as const

/** The codes and lengths of the instances in an area, in order. */
function instances(bytes: Uint8Array, area: keyof typeof AREAS = 'options'): string[] {
  const found: string[] = []
  let at: number = AREAS[area]
  while (at < bytes.length && bytes[at] !== 255) {
    found.push(`${bytes[at]}:${bytes[at + 1]}`)
    at += 2 + bytes[at + 1]!
  }
  return found
}

const ORDERS: readonly { name: string; options: Record<number, string>; written: readonly string[] }[] = [
  {
    name: 'ascending, so 1 before 3',
    options: { 54: '01020304', 3: '01020304', 1: 'ffffff00' },
    written: ['1:4', '3:4', '53:1', '54:4'],
  },
  { name: '82 last', options: { 254: '01', 82: '0101ff', 121: '00' }, written: ['53:1', '121:1', '254:1', '82:3'] },
  { name: '255 octets in one instance', options: { 43: long(255) }, written: ['43:255', '53:1'] },
  { name: '256 octets in two', options: { 43: long(256) }, written: ['43:255', '43:1', '53:1'] },
  { name: '510 octets in two', options: { 43: long(510) }, written: ['43:255', '43:255', '53:1'] },
  { name: 'no octet in one', options: { 80: '' }, written: ['53:1', '80:0'] },
  { name: 'framing codes are not data', options: { 0: '01', 52: '03', 255: '01' }, written: ['53:1'] },
]

for (const { name, options, written } of ORDERS) {
  test(`order of writing: ${name}`, () => {
    assert.deepEqual(instances(encodeMessage(request(options))), written)
  })
}

test('a message is at least 300 octets, END and then zeros', () => {
  const bytes = encodeMessage(request({}))
  assert.equal(bytes.length, 300)
  assert.equal(hex(bytes.subarray(236)), `63825363350101ff${'00'.repeat(56)}`)
  assert.equal(encodeMessage(request({ 43: long(55) })).length, 301)
})

/** What is written where when no more than 548 octets may be sent; an area that is not named is not overloaded. */
const OVERLOADS: readonly {
  name: string
  header?: Partial<DhcpMessage>
  options: Record<number, string>
  areas: Partial<Record<keyof typeof AREAS, readonly string[]>>
}[] = [
  { name: 'nothing while it fits', options: { 43: long(255) }, areas: { options: ['43:255', '53:1'] } },
  {
    name: 'file first',
    options: { 43: long(240), 60: long(30), 67: long(100) },
    areas: { options: ['43:240', '52:1', '53:1', '60:30'], file: ['67:100'] },
  },
  {
    name: 'then sname',
    options: { 43: long(255), 67: long(100), 119: long(60) },
    areas: { options: ['43:255', '52:1', '53:1'], file: ['67:100'], sname: ['119:60'] },
  },
  {
    name: 'a file that is a name stays one',
    header: { file: 'ipxe.efi' },
    options: { 43: long(255), 119: long(50) },
    areas: { options: ['43:255', '52:1', '53:1'], sname: ['119:50'] },
  },
  {
    name: '82 keeps its place and the others make room',
    options: { 43: long(100), 66: long(60), 82: long(250) },
    areas: { options: ['52:1', '53:1', '82:250'], file: ['43:100'], sname: ['66:60'] },
  },
  {
    name: 'instances never go backwards',
    options: { 43: long(20), 121: long(375) },
    areas: { options: ['43:20', '52:1', '53:1', '121:255'], file: ['121:120'] },
  },
]

for (const { name, header = {}, options, areas } of OVERLOADS) {
  test(`overload: ${name}`, () => {
    const message = request(options, header)
    const bytes = encodeMessage(message, { maxLength: 548 })
    const named = Object.keys(areas) as (keyof typeof AREAS)[]
    assert.deepEqual(Object.fromEntries(named.map((area) => [area, instances(bytes, area)])), areas)
    assert.deepEqual(decodeMessage(bytes), message)
    assert.ok(bytes.length <= 548)
  })
}

const REFUSED: readonly {
  name: string
  header?: Partial<DhcpMessage>
  options?: Record<number, string>
  says: RegExp
}[] = [
  {
    name: 'what fits nowhere',
    options: { 43: long(300), 67: long(200) },
    says: /options 67 do not fit into 548 octets/,
  },
  { name: '82 over the options area', options: { 82: long(310) }, says: /options 82 / },
  { name: 'a file over 128 octets', header: { file: 'a'.repeat(129) }, says: /file has 129 octets/ },
  { name: 'an sname over 64 octets', header: { sname: 'a'.repeat(65) }, says: /sname has 65 octets/ },
  { name: 'a chaddr over 16 octets', header: { chaddr: new Uint8Array(17) }, says: /chaddr has 17 octets/ },
  { name: 'a code over 255', options: { 256: '01' }, says: /256 is not a DHCP option code/ },
]

for (const { name, header = {}, options = {}, says } of REFUSED) {
  test(`refused: ${name}`, () => {
    assert.throws(() => encodeMessage(request(options, header), { maxLength: 548 }), {
      name: 'RangeError',
      message: says,
    })
  })
}

test('file and sname take their whole field', () => {
  const message = request({}, { file: 'f'.repeat(128), sname: 's'.repeat(64) })
  assert.deepEqual(decodeMessage(encodeMessage(message)), message)
})

test('below 300 octets the limit wins over the padding', () => {
  const lengths = [20, 5].map((value) => encodeMessage(request({ 60: long(value) }), { maxLength: 260 }).length)
  assert.deepEqual(lengths, [260, 260])
})
