import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { encodeMessage } from '@reboots/protocol/dhcp'
import type { Seconds } from '@reboots/protocol/net'
import { ConfigError, loadConfig } from '@reboots/runtime'
import { settingsOf, shape } from './config.ts'
import { answered, LINK, NOBODY, siteOf, UEFI, vector } from './site.fixture.ts'

/** Its MAC is 52:54:00:aa:01:01. */
const ovmf = vector('v01-ovmf-x64-pxe-discover')

function settings(env: Readonly<Record<string, string>>) {
  const named = Object.entries(env).map(([key, value]) => [`REBOOTS_PROXYDHCP_${key}`, value])
  const { config } = loadConfig(shape, { env: Object.fromEntries(named) as Record<string, string> })
  return settingsOf(config, [{ ...LINK }])
}

describe('which machines are ours', () => {
  const rows: readonly (readonly [string, Readonly<Record<string, string>>, on67: string, on4011: string])[] = [
    ['nothing configured: all', {}, 'offer', 'ack'],
    ['its MAC', { ADMISSION_MACS: '["52-54-00-AA-01-01"]' }, 'offer', 'ack'],
    ['its maker', { ADMISSION_OUIS: '["525400"]' }, 'offer', 'ack'],
    ['another MAC', { ADMISSION_MACS: '["52:54:00:aa:01:02"]' }, 'not-admitted', 'not-admitted'],
    ['another maker', { ADMISSION_OUIS: '["b8:27:eb"]' }, 'not-admitted', 'not-admitted'],
    [
      'another MAC, but its maker',
      { ADMISSION_MACS: '["02:00:00:00:00:01"]', ADMISSION_OUIS: '["52:54:00"]' },
      'offer',
      'ack',
    ],
    ['not this MAC', { ADMISSION_DENY_MACS: '["52:54:00:aa:01:01"]' }, 'denied', 'denied'],
    ['not its maker', { ADMISSION_DENY_OUIS: '["52:54:00"]' }, 'denied', 'denied'],
    ['not another', { ADMISSION_DENY_MACS: '["52:54:00:aa:01:02"]' }, 'offer', 'ack'],
    [
      'its maker, but not this MAC',
      { ADMISSION_OUIS: '["52:54:00"]', ADMISSION_DENY_MACS: '["52:54:00:aa:01:01"]' },
      'denied',
      'denied',
    ],
  ]
  for (const [what, env, on67, on4011] of rows) {
    test(what, () => {
      const ports = siteOf(ovmf, true, { settings: settings(env) })
      const bytes = encodeMessage(ovmf)
      assert.equal(answered(bytes, 67, ports, NOBODY).fate, on67)
      assert.equal(answered(bytes, 4011, ports, UEFI).fate, on4011)
    })
  }
})

describe('how long a client has to have tried, on port 67', () => {
  const rows: readonly (readonly [minimum: string, secs: number, fate: string])[] = [
    ['0', 0, 'offer'],
    ['4', 0, 'too-early'],
    ['4', 3, 'too-early'],
    ['4', 4, 'offer'],
    ['4', 65_535, 'offer'],
  ]
  for (const [minimum, secs, fate] of rows) {
    test(`${minimum} s, and it says ${secs}: ${fate}`, () => {
      const message = { ...ovmf, secs: secs as Seconds }
      const ports = siteOf(ovmf, true, { settings: settings({ MINIMUM_SECS: minimum }) })
      assert.equal(answered(encodeMessage(message), 67, ports, NOBODY).fate, fate)
      assert.equal(answered(encodeMessage(message), 4011, ports, UEFI).fate, 'ack')
    })
  }
})

describe('what is refused', () => {
  const rows: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
    [{ ADMISSION_MACS: '["52:54:00"]' }, /ADMISSION_MACS: must be a MAC address/],
    [{ ADMISSION_DENY_OUIS: '["52:54"]' }, /ADMISSION_DENY_OUIS: must be the first three octets/],
    [{ MINIMUM_SECS: '61' }, /MINIMUM_SECS/],
    [{ DELAY_MILLISECONDS: '5000' }, /DELAY_MILLISECONDS/],
    [{ PORT67: 'steal' }, /PORT67/],
    [{ OTHER_SERVERS_KNOWN: '["10.0.0"]' }, /OTHER_SERVERS_KNOWN: must be an IPv4 address/],
  ]
  for (const [env, says] of rows) {
    test(JSON.stringify(env), () => {
      assert.throws(
        () => settings(env),
        (error) => error instanceof ConfigError && says.test(error.problems.join('\n')),
      )
    })
  }
})
