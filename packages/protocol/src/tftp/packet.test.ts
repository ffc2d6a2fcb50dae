import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { DecodeError, fromHex, hex, octets } from '../bytes/index.ts'
import { decodePacket, encodePacket, transferMode, type TftpPacket } from './index.ts'

const options = (...pairs: [string, string][]): ReadonlyMap<string, string> => new Map(pairs)

/** Text in which `0` stands for a NUL, behind a two-octet opcode. */
const packet = (opcode: number, text: string): Uint8Array =>
  Uint8Array.from([0, opcode, ...octets(text.replaceAll('|', '\0'))])

const READ: readonly [string, Uint8Array, TftpPacket][] = [
  ['a plain request', packet(1, 'a|octet|'), { op: 'rrq', filename: 'a', mode: 'octet', options: options() }],
  ['a write request', packet(2, 'a|netascii|'), { op: 'wrq', filename: 'a', mode: 'netascii', options: options() }],
  [
    'names in capitals (T6)',
    packet(1, 'A.EFI|OCTET|BLKSIZE|1468|TSize|0|'),
    { op: 'rrq', filename: 'A.EFI', mode: 'OCTET', options: options(['blksize', '1468'], ['tsize', '0']) },
  ],
  [
    'an option given twice: the first holds',
    packet(1, 'a|octet|blksize|8|BlkSize|9|'),
    { op: 'rrq', filename: 'a', mode: 'octet', options: options(['blksize', '8']) },
  ],
  [
    'an option without a value is one with an empty value',
    packet(1, 'a|octet|blksize||'),
    { op: 'rrq', filename: 'a', mode: 'octet', options: options(['blksize', '']) },
  ],
  [
    'zeros behind the request are padding',
    packet(1, 'a|octet|blksize|8|||||'),
    { op: 'rrq', filename: 'a', mode: 'octet', options: options(['blksize', '8']) },
  ],
  ['an empty block', fromHex('0003 ffff'), { op: 'data', block: 65535, data: new Uint8Array(0) }],
  ['an ACK with padding', fromHex('0004 0001 0000'), { op: 'ack', block: 1 }],
  ['an ERROR without its NUL', packet(5, '|\x08User'), { op: 'error', code: 8, message: 'User' }],
  ['an ERROR without a text', fromHex('0005 0000'), { op: 'error', code: 0, message: '' }],
  ['an OACK', packet(6, 'tsize|74213|'), { op: 'oack', options: options(['tsize', '74213']) }],
]

for (const [name, bytes, expected] of READ) {
  test(`read: ${name}`, () => assert.deepEqual(decodePacket(bytes), expected))
}

const REFUSED: readonly [string, Uint8Array, string][] = [
  ['nothing', fromHex(''), 'truncated at octet 0'],
  ['one octet', fromHex('00'), 'truncated at octet 0'],
  ['opcode 0', fromHex('0000'), 'bad-opcode at octet 0'],
  ['opcode 9 (T19)', fromHex('0009 6162'), 'bad-opcode at octet 0'],
  ['opcode 256', fromHex('0100 61'), 'bad-opcode at octet 0'],
  ['a request without NUL (T19)', packet(1, 'abc'), 'truncated at octet 5'],
  ['a request without a mode', packet(1, 'abc|'), 'truncated at octet 6'],
  ['a mode without NUL', packet(1, 'a|octet'), 'truncated at octet 9'],
  ['an empty name (T19)', packet(1, '|octet|'), 'bad-text at octet 2'],
  ['an empty mode', packet(1, 'a||'), 'bad-text at octet 4'],
  ['an option name without NUL', packet(1, 'a|octet|blk'), 'truncated at octet 13'],
  ['an option value without NUL', packet(1, 'a|octet|blksize|14'), 'truncated at octet 20'],
  ['a request of more than 512 octets', packet(1, `${'a'.repeat(504)}|octet|`), 'bad-length at octet 512'],
  ['a block without a number', fromHex('0003 00'), 'truncated at octet 2'],
  ['a block of 65465 octets', new Uint8Array(65469).fill(3, 1, 2), 'bad-length at octet 4'],
  ['an ACK without a number', fromHex('0004'), 'truncated at octet 2'],
  ['an ERROR without a code', fromHex('0005 00'), 'truncated at octet 2'],
  ['an OACK cut short', packet(6, 'tsize|1'), 'truncated at octet 9'],
]

for (const [name, bytes, message] of REFUSED) {
  test(`refused: ${name}`, () => assert.throws(() => decodePacket(bytes), { name: 'DecodeError', message }))
}

const UNWRITABLE: readonly [string, TftpPacket][] = [
  ['a NUL in a name', { op: 'rrq', filename: 'a\0b', mode: 'octet', options: options() }],
  ['an empty name', { op: 'rrq', filename: '', mode: 'octet', options: options() }],
  ['an empty option name', { op: 'oack', options: options(['', '1']) }],
  ['block 65536', { op: 'ack', block: 65536 }],
  ['block -1', { op: 'data', block: -1, data: new Uint8Array(0) }],
]

for (const [name, unwritable] of UNWRITABLE) {
  test(`not written: ${name}`, () => assert.throws(() => encodePacket(unwritable), RangeError))
}

test('the mode is read without regard to case; mail and anything else is none of ours', () => {
  const modes = ['octet', 'OcTeT', 'NETASCII', 'mail', 'binary']
  const read = modes.map((mode) => transferMode({ op: 'rrq', filename: 'a', mode, options: options() }))
  assert.deepEqual(read, ['octet', 'octet', 'netascii', undefined, undefined])
})

const VECTORS = path.join(import.meta.dirname, '../../vectors')
const CAPTURED = readdirSync(VECTORS).filter((name) => /^tftp-.*\.hex$/.test(name))

/** A packet of a vector file: options are an object there, data is hexadecimal. */
type Written = Record<string, unknown> & { readonly options?: Record<string, string>; readonly data?: string }

function vector(file: string): { readonly bytes: Uint8Array; readonly packet: TftpPacket } {
  const bytes = fromHex(readFileSync(path.join(VECTORS, file), 'utf8'))
  const described = readFileSync(path.join(VECTORS, file.replace('.hex', '.json')), 'utf8')
  const { packet } = JSON.parse(described) as { readonly packet: Written }
  const maps = packet.options && { options: new Map(Object.entries(packet.options)) }
  const data = packet.data !== undefined && { data: fromHex(packet.data) }
  return { bytes, packet: { ...packet, ...maps, ...data } as unknown as TftpPacket }
}

test('there are vectors', () => assert.ok(CAPTURED.length >= 4))

for (const file of CAPTURED) {
  const { bytes, packet: described } = vector(file)
  test(`${file}: reads as described, and is written as it was`, () => {
    assert.deepEqual(decodePacket(bytes), described)
    assert.equal(hex(encodePacket(described)), hex(bytes))
  })
  test(`${file}: cut at every octet it is a packet or a DecodeError`, () => {
    for (let length = 0; length < bytes.length; length++) readable(bytes.subarray(0, length))
  })
}

/** The packet, or undefined if a DecodeError says why not; anything else thrown is a failure. */
function readable(bytes: Uint8Array): TftpPacket | undefined {
  try {
    return decodePacket(bytes)
  } catch (error) {
    assert.ok(error instanceof DecodeError, String(error))
    return undefined
  }
}

test('any octets are a packet or a DecodeError, and a packet written again reads the same', () => {
  const opcode = fc.integer({ min: 0, max: 7 })
  const body = fc.uint8Array({ maxLength: 80 }).map((bytes) => bytes.map((octet) => (octet < 64 ? 0 : octet)))
  fc.assert(
    fc.property(opcode, body, (first, rest) => {
      const read = readable(Uint8Array.from([0, first, ...rest]))
      fc.pre(read !== undefined)
      assert.deepEqual(decodePacket(encodePacket(read)), read)
    }),
    { numRuns: 2000 },
  )
})

test('noise up to 64 KiB never leads to anything but a DecodeError', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 65507 }), (bytes) => void readable(bytes)))
})
