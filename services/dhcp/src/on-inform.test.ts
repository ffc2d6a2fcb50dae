import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { machine } from '@reboots/testkit'
import { ADDRESS, codes, ip, MAC, message, NOBODY, Site, typeOf } from './site.fixture.ts'

describe('INFORM (S13)', () => {
  test('is answered with parameters, without an address, without a lease', () => {
    const site = new Site()
    const ack = site.answer(message('inform', { ciaddr: '192.168.1.87', asks: [1, 3, 51, 54, 58, 59] }))
    assert.equal(typeOf(ack), 'ack')
    assert.deepEqual([ack.reply.ciaddr, ack.reply.yiaddr], [ip('192.168.1.87'), 0])
    assert.deepEqual(codes(ack), [1, 3])
    assert.deepEqual(ack.to, { kind: 'unicast', to: { address: ip('192.168.1.87'), port: 68 } })
    assert.deepEqual(site.ports.leases.count(site.now), { offered: 0, bound: 0, declined: 0 })
  })

  test('without ciaddr is answered where it came from', () => {
    const from = { address: ip('192.168.1.87'), port: 68 }
    assert.deepEqual(new Site().answer(message('inform'), { from }).to.to, from)
  })

  test('from nowhere gets silence', () => {
    assert.equal(typeOf(new Site().ask(message('inform'), { from: NOBODY })), 'no-client-address')
  })

  test('in another network than the record says gets silence: its parameters would be wrong there', () => {
    assert.equal(typeOf(new Site().ask(message('inform', { ciaddr: '10.0.0.9' }))), 'wrong-network')
  })

  test('of a machine without an address in its record gets silence', () => {
    const site = new Site({ machines: [machine({ mac: MAC })] })
    assert.equal(typeOf(site.ask(message('inform', { ciaddr: ADDRESS }))), 'no-address')
  })
})
