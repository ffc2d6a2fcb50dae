import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ConfigError, loadConfig } from '@reboots/runtime'
import { shape } from '../config.ts'

const directory = mkdtempSync(join(tmpdir(), 'reboots-dhcp-'))
after(() => rmSync(directory, { recursive: true }))
const file = join(directory, 'dhcp.yaml')

function load(text: string) {
  writeFileSync(file, text)
  return loadConfig(shape, { env: {}, file }).config.dhcp
}

/** One subnet with these lines below it, two more than what is written. */
const subnet = (...lines: string[]) =>
  `dhcp:\n  subnets:\n    - subnet: 10.0.0.0/24\n${lines.map((line) => `      ${line}\n`).join('')}`

const REFUSED: readonly (readonly [what: string, text: string, problem: string])[] = [
  [
    'no network',
    'dhcp:\n  subnets: [{ subnet: 10.0.0.0 }]',
    '2:23 dhcp.subnets.0.subnet: must be a network such as 192.0.2.0/24, not "10.0.0.0"',
  ],
  [
    'a host',
    'dhcp:\n  subnets: [{ subnet: 10.0.0.7/24 }]',
    '2:23 dhcp.subnets.0.subnet: 10.0.0.7/24 has bits behind its prefix, is 10.0.0.0/24 meant?',
  ],
  [
    'no range',
    subnet('pools: [{ range: 10.0.0.10 }]'),
    '4:24 dhcp.subnets.0.pools.0.range: must be first-last such as 192.0.2.10-192.0.2.99, not "10.0.0.10"',
  ],
  [
    'a range backwards',
    subnet('pools: [{ range: 10.0.0.20-10.0.0.10 }]'),
    '4:24 dhcp.subnets.0.pools.0.range: must be first-last such as 192.0.2.10-192.0.2.99, not "10.0.0.20-10.0.0.10"',
  ],
  [
    'a range of another network',
    subnet('pools: [{ range: 10.0.0.10-10.0.1.10 }]'),
    '4:24 dhcp.subnets.0.pools.0.range: is not within 10.0.0.0/24',
  ],
  [
    'the broadcast address',
    subnet('pools: [{ range: 10.0.0.10-10.0.0.255 }]'),
    '4:24 dhcp.subnets.0.pools.0.range: has the address of the network itself, or its broadcast address',
  ],
  [
    'ranges that overlap',
    subnet('pools:', '  - range: 10.0.0.10-10.0.0.20', '  - range: 10.0.0.20-10.0.0.30'),
    '6:18 dhcp.subnets.0.pools.1.range: overlaps 10.0.0.10-10.0.0.20',
  ],
  [
    'subnets that overlap',
    subnet() + '    - subnet: 10.0.0.128/25\n',
    '4:15 dhcp.subnets.1.subnet: overlaps 10.0.0.0/24',
  ],
  [
    'an option of the wrong type',
    subnet('options:', '  ntp-servers: pool.ntp.org'),
    '5:22 dhcp.subnets.0.options.ntp-servers: must be an IPv4 address such as 192.0.2.1, or a list of them',
  ],
  [
    'the same by number',
    'dhcp:\n  options:\n    42: pool.ntp.org\n',
    '3:9 dhcp.options.42: must be an IPv4 address such as 192.0.2.1, or a list of them',
  ],
  [
    'an option nobody knows',
    'dhcp: { options: { ntp-server: 10.0.0.1 } }',
    '1:32 dhcp.options.ntp-server: unknown option, did you mean "ntp-servers"?',
  ],
  [
    'an option of the protocol',
    'dhcp: { options: { lease-time: 60 } }',
    '1:32 dhcp.options.lease-time: is not for the configuration to set',
  ],
  [
    'a lease that never begins',
    subnet('leaseSeconds: { firmware: 0 }'),
    '4:33 dhcp.subnets.0.leaseSeconds.firmware: must be at least 1, not 0',
  ],
  ['a misspelt key', subnet('pool: []'), '4:7 dhcp.subnets.0.pool: unknown key, did you mean "pools"?'],
]
for (const [what, text, problem] of REFUSED) {
  test(`refused: ${what}`, () => {
    const named = (error: unknown): boolean =>
      error instanceof ConfigError && error.problems[0] === `${file}:${problem}`
    assert.throws(() => load(text), named)
  })
}

test('nothing configured is no subnet, and no option', () => {
  const { subnets, options, unknownMachines, clientIdentity } = load('dhcp:\n')
  assert.deepEqual([subnets, options, unknownMachines, clientIdentity], [[], new Map(), 'ignore', 'mac'])
})
