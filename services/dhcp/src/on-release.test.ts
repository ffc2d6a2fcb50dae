import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ADDRESS, ip, message, Site, typeOf } from './site.fixture.ts'

const US = '192.168.1.1'
const bound = () => {
  const site = new Site()
  site.answer(message('request', { server: US, requested: ADDRESS }))
  return site
}

describe('RELEASE (S11)', () => {
  test('frees the lease; the address stays reserved for the machine', () => {
    const site = bound()
    assert.equal(typeOf(site.ask(message('release', { server: US, ciaddr: ADDRESS }))), 'released')
    assert.equal(site.ports.leases.at(ip(ADDRESS), site.now), undefined)
    assert.equal(site.answer(message('discover')).reply.yiaddr, ip(ADDRESS))
  })

  test('of a lease from before a restart is accepted', () => {
    assert.equal(typeOf(new Site().ask(message('release', { server: US, ciaddr: ADDRESS }))), 'released')
  })

  test('is for us by either name when a relay agent gave us one (R6)', () => {
    const relayed = { giaddr: '192.168.1.2', options: { 82: Uint8Array.of(11, 4, 192, 168, 1, 254) } }
    const outcomes = ['192.168.1.254', US, '192.168.1.250'].map((server) =>
      typeOf(bound().ask(message('release', { ...relayed, server, ciaddr: ADDRESS }))),
    )
    assert.deepEqual(outcomes, ['released', 'released', 'other-server-selected'])
  })

  const ignored: readonly [string, Parameters<typeof message>[1], string][] = [
    ['another server', { server: '192.168.1.250', ciaddr: ADDRESS }, 'other-server-selected'],
    ['an address of somebody else (S12)', { server: US, ciaddr: '192.168.1.7' }, 'not-the-owner'],
    ['no address', { server: US }, 'not-the-owner'],
  ]
  for (const [what, fields, silence] of ignored) {
    test(`${what}: ignored`, () => {
      const site = bound()
      assert.equal(typeOf(site.ask(message('release', fields))), silence)
      assert.equal(site.ports.leases.at(ip(ADDRESS), site.now)?.state, 'bound')
    })
  }
})
