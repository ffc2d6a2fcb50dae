import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { DecodeError, fromHex, hex } from '../bytes/index.ts'
import { formatIpv4 } from '../net/index.ts'
import { decodeMessage, encodeMessage, messageType, optionByCode, type DhcpMessage } from './index.ts'

const FOLDER = new URL('../../vectors/', import.meta.url)

interface Vector {
  readonly title: string
  readonly length: number
  readonly encodes: 'identical' | 'reordered' | 'rearranged'
  readonly messageType: string
  readonly header: Record<string, string | number>
  readonly options: readonly { readonly code: number; readonly name?: string; readonly value: string }[]
}

const names = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json') && !file.startsWith('tftp-'))
  .map((file) => file.replace('.json', ''))

const octetsOf = (path: string): Uint8Array => fromHex(readFileSync(new URL(path, FOLDER), 'latin1'))

/** What writing the decoded message again has to give, by the vector's own word. */
const ENCODES: Record<Vector['encodes'], (written: Uint8Array, original: Uint8Array) => void> = {
  identical: (written, original) => assert.equal(hex(written), hex(original)),
  reordered: (written, original) => {
    assert.equal(hex(written.subarray(0, 240)), hex(original.subarray(0, 240)))
    assert.deepEqual(instances(written).toSorted(), instances(original).toSorted())
    assert.equal(written.length, original.length)
  },
  rearranged: (written, original) => assert.notEqual(hex(written), hex(original)),
}

for (const name of names) {
  const vector = JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8')) as Vector
  const bytes = octetsOf(`${name}.hex`)

  test(`${name}: decodes to what its file says`, () => {
    const message = decodeMessage(bytes)
    assert.equal(bytes.length, vector.length)
    assert.deepEqual(headerOf(message), vector.header)
    assert.deepEqual(optionsOf(message), vector.options)
    assert.equal(messageType(message), vector.messageType)
  })

  test(`${name}: what is encoded decodes to the same, in the octets the file promises`, () => {
    const message = decodeMessage(bytes)
    const written = encodeMessage(message)
    assert.deepEqual(decodeMessage(written), message)
    assert.ok(written.length >= 300)
    ENCODES[vector.encodes](written, bytes)
  })

  test(`${name}: encoding is stable`, () => {
    const once = encodeMessage(decodeMessage(bytes))
    assert.equal(hex(encodeMessage(decodeMessage(once))), hex(once))
  })

  test(`${name}: cut anywhere it is a message or a DecodeError`, () => {
    const outcomes = Array.from(bytes, (_, length) => outcomeOf(bytes.subarray(0, length)))
    assert.deepEqual(
      outcomes.slice(0, 240),
      Array.from({ length: 240 }, () => 'truncated'),
    )
    assert.deepEqual(
      [...new Set(outcomes.slice(240))].toSorted(),
      ['bad-option', 'message'].slice(-new Set(outcomes.slice(240)).size),
    )
  })
}

for (const reason of readdirSync(new URL('invalid/', FOLDER))) {
  for (const file of readdirSync(new URL(`invalid/${reason}/`, FOLDER)).filter((name) => name.startsWith('dhcp-'))) {
    test(`invalid ${file} is refused as ${reason}`, () => {
      assert.equal(outcomeOf(octetsOf(`invalid/${reason}/${file}`)), reason)
    })
  }
}

function outcomeOf(bytes: Uint8Array): string {
  try {
    decodeMessage(bytes)
    return 'message'
  } catch (error) {
    assert.ok(error instanceof DecodeError, String(error))
    return error.reason
  }
}

function headerOf(message: DhcpMessage): Record<string, string | number> {
  return {
    op: message.op,
    htype: message.htype,
    hops: message.hops,
    xid: message.xid.toString(16).padStart(8, '0'),
    secs: message.secs,
    flags: message.flags.toString(16).padStart(4, '0'),
    ciaddr: formatIpv4(message.ciaddr),
    yiaddr: formatIpv4(message.yiaddr),
    siaddr: formatIpv4(message.siaddr),
    giaddr: formatIpv4(message.giaddr),
    chaddr: hex(message.chaddr),
    sname: message.sname,
    file: message.file,
    ...(message.chaddrTail && { chaddrTail: hex(message.chaddrTail) }),
  }
}

function optionsOf(message: DhcpMessage): Vector['options'] {
  return Array.from(message.options, ([code, value]) => {
    const row = optionByCode(code)
    return { code, ...(row && { name: row.name }), value: hex(value) }
  })
}

/** `code length value` of every instance in the options area, as hex. */
function instances(bytes: Uint8Array): string[] {
  const found: string[] = []
  for (let at = 240; bytes[at] !== 255; at += 2 + bytes[at + 1]!) {
    found.push(hex(bytes.subarray(at, at + 2 + bytes[at + 1]!)))
  }
  return found
}
