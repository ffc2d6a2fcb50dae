import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { DecodeError, hex } from '../bytes/index.ts'
import type { Ipv4Address, Seconds } from '../net/index.ts'
import {
  clientKey,
  decodeMessage,
  describeOption,
  encodeMessage,
  fitReply,
  option,
  OPTIONS,
  parameterRequestList,
  relayAgent,
  replyDestination,
  requestState,
  userClasses,
} from './index.ts'
import type { DhcpMessage } from './message.ts'
import { request } from './message.fixture.ts'

const PRINTABLE = /^[ -~]*$/
const octet = fc.integer({ min: 0, max: 255 })
const u16 = fc.integer({ min: 0, max: 0xffff })
const u32 = fc.integer({ min: 0, max: 0xffffffff })
const address = u32.map((value) => value as Ipv4Address)
const code = fc.integer({ min: 1, max: 254 }).filter((value) => value !== 52)
const name = (max: number): fc.Arbitrary<string> =>
  fc.array(fc.integer({ min: 1, max: 255 }), { maxLength: max }).map((octets) => String.fromCharCode(...octets))
const optionMap = (maxLength: number): fc.Arbitrary<Map<number, Uint8Array>> =>
  fc
    .uniqueArray(fc.tuple(code, fc.uint8Array({ maxLength })), { selector: ([key]) => key, maxLength: 20 })
    .map((entries) => new Map(entries))

const messages = (maxLength: number): fc.Arbitrary<DhcpMessage> =>
  fc.record(
    {
      op: fc.constantFrom('bootrequest', 'bootreply'),
      htype: octet,
      hops: octet,
      xid: u32,
      secs: u16.map((value) => value as Seconds),
      flags: u16,
      ciaddr: address,
      yiaddr: address,
      siaddr: address,
      giaddr: address,
      chaddr: fc.uint8Array({ maxLength: 16 }),
      sname: name(64),
      file: name(128),
      options: optionMap(maxLength),
    },
    { noNullPrototype: true },
  )

/** Octets that get past the header, so that the options area is what is tried. */
const datagrams = fc
  .tuple(fc.constantFrom(1, 2), fc.uint8Array({ minLength: 235, maxLength: 235 }), fc.uint8Array({ maxLength: 600 }))
  .map(([op, head, options]) => {
    const bytes = Uint8Array.of(op, ...head, 0x63, 0x82, 0x53, 0x63, ...options)
    bytes[2]! %= 17
    return bytes
  })
/** Options areas made of well-formed instances, with overload now and then. */
const areas = fc
  .array(
    fc.tuple(
      fc.constantFrom(1, 12, 43, 52, 53, 55, 61, 77, 82, 93, 97, 119, 121, 175),
      fc.uint8Array({ maxLength: 40 }),
    ),
    { maxLength: 20 },
  )
  .map((list) => Uint8Array.from(list.flatMap(([key, value]) => [key, value.length, ...value])))

/** The message, or none if the octets are refused in the way they have to be. */
function decoded(bytes: Uint8Array): readonly DhcpMessage[] {
  try {
    return [decodeMessage(bytes)]
  } catch (error) {
    assert.ok(error instanceof DecodeError, String(error))
    assert.ok(error.offset >= 0 && error.offset <= bytes.length)
    return []
  }
}

/** Everything that reads a message, none of which may throw whatever a peer put into it. */
function readAll(message: DhcpMessage): void {
  OPTIONS.forEach((row) => option(message, row))
  relayAgent(message)
  userClasses(message)
  parameterRequestList(message)
  assert.match(clientKey(message), /^(id:[0-9a-f]+|hw:\d+:[0-9a-f:]*)$/)
  requestState(message, { broadcast: true })
  replyDestination(message, message)
  for (const [key, value] of message.options) assert.match(describeOption(key, value), PRINTABLE)
}

test('any octets are a message or a DecodeError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 700 }), (bytes) => {
      assert.ok(decoded(bytes).length <= 1)
    }),
  )
})

test('octets with a good header are a message that reads without an exception, or a DecodeError', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        datagrams,
        fc.tuple(datagrams, areas).map(([head, area]) => Uint8Array.of(...head.subarray(0, 240), ...area)),
      ),
      (bytes) => {
        for (const message of decoded(bytes)) {
          readAll(message)
          assert.deepEqual(decodeMessage(encodeMessage(message)), message)
        }
      },
    ),
    { numRuns: 2000 },
  )
})

test('what is encoded decodes to the same message, values over 255 octets included', () => {
  fc.assert(
    fc.property(messages(700), (message) => {
      const bytes = encodeMessage(message)
      assert.deepEqual(decodeMessage(bytes), message)
      assert.equal(hex(encodeMessage(decodeMessage(bytes))), hex(bytes))
    }),
  )
})

test('with a limit it decodes to the same, or says that it cannot', () => {
  fc.assert(
    fc.property(messages(120), fc.boolean(), fc.integer({ min: 300, max: 1472 }), (message, named, maxLength) => {
      const fields = [{ sname: '', file: '' }, {}][Number(named)]!
      const limited = { ...message, ...fields }
      const outcome = encodedOrRefused(limited, maxLength)
      assert.ok(outcome.length <= maxLength)
      assert.deepEqual(
        [outcome].filter((bytes) => bytes.length > 0).map(decodeMessage),
        [limited].slice(0, Math.sign(outcome.length)),
      )
    }),
  )
})

test('a fitted reply can be written for any request, and what was not dropped is there', () => {
  fc.assert(
    fc.property(messages(400), optionMap(300), (reply, asked) => {
      const { message, dropped, maxLength } = fitReply(
        { ...reply, options: reply.options },
        request({}, { options: asked }),
      )
      const bytes = encodeMessage(message, { maxLength })
      const kept = [...reply.options].filter(([key]) => !dropped.includes(key) && key !== 66 && key !== 67)
      const read = decodeMessage(bytes)
      assert.ok(bytes.length <= maxLength)
      assert.deepEqual(new Map([...read.options].filter(([key]) => key !== 66 && key !== 67)), new Map(kept))
    }),
  )
})

/** No octets when the message does not fit. */
function encodedOrRefused(message: DhcpMessage, maxLength: number): Uint8Array {
  try {
    return encodeMessage(message, { maxLength })
  } catch (error) {
    assert.ok(error instanceof RangeError)
    return new Uint8Array(0)
  }
}
