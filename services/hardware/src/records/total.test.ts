import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hardware } from '@reboots/api'
import { parseIpv4, parseMac } from '@reboots/protocol/net'
import * as fc from 'fast-check'
import { stringify } from 'yaml'
import { machineOf } from './entry.ts'
import { readText } from './read-file.ts'

const NAMES = [
  'apiVersion',
  'kind',
  'metadata',
  'spec',
  'items',
  'id',
  'network',
  'interfaces',
  'networkInterfaces',
  'dhcp',
  'ipv4',
  'ipam',
  'netboot',
  'mac',
  'ip',
  'address',
  'netmask',
  'prefix',
  'gateway',
  'family',
  'lease_time',
  'leaseTime',
  'leaseTimeSeconds',
  'hostname',
  'name_servers',
  'nameservers',
  'classless_static_routes',
  'destination_descriptor',
  'router',
  'vlan_id',
  'ipxe',
  'osie',
  'url',
  'baseURL',
  'kernelParams',
  'allowPXE',
  'disabled',
  'instance',
  'labels',
  'name',
  'namespace',
  'ipAddress',
  'subnetMask',
  '__proto__',
  'constructor',
  'toString',
  '00:00:5e:00:53:01',
  '00:00:5e:00:53:zz',
]
const TEXTS = [
  'tinkerbell.org/v1alpha1',
  'tinkerbell.org/v1alpha2',
  'Hardware',
  'List',
  '00:00:5e:00:53:01',
  '0000.5e00.5302',
  'ff:ff:ff:ff:ff:ff',
  '192.0.2.1',
  '255.255.255.0',
  '0.0.0.0',
  '2001:db8::1',
  '24',
  '/24',
  '10.0.0.0/8',
  'http://a/${mac}',
  'http://',
  '{"a":1}',
  '#!ipxe',
  '\ud800',
  '\u0000',
]

const scalar = fc.oneof(
  fc.constantFrom(...TEXTS),
  fc.string({ unit: 'binary' }),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
)
const anything = fc.letrec((tie) => ({
  node: fc.oneof(
    { maxDepth: 7, withCrossShrink: true },
    scalar,
    fc.array(tie('node'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...NAMES), fc.string()), tie('node'), { maxKeys: 5 }),
  ),
})).node

/** Anything, where a record would have its interface. */
const nearRecord = fc.tuple(anything, anything, anything).map(([dhcp, netboot, rest]) => ({
  apiVersion: 'tinkerbell.org/v1alpha1',
  kind: 'Hardware',
  metadata: rest,
  spec: {
    metadata: rest,
    interfaces: [{ dhcp: { mac: '00:00:5e:00:53:01', ip: dhcp, extra: rest }, netboot }, { dhcp }],
  },
}))

/** Whatever comes out can be relied upon by the services that hold it. */
function isSound(machine: hardware.Machine): boolean {
  return (
    machine.id !== '' &&
    machine.interfaces.length > 0 &&
    machine.interfaces.every(
      ({ mac, dhcp, netboot }) =>
        parseMac(mac) === mac &&
        dhcp!.leaseSeconds > 0 &&
        (dhcp!.address === '' || (parseIpv4(dhcp!.address) !== undefined && parseIpv4(dhcp!.netmask) !== undefined)) &&
        [...dhcp!.nameServers, ...dhcp!.timeServers].every((address) => parseIpv4(address) !== undefined) &&
        netboot?.ipxe !== undefined &&
        netboot.osie !== undefined &&
        netboot.rpi !== undefined,
    )
  )
}

async function holds(text: string): Promise<void> {
  const { entries, problems } = await readText(text, 'f')
  assert.ok(entries.every((entry) => isSound(machineOf(entry))))
  assert.ok(problems.every(({ line, column, message }) => line >= 1 && column >= 1 && message !== ''))
}

test('any value gives machines that are sound, or problems; nothing is thrown: JSON', () =>
  fc.assert(
    fc.asyncProperty(fc.oneof(anything, nearRecord), (value) => holds(JSON.stringify(value) ?? '')),
    { numRuns: 2000 },
  ))

test('any value gives machines that are sound, or problems; nothing is thrown: YAML', () =>
  fc.assert(
    fc.asyncProperty(fc.oneof(anything, nearRecord), (value) => holds(stringify(value))),
    { numRuns: 1000 },
  ))

test('any text at all', () =>
  fc.assert(fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), holds), { numRuns: 2000 }))

test('a merge key over something that is no mapping is a problem with its place', async () => {
  const record = 'apiVersion: tinkerbell.org/v1alpha1\nkind: Hardware\nspec:\n  interfaces:\n    - <<: 0\n'
  const { entries, problems } = await readText(record, 'f')
  assert.deepEqual(entries, [])
  assert.deepEqual(
    problems.map(({ line, column, message }) => ({ line, column, message })),
    [{ line: 5, column: 7, message: '"<<" takes in a mapping, or an alias of one, and this is neither' }],
  )
})

const EXTREME: readonly { readonly what: string; readonly text: string }[] = [
  { what: 'deep flow', text: '['.repeat(50_000) },
  { what: 'deep JSON', text: `${'['.repeat(50_000)}1${']'.repeat(50_000)}` },
  { what: 'deep JSON objects', text: `${'{"network":'.repeat(50_000)}1${'}'.repeat(50_000)}` },
  { what: 'deep Lists', text: `${'{"items":['.repeat(20_000)}${']}'.repeat(20_000)}` },
  { what: 'deep blocks', text: Array.from({ length: 2000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n') },
  {
    what: 'aliases that multiply',
    text: `a: &a [x,x]\n${Array.from({ length: 30 }, (_, i) => `k${i}: &k${i} [*${i === 0 ? 'a' : `k${i - 1}`}, *${i === 0 ? 'a' : `k${i - 1}`}]\n`).join('')}`,
  },
  { what: 'an alias of itself', text: 'spec: &s\n  interfaces: [*s]\n' },
  { what: 'one long line', text: `a: ${'x'.repeat(3_000_000)}` },
  { what: 'a long string in broken JSON', text: `{"a": "${'x'.repeat(3_000_000)}"` },
]

for (const { what, text } of EXTREME) test(`extreme: ${what}`, () => holds(text))
