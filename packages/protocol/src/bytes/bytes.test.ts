import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ByteReader, ByteWriter, DecodeError, fromHex, hex, latin1, octets, untilNul } from './index.ts'

test('a reader returns numbers highest octet first, and views', () => {
  const bytes = fromHex('01 0203 84050607 0809')
  const reader = new ByteReader(bytes)
  assert.deepEqual(
    [reader.u8(), reader.u16(), reader.u32(), reader.offset, reader.remaining],
    [1, 0x203, 0x84050607, 7, 2],
  )
  const rest = reader.take(2)
  assert.equal(hex(rest), '0809')
  assert.equal(rest.buffer, bytes.buffer)
  assert.equal(reader.remaining, 0)
})

test('a reader may start anywhere', () => {
  assert.equal(new ByteReader(fromHex('010203'), 2).u8(), 3)
})

const SHORT: readonly { name: string; read: (reader: ByteReader) => unknown }[] = [
  { name: 'u32', read: (reader) => reader.u32() },
  { name: 'take too much', read: (reader) => reader.take(4) },
  { name: 'take less than nothing', read: (reader) => reader.take(-1) },
  { name: 'take no number', read: (reader) => reader.take(Number.NaN) },
]

for (const { name, read } of SHORT) {
  test(`a reader of 3 octets blames and stays where it is: ${name}`, () => {
    const reader = new ByteReader(fromHex('010203'))
    assert.throws(() => read(reader), { name: 'DecodeError', reason: 'truncated', offset: 0 })
    assert.equal(reader.offset, 0)
  })
}

test('a reader beyond the end has nothing', () => {
  assert.throws(() => new ByteReader(new Uint8Array(2), 5).take(0), DecodeError)
})

test('a writer grows, pads, cuts fields and writes numbers highest octet first', () => {
  const writer = new ByteWriter(1).u8(1).u16(0x203).u32(0x84050607).bytes(fromHex('08')).field(fromHex('0a0b'), 4)
  assert.equal(
    hex(writer.field(fromHex('0c0d0e'), 2).padTo(17).padTo(3).finish()),
    '01020384050607080a0b00000c0d000000',
  )
  assert.equal(writer.length, 17)
})

test('what a writer wrote a reader reads', () => {
  fc.assert(
    fc.property(
      fc.uint8Array(),
      fc.integer({ min: 0, max: 0xffffffff }),
      fc.nat(0xffff),
      fc.nat(255),
      (bytes, u32, u16, u8) => {
        const reader = new ByteReader(new ByteWriter(0).u32(u32).bytes(bytes).u16(u16).u8(u8).finish())
        assert.deepEqual(
          [reader.u32(), reader.take(bytes.length), reader.u16(), reader.u8(), reader.remaining],
          [u32, bytes, u16, u8, 0],
        )
      },
    ),
  )
})

test('octets are text one to one, and hexadecimal', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      assert.deepEqual(octets(latin1(bytes)), bytes)
      assert.deepEqual(fromHex(hex(bytes)), bytes)
    }),
  )
})

test('text that octets cannot hold becomes a question mark', () => {
  assert.equal(hex(octets('aé€')), '61e93f')
})

const TEXTS: readonly [string, string][] = [
  ['', ''],
  ['00', ''],
  ['6162', 'ab'],
  ['610062', 'a'],
]

for (const [bytes, text] of TEXTS) {
  test(`untilNul of 0x${bytes} is '${text}'`, () => {
    assert.equal(untilNul(fromHex(bytes)), text)
  })
}

test('hexadecimal may be spaced, and is refused when it is not hexadecimal', () => {
  assert.equal(hex(fromHex('AA:bb-Cc\n01 2 3')), 'aabbcc0123')
  for (const text of ['a', '0g', '0x01', 'é1']) assert.throws(() => fromHex(text), { reason: 'bad-text' })
})

test('a DecodeError says why and where', () => {
  const { name, message, reason, offset } = new DecodeError('bad-length', 7)
  assert.deepEqual([name, message, reason, offset], ['DecodeError', 'bad-length at octet 7', 'bad-length', 7])
})
