import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseIpv4, type MacAddress } from '@reboots/protocol/net'
import { architecture, type BootClient } from '@reboots/protocol/pxe'
import { clientFacts } from './client-facts.ts'
import { decide } from './decide.ts'
import { UNKNOWN_MACHINE } from './machine-facts.ts'
import { parsePolicy } from './parse-policy.ts'
import { NETWORK } from './policy.fixture.ts'
import { targetFor } from './target.ts'

const TEXT = readFileSync(new URL('../../../deploy/examples/policy-boots.yaml', import.meta.url), 'utf8')
const POLICY = parsePolicy(TEXT, 'policy-boots.yaml')
const SERVERS = {
  tftp: { address: parseIpv4('192.0.2.1')!, port: 69 },
  http: 'http://boots',
  macFormat: 'colon',
  binaries: {},
} as const
const MAC = '52:54:00:00:00:01' as MacAddress
const SCRIPT = 'http://boots/ipxe/script/52:54:00:00:00:01/auto.ipxe?arch=0'

const client = (arch: number, userClass: readonly string[]): BootClient => ({
  mac: MAC,
  arch,
  archs: [arch],
  firmware: architecture(arch)!.firmware,
  transport: 'tftp',
  loader: userClass.length === 0 ? 'firmware' : 'ipxe',
  vendorClass: 'PXEClient',
  userClass,
})

const machine = (state: string, metadata: object, allowPxe: boolean) => ({
  ...UNKNOWN_MACHINE,
  known: true,
  id: 'm',
  interface: { ...UNKNOWN_MACHINE.interface, mac: MAC },
  state,
  metadata: metadata as typeof UNKNOWN_MACHINE.metadata,
  netboot: { ...UNKNOWN_MACHINE.netboot, allowPxe },
})

const instance = (state: string, slug?: string): object => ({
  instance: { id: '$instance_id', state, ...(slug !== undefined && { operating_system: { slug } }) },
})

const plan = (slug: string): object => ({ facility: { plan_slug: slug } })

/**
 * `TestSetPXEFilename` of Boots. There the refusal was the name of a file that no server has; here iPXE gets its script, which
 * prints why and exits.
 */
const ROWS: readonly (readonly [
  state: string,
  metadata: object,
  allowPxe: boolean,
  arch: number,
  userClass: readonly string[],
  file: string | undefined,
])[] = [
  ['in_use', {}, false, 0, [], undefined],
  ['in_use', instance(''), false, 0, [], undefined],
  ['in_use', instance('not_active'), false, 0, [], undefined],
  ['in_use', instance('active'), false, 0, [], undefined],
  ['in_use', instance('active', 'not_custom_ipxe'), false, 0, [], undefined],
  ['in_use', instance('active', 'custom_ipxe'), false, 0, [], 'undionly.kpxe'],
  ['in_use', instance('active'), true, 0, [], 'undionly.kpxe'],
  ['', plan('hua'), false, 0, [], 'snp-hua.efi'],
  ['', plan('2a2'), false, 0, [], 'snp-hua.efi'],
  ['', {}, false, 11, [], 'snp-nolacp.efi'],
  ['', {}, false, 7, [], 'ipxe.efi'],
  ['', {}, false, 0, [], 'undionly.kpxe'],
  ['', {}, false, 0, ['Packet'], SCRIPT],
  ['', instance(''), true, 0, ['Packet'], SCRIPT],
]

for (const [index, [state, metadata, allowPxe, arch, userClass, file]] of ROWS.entries()) {
  test(`row ${index + 1} of the PXE file names of Boots: ${file}`, () => {
    const asking = client(arch, userClass)
    const known = machine(state, metadata, allowPxe)
    const now = 0 as Parameters<typeof decide>[1]['now']
    const { decision } = decide(POLICY, { client: clientFacts(asking), network: NETWORK, machine: known, now })
    const target = targetFor(decision, asking, known, SERVERS)
    const expected = file === undefined ? { silent: 'ignored-by-policy' } : { nextServer: SERVERS.tftp.address, file }
    assert.deepEqual(target, expected)
  })
}

test('a machine in use that is not allowed is refused, one that is allowed is not', () => {
  const kinds = [false, true].map((allowPxe) => {
    const facts = { client: clientFacts(client(0, ['Packet'])), network: NETWORK, machine: machine('', {}, allowPxe) }
    return decide(POLICY, { ...facts, now: 0 as Parameters<typeof decide>[1]['now'] }).decision.kind
  })
  assert.deepEqual(kinds, ['deny', 'boot'])
})
