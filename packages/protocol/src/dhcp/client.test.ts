import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientKey, macOf, parameterRequestList } from './client.ts'
import type { DhcpMessage } from './message.ts'
import { request } from './message.fixture.ts'
import { messageType } from './message-type.ts'
import { userClasses } from './user-class.ts'

const INFINIBAND: Partial<DhcpMessage> = { htype: 32, chaddr: new Uint8Array(0) }

const KEYS: readonly { name: string; message: DhcpMessage; key: string; ignoring61: string }[] = [
  { name: 'no 61', message: request({}), key: 'hw:1:52:54:00:aa:02:01', ignoring61: 'hw:1:52:54:00:aa:02:01' },
  {
    name: '61',
    message: request({ 61: '01525400aa0201' }),
    key: 'id:01525400aa0201',
    ignoring61: 'hw:1:52:54:00:aa:02:01',
  },
  {
    name: '61 of one octet identifies nobody',
    message: request({ 61: '01' }),
    key: 'hw:1:52:54:00:aa:02:01',
    ignoring61: 'hw:1:52:54:00:aa:02:01',
  },
  {
    name: '61 of 256 octets only fills tables',
    message: request({ 61: '01'.repeat(256) }),
    key: 'hw:1:52:54:00:aa:02:01',
    ignoring61: 'hw:1:52:54:00:aa:02:01',
  },
  {
    name: 'the same octets on another medium',
    message: request({}, { htype: 6 }),
    key: 'hw:6:52:54:00:aa:02:01',
    ignoring61: 'hw:6:52:54:00:aa:02:01',
  },
  {
    name: 'InfiniBand: hlen 0, so nothing but 61 tells two clients apart',
    message: request({ 61: 'ff00000001' }, INFINIBAND),
    key: 'id:ff00000001',
    ignoring61: 'id:ff00000001',
  },
]

for (const { name, message, key, ignoring61 } of KEYS) {
  test(`clientKey: ${name}`, () => {
    assert.equal(clientKey(message), key)
    assert.equal(clientKey(message, { ignoreClientIdentifier: true }), ignoring61)
  })
}

test('macOf is the hardware address as text', () => {
  assert.deepEqual([request({}), request({}, INFINIBAND)].map(macOf), ['52:54:00:aa:02:01', ''])
})

test('parameterRequestList leaves out 0 and 255', () => {
  const lists = [request({}), request({ 55: '' }), request({ 55: '0103004361ff' })].map(parameterRequestList)
  assert.deepEqual(lists, [[], [], [1, 3, 67, 97]])
})

test('userClasses reads both forms', () => {
  const classes = [{}, { 77: '' }, { 77: '69505845' }, { 77: '0469505845' }].map((options) =>
    userClasses(request(options)),
  )
  assert.deepEqual(classes, [[], [], ['iPXE'], ['iPXE']])
})

test('messageType of a missing, malformed and unassigned option 53', () => {
  const messages = [request({}), request({}, { options: new Map() }), request({ 53: '0101' }), request({ 53: '63' })]
  assert.deepEqual(messages.map(messageType), ['discover', undefined, undefined, undefined])
})
