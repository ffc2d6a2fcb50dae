import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Seconds } from '@reboots/protocol/net'
import { machine } from '@reboots/testkit'
import { ADDRESS, MAC, message, Site, typeOf } from './site.fixture.ts'

const US = '192.168.1.1'
const DECLINE = message('decline', { server: US, requested: ADDRESS })
const bound = () => {
  const site = new Site()
  site.answer(message('request', { server: US, requested: ADDRESS }))
  return site
}

describe('DECLINE (S10)', () => {
  test('puts the address into quarantine: not offered, not given, then free again', () => {
    const site = bound()
    const first = typeOf(site.ask(DECLINE))
    const meanwhile = [message('discover'), message('request', { requested: ADDRESS })].map((asked) =>
      typeOf(site.ask(asked)),
    )
    site.wait(600)
    assert.deepEqual([first, ...meanwhile], ['declined', 'address-quarantined', 'nak'])
    assert.equal(typeOf(site.ask(message('discover'))), 'offer')
  })

  test('holds after a restart too, when the lease is not in the books', () => {
    const site = new Site()
    assert.equal(typeOf(site.ask(DECLINE)), 'declined')
    assert.equal(typeOf(site.ask(message('discover'))), 'address-quarantined')
  })

  test('without quarantine the address is offered again at once', () => {
    const site = new Site({ settings: { quarantineTime: 0 as Seconds } })
    site.ask(DECLINE)
    assert.equal(typeOf(site.ask(message('discover'))), 'offer')
  })

  test('is for us by either name when a relay agent gave us one (R6)', () => {
    const relayed = { giaddr: '192.168.1.2', options: { 82: Uint8Array.of(11, 4, 192, 168, 1, 254) } }
    const outcomes = ['192.168.1.254', US, '192.168.1.250'].map((server) =>
      typeOf(bound().ask(message('decline', { ...relayed, server, requested: ADDRESS }))),
    )
    assert.deepEqual(outcomes, ['declined', 'declined', 'other-server-selected'])
  })

  const ignored: readonly [string, Parameters<typeof message>[1], string][] = [
    ['another server', { server: '192.168.1.250', requested: ADDRESS }, 'other-server-selected'],
    ['no server', { requested: ADDRESS }, 'other-server-selected'],
    ['an address of somebody else (S12)', { server: US, requested: '192.168.1.7' }, 'not-the-owner'],
    ['no address', { server: US }, 'not-the-owner'],
  ]
  for (const [what, fields, silence] of ignored) {
    test(`${what}: ignored`, () => {
      const site = bound()
      assert.equal(typeOf(site.ask(message('decline', fields))), silence)
      assert.equal(typeOf(site.ask(message('request', { ciaddr: ADDRESS }))), 'ack')
    })
  }

  test('of another machine leaves the owner its address (S12)', () => {
    const site = new Site({
      machines: [
        machine({ mac: MAC, address: ADDRESS }),
        machine({ mac: '52:54:00:aa:00:02', address: '192.168.1.102' }),
      ],
    })
    site.answer(message('request', { server: US, requested: ADDRESS }))
    const decline = message('decline', { mac: '52:54:00:aa:00:02', server: US, requested: ADDRESS })
    assert.equal(typeOf(site.ask(decline)), 'not-the-owner')
    assert.equal(typeOf(site.ask(message('request', { ciaddr: ADDRESS }))), 'ack')
  })
})
