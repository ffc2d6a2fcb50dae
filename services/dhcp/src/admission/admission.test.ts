import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ip, message, NOBODY, Site, typeOf, type Fields } from '../site.fixture.ts'
import { admissionOf } from './admission.ts'
import { admission } from './admission-config.ts'

const site = (config: object) => new Site({ settings: { admission: admissionOf(admission.parse(config)) } })
const RELAY = { address: ip('192.168.1.2'), port: 67 }

describe('who is heard', () => {
  const rows: readonly (readonly [what: string, config: object, fields: Fields, outcome: string])[] = [
    ['everybody, by default', {}, { giaddr: '192.168.1.2' }, 'offer'],
    ['a listed relay (R12)', { relays: ['192.168.1.0/30'] }, { giaddr: '192.168.1.2' }, 'offer'],
    ['no other relay (R12)', { relays: ['192.168.1.4/30'] }, { giaddr: '192.168.1.5' }, 'untrusted-relay'],
    ['who comes past none', { relays: ['192.168.1.4/30'] }, {}, 'offer'],
    ['no denied MAC, however it is written', { denyMacs: ['5254.00AA.0001'] }, {}, 'denied'],
    ['no denied OUI', { denyOuis: ['52-54-00'] }, {}, 'denied'],
    ['other MACs', { denyMacs: ['52:54:00:aa:00:02'], denyOuis: ['52:54:01'] }, {}, 'offer'],
    ['nobody behind a denied relay', { denyRelays: ['192.168.1.2/32'] }, { giaddr: '192.168.1.2' }, 'denied'],
    ['who is behind none', { denyRelays: ['0.0.0.0/0'] }, {}, 'offer'],
  ]
  for (const [what, config, fields, outcome] of rows) {
    test(`${what}: ${outcome}`, () => {
      const from = fields.giaddr === undefined ? NOBODY : RELAY
      assert.equal(typeOf(site(config).ask(message('discover', fields), { from })), outcome)
    })
  }
})

describe('how often', () => {
  const rows: readonly (readonly [what: string, config: object, fields: Fields, outcomes: readonly string[]])[] = [
    ['a client', { clientPerSecond: 2 }, {}, ['offer', 'offer', 'client-too-fast']],
    ['a relay', { relayPerSecond: 2 }, { giaddr: '192.168.1.2' }, ['offer', 'offer', 'relay-too-fast']],
    ['who comes past no relay', { relayPerSecond: 2 }, {}, ['offer', 'offer', 'offer']],
  ]
  for (const [what, config, fields, outcomes] of rows) {
    test(`${what}: ${outcomes.join(', ')}, and again a second later`, () => {
      const limited = site(config)
      const ask = () => typeOf(limited.ask(message('discover', fields)))
      assert.deepEqual(outcomes.map(ask), outcomes)
      limited.wait(1)
      assert.equal(ask(), 'offer')
    })
  }
})

test('what is no MAC and no OUI is refused', () => {
  assert.equal(admission.safeParse({ denyMacs: ['52:54:00'] }).success, false)
  assert.equal(admission.safeParse({ denyOuis: ['52:54:00:aa'] }).success, false)
})
