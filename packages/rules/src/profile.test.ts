import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decide } from './decide.ts'
import type { Facts } from './facts.ts'
import { FACTS, MACHINE, policyOf, SITE } from './policy.fixture.ts'
import { formatDecision } from './policy-tests.ts'
import { renderBoot } from './render-boot.ts'
import { renderConfig } from './render-config.ts'
import type { RenderedBoot } from './rendered-boot.ts'

const bios: Facts = { ...FACTS, client: { ...FACTS.client, arch: 0, firmware: 'bios' } }

function rendered(profiles: string, facts = FACTS): RenderedBoot {
  const policy = policyOf([], `profiles:\n  base: ${BASE}\n  p: ${profiles}`)
  return renderBoot(policy, { kind: 'boot', profile: 'p' }, facts, SITE)
}

const BASE = [
  "{ vars: { os: talos, at: '{{ machine.labels.rack }}' }",
  "linux: { kernel: '/files/{{ vars.os }}/vmlinuz'",
  'initrd: [http://192.0.2.9/a, http://192.0.2.9/b]',
  "args: [quiet, 'rack={{ vars.at }}'] } }",
].join(', ')
const HTTP = 'http://192.0.2.1:7080'
const linux = (os: string, args: readonly string[], initrd = ['http://192.0.2.9/a', 'http://192.0.2.9/b']) =>
  ({ kind: 'linux', kernel: `${HTTP}/files/${os}/vmlinuz`, initrd, args }) as const
const failed = (message: string) => ({ kind: 'failed', message: `profile "p", ${message}` }) as const

const rows: readonly (readonly [what: string, profile: string, facts: Facts, expected: RenderedBoot])[] = [
  ['what is extended, as it is', '{ extends: base }', FACTS, linux('talos', ['quiet', 'rack=12'])],
  ['other values', '{ extends: base, vars: { os: debian } }', FACTS, linux('debian', ['quiet', 'rack=12'])],
  [
    'arguments are added, and with variables of its own',
    "{ extends: base, vars: { more: '{{ client.arch }}' }, linux: { args: ['arch={{ vars.more }}'] } }",
    FACTS,
    linux('talos', ['quiet', 'rack=12', 'arch=7']),
  ],
  [
    'everything else is replaced',
    '{ extends: base, linux: { initrd: http://192.0.2.9/c } }',
    FACTS,
    linux('talos', ['quiet', 'rack=12'], ['http://192.0.2.9/c']),
  ],
  [
    'a variable that does not work out',
    '{ extends: base }',
    { ...FACTS, machine: { ...MACHINE, labels: {} } },
    failed('vars.at: {{ machine.labels.rack }}: no such key: rack'),
  ],
  [
    'a variable from the wire is no more trusted than what it says',
    "{ vars: { c: '{{ client.vendorClass }}' }, linux: { kernel: http://192.0.2.9/k, args: ['c={{ vars.c }}'] } }",
    { ...FACTS, client: { ...FACTS.client, vendorClass: 'a b' } },
    failed('linux.args[0]: {{ vars.c }} is "a b", which holds a blank'),
  ],
  ['a path is below our own origin', '{ chain: /files/a.ipxe }', FACTS, { kind: 'chain', url: `${HTTP}/files/a.ipxe` }],
  ['uefiHttp', '{ uefiHttp: /files/a.efi }', FACTS, { kind: 'chain', url: `${HTTP}/files/a.efi` }],
  [
    'iso',
    "{ iso: 'http://192.0.2.9/{{ machine.id }}.iso' }",
    FACTS,
    { kind: 'iso', url: 'http://192.0.2.9/machine-1.iso' },
  ],
  ['nbp', '{ nbp: a/shim%.efi }', FACTS, { kind: 'chain', url: `${HTTP}/ipxe/binary/a/shim%25.efi` }],
  [
    'nbp for one firmware',
    '{ nbp: { bios: a.0, uefi-x64: a.efi } }',
    bios,
    { kind: 'chain', url: `${HTTP}/ipxe/binary/a.0` },
  ],
  ['nbp for another', '{ nbp: { bios: a.0 } }', FACTS, failed('nbp: there is no boot file for uefi-x64')],
  ['grub', '{ grub: { file: g.efi, config: x } }', FACTS, { kind: 'chain', url: `${HTTP}/ipxe/binary/g.efi` }],
  [
    'pxelinux',
    '{ pxelinux: { file: lpxelinux.0, config: x } }',
    bios,
    { kind: 'pxelinux', url: `${HTTP}/ipxe/binary/lpxelinux.0`, directory: '/' },
  ],
  [
    'pxelinux in a directory',
    '{ pxelinux: { file: esxi/pxelinux.0, config: x } }',
    bios,
    { kind: 'pxelinux', url: `${HTTP}/ipxe/binary/esxi/pxelinux.0`, directory: '/esxi/' },
  ],
]
for (const [what, profile, facts, expected] of rows) {
  test(`profile: ${what}`, () => assert.deepEqual(rendered(profile, facts), expected))
}

const LOADERS = `profiles:
  g: { vars: { who: '{{ client.vendorClass }}' }, grub: { file: g.efi, config: 'echo "{{ vars.who }}" {{ machine.name }}' } }
  p: { pxelinux: { file: p.0, config: 'SAY {{ client.vendorClass }}' } }
  c: { chain: http://192.0.2.9/ }
menus: { m: { timeoutSeconds: 1, entries: [{ title: c, boot: c }, { title: p, boot: p }, { title: g, boot: g }] } }
`

const configs: readonly (readonly [
  boots: string,
  loader: 'grub' | 'pxelinux',
  vendorClass: string,
  name: string,
  expected: unknown,
])[] = [
  ['{ boot: g }', 'grub', 'a b', 'n1', { text: 'echo "a b" n1' }],
  ['{ boot: g }', 'grub', 'a;b', 'n1', { text: 'echo "a;b" n1' }],
  ['{ boot: g }', 'grub', 'a"b', 'n1', { failed: 'grub.config, {{ vars.who }} is "a\\"b", which holds "' }],
  ['{ boot: g }', 'grub', '$root', 'n1', { failed: 'grub.config, {{ vars.who }} is "$root", which holds $' }],
  ['{ boot: g }', 'grub', 'a', 'n;reboot', { failed: 'grub.config, {{ machine.name }} is "n;reboot", which holds ;' }],
  [
    '{ boot: g }',
    'grub',
    'a\nb',
    'n1',
    { failed: 'grub.config, vars.who: {{ client.vendorClass }} is "a\\nb", which holds a control character' },
  ],
  ['{ boot: g }', 'pxelinux', '', 'n1', undefined],
  ['{ boot: p }', 'pxelinux', 'a', 'n1', { text: 'SAY a' }],
  [
    '{ boot: p }',
    'pxelinux',
    'a b',
    'n1',
    { failed: 'pxelinux.config, {{ client.vendorClass }} is "a b", which holds a blank' },
  ],
  ['{ boot: p }', 'grub', '', 'n1', undefined],
  ['{ boot: c }', 'grub', '', 'n1', undefined],
  ['{ menu: m }', 'grub', 'a', 'n1', { text: 'echo "a" n1' }],
  ['{ menu: m }', 'pxelinux', 'a', 'n1', { text: 'SAY a' }],
  ['local-disk', 'grub', '', 'n1', undefined],
  ['{ deny: no }', 'grub', '', 'n1', undefined],
]
for (const [boots, loader, vendorClass, name, expected] of configs) {
  test(`the configuration of ${loader} for ${boots}, ${JSON.stringify(vendorClass)}, ${JSON.stringify(name)}`, () => {
    const policy = policyOf([['true', boots]], LOADERS)
    const facts = { ...FACTS, client: { ...FACTS.client, vendorClass }, machine: { ...MACHINE, name } }
    assert.deepEqual(renderConfig(policy, policy.rules[0]!.decision!, facts, SITE, loader), expected)
  })
}

test('who is asked is not known here: what happens without an answer is rendered', () => {
  const policy = policyOf([['true', '{ ask: http://192.0.2.9, otherwise: { boot: c } }']], LOADERS)
  const { decision } = decide(policy, FACTS)
  assert.deepEqual(renderBoot(policy, decision, FACTS, SITE), { kind: 'chain', url: 'http://192.0.2.9/' })
  assert.equal(formatDecision(decision), 'ask http://192.0.2.9')
})

test('a test of a policy expects whom it asks', () => {
  const tests = 'tests: [{ name: t, expect: { ask: http://192.0.2.9 } }]'
  assert.equal(policyOf([['true', '{ ask: http://192.0.2.9/, keep: 0s }']], tests).tests.length, 1)
  assert.throws(
    () => policyOf([['true', '{ ask: http://192.0.2.8/ }']], tests),
    /got ask http:\/\/192\.0\.2\.8 by rule "r1"/,
  )
})
