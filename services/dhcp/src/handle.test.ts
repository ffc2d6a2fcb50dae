import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { MessageType } from '@reboots/protocol/dhcp'
import { machine } from '@reboots/testkit'
import { LINK, MACHINE, message, pxe, Site, typeOf, type Fields } from './site.fixture.ts'

const CLIENT_MESSAGES: readonly (readonly [MessageType, Fields])[] = [
  ['discover', {}],
  ['request', { requested: '192.168.1.100' }],
  ['request', { requested: '192.168.1.100', server: '192.168.1.1' }],
  ['request', { ciaddr: '192.168.1.100' }],
  ['inform', { ciaddr: '192.168.1.100' }],
  ['decline', { requested: '192.168.1.100', server: '192.168.1.1' }],
  ['release', { ciaddr: '192.168.1.100', server: '192.168.1.1' }],
]

describe('whatever a client sends', () => {
  for (const [type, fields] of CLIENT_MESSAGES) {
    const asked = `${type} ${JSON.stringify(fields)}`
    test(`${asked}: silence for a machine without a record`, () => {
      const outcome = new Site().ask(message(type, { ...fields, mac: '52:54:00:ff:ff:ff' }))
      assert.equal(typeOf(outcome), 'unknown-machine')
    })

    test(`${asked}: silence while no records have been seen`, () => {
      const outcome = new Site({ machines: [], synced: false }).ask(message(type, fields))
      assert.equal(typeOf(outcome), 'not-synced')
    })

    test(`${asked}: silence when the record says so`, () => {
      const disabled = machine({ mac: MACHINE.id, address: '192.168.1.100', dhcp: { disabled: true } })
      assert.equal(typeOf(new Site({ machines: [disabled] }).ask(message(type, fields))), 'dhcp-disabled')
    })

    test(`${asked}: an own broadcast that comes back is not read (A7)`, () => {
      assert.equal(typeOf(new Site().ask(message(type, { ...fields, op: 'bootreply' }))), 'not-a-client-message')
    })

    test(`${asked}: dropped after more than 16 relay agents (R10)`, () => {
      const site = new Site()
      assert.equal(typeOf(site.ask(message(type, { ...fields, giaddr: '192.168.1.2', hops: 17 }))), 'too-many-hops')
      assert.notEqual(typeOf(site.ask(message(type, { ...fields, giaddr: '192.168.1.2', hops: 16 }))), 'too-many-hops')
    })
  }
})

const STEPS = CLIENT_MESSAGES.filter(([type]) => type !== 'inform')
for (const [type, fields] of STEPS) {
  test(`${type} ${JSON.stringify(fields)}: silence when the leases cannot be asked`, () => {
    const site = new Site()
    site.storeGone = true
    assert.equal(typeOf(site.ask(message(type, { server: '192.168.1.1', ...fields }))), 'leases-unavailable')
  })
}

test('BOOTP gets silence', () => {
  const bootp = { ...message('discover'), options: new Map() }
  assert.equal(typeOf(new Site().ask(bootp)), 'not-a-dhcp-message')
})

test('messages of servers and extensions are not served (X3, X4)', () => {
  const types: readonly MessageType[] = ['offer', 'ack', 'nak', 'force-renew', 'lease-query', 'bulk-lease-query']
  const outcomes = types.map((type) => typeOf(new Site().ask(message(type))))
  assert.deepEqual(
    outcomes,
    Array.from(types, () => 'message-type-not-served'),
  )
})

test('who asked to boot is remarked on, answered or not', () => {
  const site = new Site()
  const asked = [
    message('discover', { options: pxe(7) }),
    message('discover', { options: pxe(7), mac: '52:54:00:ff:ff:ff' }),
  ]
  assert.deepEqual(
    asked.map((message) => site.ask(message).client?.firmware),
    ['uefi-x64', 'uefi-x64'],
  )
})

test('each link answers in its own name (A5)', () => {
  const second = { ...LINK, name: 'lan1', address: (LINK.address + 1) as typeof LINK.address }
  const site = new Site()
  const named = [LINK, second].map((link) => site.answer(message('discover'), { link }).reply.options.get(54))
  assert.deepEqual(named, [Uint8Array.of(192, 168, 1, 1), Uint8Array.of(192, 168, 1, 2)])
})
