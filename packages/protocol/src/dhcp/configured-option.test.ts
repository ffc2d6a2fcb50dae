import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hex } from '../bytes/index.ts'
import { parseOption } from './configured-option.ts'
import { OPTIONS } from './registry.ts'

const TAKEN: readonly (readonly [key: string, written: unknown, code: number, value: string])[] = [
  ['ntp-servers', '192.0.2.1', 42, 'c0000201'],
  ['ntp-servers', ['192.0.2.1', '192.0.2.2'], 42, 'c0000201c0000202'],
  ['42', ['192.0.2.1'], 42, 'c0000201'],
  ['interface-mtu', 1400, 26, '0578'],
  ['time-offset', -3600, 2, 'fffff1f0'],
  ['ip-forwarding', true, 19, '01'],
  ['root-path', '/srv', 17, '2f737276'],
  ['swap-server', '10.0.0.1', 16, '0a000001'],
  ['path-mtu-plateau-table', [68, 1500], 25, '004405dc'],
  ['static-routes', ['10.0.0.0 10.0.0.1'], 33, '0a0000000a000001'],
  ['classless-static-routes', '10.0.0.0/8 via 192.0.2.1', 121, '080ac0000201'],
  ['domain-search', ['a.example'], 119, '0161076578616d706c6500'],
  ['ipv6-only-preferred', 1800, 108, '00000708'],
  ['tftp-server-addresses', ['192.0.2.1'], 150, 'c0000201'],
  ['pxelinux-config-file', 'lab.cfg', 209, '6c61622e636667'],
  ['vendor-specific', '0x0a0B', 43, '0a0b'],
  ['224', 'text', 224, '74657874'],
  ['224', '0x00ff', 224, '00ff'],
]
for (const [key, written, code, value] of TAKEN) {
  test(`${key}: ${JSON.stringify(written)} is option ${code}, ${value}`, () => {
    const option = parseOption(key, written)
    assert.ok(typeof option !== 'string', JSON.stringify(option))
    assert.deepEqual([option.code, hex(option.value)], [code, value])
  })
}

const REFUSED: readonly (readonly [key: string, written: unknown, problem: RegExp])[] = [
  ['ntp-server', '192.0.2.1', /^unknown option$/],
  ['ntp-servers', 'pool.ntp.org', /^must be an IPv4 address such as 192\.0\.2\.1, or a list of them$/],
  ['ntp-servers', [], /^must be an IPv4 address/],
  ['ntp-servers', ['192.0.2.1', 7], /^must be an IPv4 address/],
  ['interface-mtu', 67, /^must be a whole number from 68 to 65535$/],
  ['interface-mtu', '1400', /^must be a whole number/],
  ['interface-mtu', 1400.5, /^must be a whole number/],
  ['ip-forwarding', 1, /^must be true or false$/],
  ['root-path', '', /^must be text$/],
  ['root-path', 'a€', /^must be text$/],
  ['static-routes', '10.0.0.0', /^must be two IPv4 addresses/],
  ['static-routes', '10.0.0.0 10.0.0.1 10.0.0.2', /^must be two IPv4 addresses/],
  ['classless-static-routes', '10.0.0.0/33 via 192.0.2.1', /^must be a route/],
  ['classless-static-routes', { network: '10.0.0.0/8' }, /^must be a route/],
  ['domain-search', 'a..example', /^must be a domain name/],
  ['vendor-specific', 0x0a0b, /^must be octets as text, such as "0x0a0b"/],
  ['vendor-specific', '0x0', /^must be octets as text/],
  ['lease-time', 60, /^is not for the configuration to set$/],
  ['server-identifier', '192.0.2.1', /^is not for the configuration to set$/],
  ['client-machine-identifier', '0x00', /^is not for the configuration to set$/],
  ['255', 'x', /^is not for the configuration to set$/],
  ['0', 'x', /^is not for the configuration to set$/],
  ['999', 'x', /^is not for the configuration to set$/],
  ['224', 7, /^must be text, or octets such as "0x0a0b"$/],
  ['224', '0x0', /^must be text, or octets/],
]
for (const [key, written, problem] of REFUSED) {
  test(`${key}: ${JSON.stringify(written)} ${problem.source}`, () => {
    assert.match(JSON.parse(JSON.stringify(parseOption(key, written))) as string, problem)
  })
}

test('names of the registry are names and not numbers', () => {
  assert.deepEqual(
    OPTIONS.filter((row) => /^\d+$/.test(row.name)),
    [],
  )
})
