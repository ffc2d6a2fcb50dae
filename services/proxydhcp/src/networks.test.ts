import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { DhcpMessage } from '@reboots/protocol/dhcp'
import { machine } from '@reboots/testkit'
import { loadConfig, type UdpLink } from '@reboots/runtime'
import { settingsOf, shape } from './config.ts'
import { handle } from './handle.ts'
import { behindRelay, type Mode } from './networks.ts'
import { onBootServer } from './on-boot-server.ts'
import { ip, LINK, NOBODY, NOW, site, UEFI, vector } from './site.fixture.ts'

const ovmf = vector('v01-ovmf-x64-pxe-discover')
const MAC = '52:54:00:aa:01:01'
const relayed = (giaddr: string): DhcpMessage => ({ ...ovmf, giaddr: ip(giaddr) })

function settings(given: Record<string, unknown>, links: readonly string[] = ['lan0', 'lan1']) {
  const env = Object.fromEntries(
    Object.entries(given).map(([key, value]) => [
      `REBOOTS_PROXYDHCP_${key}`,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  )
  const { config } = loadConfig(shape, { env })
  return settingsOf(
    config,
    links.map((name) => ({ ...LINK, name, index: 1, hardwareAddress: MAC }) as UdpLink),
  )
}

describe('the mode of a network: the first that fits', () => {
  const { modeFor } = settings({
    MODE: 'proxy',
    NETWORKS: [
      { link: 'lan1', relay: '10.9.1.0/24', mode: 'auto-proxy' },
      { relay: '10.9.0.0/16', mode: 'off' },
      { link: 'lan1', mode: 'auto-proxy' },
    ],
  })
  const rows: readonly (readonly [link: string, behind: string, mode: Mode])[] = [
    ['lan0', '0.0.0.0', 'proxy'],
    ['lan1', '0.0.0.0', 'auto-proxy'],
    ['lan0', '10.9.1.1', 'off'],
    ['lan1', '10.9.1.1', 'auto-proxy'],
    ['lan1', '10.9.2.1', 'off'],
    ['lan0', '10.10.0.1', 'proxy'],
  ]
  for (const [link, behind, mode] of rows) {
    test(`${link} ${behind}: ${mode}`, () => assert.equal(modeFor({ ...LINK, name: link }, ip(behind)), mode))
  }
})

describe('who is behind a relay', () => {
  const rows: readonly (readonly [string, string, string, string])[] = [
    ['nobody on the link itself', '0.0.0.0', '0.0.0.0', '0.0.0.0'],
    ['nor with an address of it', '0.0.0.0', '192.168.77.87', '0.0.0.0'],
    ['who came by a relay agent', '10.9.0.1', '10.9.0.1', '10.9.0.1'],
    ['who came by a router, on port 4011', '0.0.0.0', '10.9.0.87', '10.9.0.87'],
  ]
  for (const [what, giaddr, from, expected] of rows) {
    test(what, () => assert.equal(behindRelay(ip(giaddr), { address: ip(from), port: 68 }, LINK), ip(expected)))
  }
})

describe('modes', () => {
  const policy = `
apiVersion: reboots/v1
kind: BootPolicy
profiles: { shell: { ipxe: { script: shell } } }
rules:
  - { name: ours, when: 'client.oui == "52:54:00" && network.giaddr == "10.9.0.1"', then: { boot: shell } }
otherwise: { boot: shell }
`
  const known = [machine({ mac: MAC })]
  const rows: readonly (readonly [string, Mode, boolean, string, string])[] = [
    ['auto-proxy, no record', 'auto-proxy', false, '0.0.0.0', 'offer'],
    ['auto-proxy, a record', 'auto-proxy', true, '0.0.0.0', 'offer'],
    ['proxy, no record', 'proxy', false, '0.0.0.0', 'unknown-machine'],
    ['proxy, a record', 'proxy', true, '0.0.0.0', 'offer'],
    ['proxy, no record, but a rule', 'proxy', false, '10.9.0.1', 'offer'],
    ['off, a record', 'off', true, '0.0.0.0', 'network-off'],
  ]
  for (const [what, mode, hasRecord, giaddr, expected] of rows) {
    test(`${what}: ${expected}`, () => {
      const ports = site({ policy, machines: hasRecord ? known : [], settings: { modeFor: () => mode } })
      const outcome = handle(relayed(giaddr), { link: LINK, from: NOBODY }, ports, NOW)
      assert.equal('silent' in outcome ? outcome.silent : 'offer', expected)
    })
  }

  test('the same on port 4011', () => {
    const binl = { ...vector('v03-ovmf-x64-binl-request'), chaddr: ovmf.chaddr }
    const outcomes = (['proxy', 'off'] as const).map((mode) => {
      const outcome = onBootServer(
        binl,
        { link: LINK, from: UEFI },
        site({ policy, settings: { modeFor: () => mode } }),
        NOW,
      )
      return 'silent' in outcome ? outcome.silent : 'ack'
    })
    assert.deepEqual(outcomes, ['unknown-machine', 'network-off'])
  })
})

describe('configuration', () => {
  const rows: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
    ['a mode nobody knows', { MODE: 'auto' }, /MODE/],
    ['a network of nothing', { NETWORKS: [{ mode: 'off' }] }, /needs link, relay, or both/],
    ['bits behind a prefix', { NETWORKS: [{ relay: '10.9.0.1/16', mode: 'off' }] }, /is 10\.9\.0\.0\/16 meant\?/],
    [
      'an interface that is not served',
      {
        NETWORKS: [
          { link: 'lan0', mode: 'off' },
          { link: 'lan7', mode: 'off' },
        ],
      },
      /^proxydhcp\.networks\.1\.link: interface lan7 is not served; served are lan0, lan1: /,
    ],
    ['a group that is none', { DISCOVERY_MULTICAST: '192.0.2.1' }, /must be a multicast address/],
  ]
  for (const [what, given, message] of rows) {
    test(`refused: ${what}`, () => assert.throws(() => settings(given), { message }))
  }

  test('a group and broadcast', () => {
    const { discovery } = settings({ DISCOVERY_MULTICAST: '224.0.1.2', DISCOVERY_BROADCAST: true })
    assert.deepEqual(discovery, { multicast: ip('224.0.1.2'), broadcast: true })
  })
})
