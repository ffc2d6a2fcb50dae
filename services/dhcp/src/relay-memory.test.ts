import assert from 'node:assert/strict'
import { test } from 'node:test'
import { macOf } from '@reboots/protocol/dhcp'
import { machine } from '@reboots/testkit'
import { RelayMemory } from './relay-memory.ts'
import { ip, MAC, message, pxe, Site, type Fields } from './site.fixture.ts'

const CIRCUIT = Uint8Array.of(1, 3, 0x6c, 0x61, 0x62)
const REFUSED = '/netboot-not-allowed'
const POLICY = `
apiVersion: reboots/v1
kind: BootPolicy
rules:
  - { name: lab, when: network.circuitId == "6c6162" && network.giaddr == "10.9.0.1", then: { deny: that cage boots from disk } }
otherwise: ignore
`

test('a renewal, which comes past no relay, is classed like the message before (R4)', () => {
  const site = new Site({ machines: [machine({ mac: MAC, address: '10.9.0.9' })], policy: POLICY })
  const file = (fields: Fields) => site.answer(message('request', fields)).reply.file
  const renewal = { ciaddr: '10.9.0.9', options: pxe(7) }
  const relayed = { requested: '10.9.0.9', giaddr: '10.9.0.1', options: { ...pxe(7), 82: CIRCUIT } }
  assert.deepEqual([file(renewal), file(relayed), file(renewal)], ['', REFUSED, REFUSED])
  assert.equal(file({ ...relayed, options: pxe(7) }), '')
  assert.equal(file(renewal), '')
})

test('who asks for an address is where it asks from, whatever was before', () => {
  const memory = new RelayMemory()
  const facts = (fields: Fields) => memory.factsOf(message('discover', fields), macOf(message('discover', fields)))
  facts({ giaddr: '10.9.0.1', options: { 82: CIRCUIT } })
  assert.deepEqual(facts({}), { giaddr: 0, circuitId: undefined, remoteId: undefined, flags: undefined })
  assert.equal(facts({ ciaddr: '10.9.0.9' }).giaddr, ip('10.9.0.1'))
})

test('how a message came to the relay agent is true of that message only (RFC 5010)', () => {
  const memory = new RelayMemory()
  const flags = (fields: Fields) => memory.factsOf(message('request', fields), macOf(message('request', fields))).flags
  const relayed = { giaddr: '10.9.0.1', options: { 82: Uint8Array.of(10, 1, 0x80) } }
  assert.deepEqual([flags(relayed), flags({ ciaddr: '10.9.0.9' })], [0x80, undefined])
})

test('without hardware addresses machines are told apart by their identifiers (RFC 4390)', () => {
  const memory = new RelayMemory()
  const giaddr = (last: number, fields: Fields) => {
    const asked = message('request', { mac: '', ...fields, options: { 61: Uint8Array.of(255, 0, last) } })
    return memory.factsOf(asked, macOf(asked)).giaddr
  }
  for (const last of [1, 2]) giaddr(last, { giaddr: `10.9.0.${last}` })
  assert.deepEqual(
    [1, 2, 3].map((last) => giaddr(last, { ciaddr: '10.9.0.9' })),
    [ip('10.9.0.1'), ip('10.9.0.2'), 0],
  )
})

test('of more machines than are remembered the first are forgotten', () => {
  const memory = new RelayMemory(2)
  const giaddr = (last: number, fields: Fields) => {
    const asked = message('request', { mac: `52:54:00:00:00:0${last}`, ...fields })
    return memory.factsOf(asked, macOf(asked)).giaddr
  }
  for (const last of [1, 2, 3, 4, 5]) giaddr(last, { giaddr: '10.9.0.1' })
  assert.deepEqual(
    [1, 2, 3, 4, 5].map((last) => giaddr(last, { ciaddr: '10.9.0.9' })),
    [0, 0, ip('10.9.0.1'), ip('10.9.0.1'), ip('10.9.0.1')],
  )
})
