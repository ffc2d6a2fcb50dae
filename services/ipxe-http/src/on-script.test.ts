import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIpv4, parseMac, type Instant, type MacAddress } from '@reboots/protocol/net'
import { loadConfig } from '@reboots/runtime'
import { DEFAULT_POLICY, machineFacts, parsePolicy, type Policy } from '@reboots/rules'
import { machine, type MachineSpec } from '@reboots/testkit'
import { shape } from './config.ts'
import type { BootRequest } from './decide-request.ts'
import { onScript, type ScriptAnswer } from './on-script.ts'
import type { KnownMachine, BootPorts } from './ports.ts'
import { siteOf } from './site.ts'

const NOW = 1_800_000_000_000 as Instant
const ALLOWED = mac('52:54:00:00:00:01')
const DENIED = mac('52:54:00:00:00:02')
const CHAINED = mac('52:54:00:00:00:03')
const SCRIPTED = mac('52:54:00:00:00:04')
const UNKNOWN = mac('52:54:00:00:00:ff')
const NETWORK = { link: 'eth0', giaddr: '', circuitId: '', remoteId: '', relayFlags: [], subnet: '' }

function mac(text: string): MacAddress {
  return parseMac(text)!
}

function known(mac: MacAddress, options: Omit<MachineSpec, 'mac'>): [MacAddress, KnownMachine] {
  const record = machine({ mac, ...options })
  return [mac, { mac, matched: false, facts: machineFacts(record, 0) }]
}

const MACHINES = new Map([
  known(ALLOWED, {
    name: 'node-1',
    address: '192.0.2.10',
    netboot: {
      osie: {
        baseUrl: 'http://192.0.2.1/hook',
        kernel: 'vmlinuz',
        initrd: 'initrd.gz',
        kernelParams: ['console=ttyS0', 'token=42'],
      },
    },
  }),
  known(DENIED, { netboot: { allowPxe: false } }),
  known(CHAINED, { netboot: { ipxe: { url: 'http://192.0.2.1/${net0/mac}.ipxe' } } }),
  known(SCRIPTED, { netboot: { ipxe: { contents: '#!ipxe\necho hello\n' } } }),
])

/** A machine with an interface that has a MAC, and two that are found by something else. */
const UUID = '4c4c4544-0042-3010-8057-b4c04f4a3132'
const PORTS: readonly KnownMachine[] = [
  { mac: mac('52:54:00:00:00:05'), matched: false },
  { mac: undefined, matched: true },
  { mac: undefined, matched: true },
].map(({ mac, matched }, index) => {
  const record = machine({ mac: '', id: 'ports', name: `port-${index}`, address: `192.0.2.2${index}` })
  return { mac, matched, facts: machineFacts(record, 0) }
})

const SITE = siteOf(
  loadConfig(shape, { env: { REBOOTS_HTTP_EXTRA_KERNEL_ARGS: 'quiet,splash', REBOOTS_HTTP_SYSLOG_HOST: '192.0.2.7' } })
    .config,
  { DOCKER_REGISTRY: 'reg.example', REGISTRY_USERNAME: 'admin', REGISTRY_PASSWORD: 'pass' },
).factsFor('http://192.0.2.1:7080')

function ports(policy: Policy | undefined, machinesSynced = true): BootPorts {
  return {
    ask: () => Promise.resolve(undefined),
    machineByMac: (mac) => MACHINES.get(mac),
    machineByAddress: (address) => (address === parseIpv4('192.0.2.10') ? MACHINES.get(ALLOWED) : undefined),
    machineById: (id) => (id === 'ports' ? PORTS : []),
    machineByUuid: (uuid) => (uuid === UUID ? PORTS[1] : undefined),
    policy: () => policy,
    history: { of: () => undefined },
    machinesSynced,
  }
}

const SHIPPED = parsePolicy(DEFAULT_POLICY, 'default')

function ask(request: Partial<BootRequest>, using = ports(SHIPPED)): Promise<ScriptAnswer> {
  const nothing = { mac: undefined, address: undefined, uuid: undefined, item: undefined, machine: undefined }
  const whole = { ...nothing, arch: 7, network: NETWORK, ...request }
  return onScript(whole, using, SITE, { times: 2, delaySeconds: 3 }, NOW)
}

function scriptOf(answer: ScriptAnswer): string {
  assert.ok('script' in answer, JSON.stringify(answer))
  return answer.script
}

test('the script of an allowed machine fetches its kernel and initrd, with all arguments in their order', async () => {
  const script = scriptOf(await ask({ mac: ALLOWED }))
  const kernel = script.split('\n').find((line) => line.startsWith('kernel '))!
  assert.match(script, /^#!ipxe\n/)
  assert.match(script, /^initrd http:\/\/192\.0\.2\.1\/hook\/initrd\.gz/m)
  const words = kernel.replace(/ (&&|\|\|).*$/, '').split(' ')
  assert.deepEqual(words.slice(0, 2), ['kernel', 'http://192.0.2.1/hook/vmlinuz'])
  assert.deepEqual(words.slice(2), [
    'syslog_host=192.0.2.7',
    'grpc_authority=192.0.2.1:42113',
    'tinkerbell_tls=false',
    'tinkerbell_insecure_tls=false',
    `worker_id=${ALLOWED}`,
    `hw_addr=${ALLOWED}`,
    'modules=loop,squashfs,sd-mod,usb-storage',
    'intel_iommu=on',
    'iommu=pt',
    'initrd=initrd.gz',
    'console=tty0',
    'console=ttyS0,115200',
    'console=ttyS1,115200',
    'docker_registry=reg.example',
    'registry_username=admin',
    'registry_password=pass',
    'quiet',
    'splash',
    'console=ttyS0',
    'token=42',
  ])
})

test('by source address the same script comes as by MAC', async () => {
  assert.equal(scriptOf(await ask({ address: parseIpv4('192.0.2.10')! })), scriptOf(await ask({ mac: ALLOWED })))
})

test('a script URL in the record is chained to, and iPXE fills in its ${…}', async () => {
  assert.match(scriptOf(await ask({ mac: CHAINED })), /^chain --autofree http:\/\/192\.0\.2\.1\/\$\{net0\/mac\}\.ipxe/m)
})

test('a script in the record is sent as it stands', async () => {
  assert.equal(scriptOf(await ask({ mac: SCRIPTED })), '#!ipxe\necho hello\n')
})

const REFUSED: readonly [string, Partial<BootRequest>, BootPorts, string, RegExp][] = [
  ['no record with this MAC', { mac: UNKNOWN }, ports(SHIPPED), 'ignored-by-policy', /otherwise.*no hardware record/],
  ['no record with this address', { address: parseIpv4('192.0.2.99')! }, ports(SHIPPED), 'unknown-machine', /MAC/],
  ['neither MAC nor address', {}, ports(SHIPPED), 'unknown-machine', /MAC/],
  ['netboot not allowed', { mac: DENIED }, ports(SHIPPED), 'netboot-not-allowed', /not allowed in the hardware record/],
  ['no policy yet', { mac: ALLOWED }, ports(undefined), 'not-synced', /not been received/],
  ['no machines yet', { mac: ALLOWED }, ports(SHIPPED, false), 'not-synced', /not been received/],
]

for (const [name, request, using, refused, text] of REFUSED) {
  test(`${name}: ${refused}`, async () => {
    const answer = await ask(request, using)
    assert.ok('refused' in answer)
    assert.equal(answer.refused, refused)
    assert.match(answer.text, text)
  })
}

function policy(profile: string, when = 'machine.known'): Policy {
  return parsePolicy(
    `apiVersion: reboots/v1\nkind: BootPolicy\nprofiles:\n  p: ${profile}\nrules:\n  - { name: r, when: '${when}', then: { boot: p } }\notherwise: ignore\n`,
    'test',
  )
}

test('the architecture of the URL decides, and without one that of the record', async () => {
  const arm = ports(policy('{ chain: http://192.0.2.1/arm }', 'client.arch == 11'))
  assert.match(scriptOf(await ask({ mac: ALLOWED, arch: 11 }, arm)), /chain/)
  const refused = await ask({ mac: ALLOWED, arch: undefined }, arm)
  assert.equal('refused' in refused && refused.refused, 'ignored-by-policy')
})

test('initrds are named in the arguments when the profile does not', async () => {
  const two = policy('{ linux: { kernel: "http://a/k", initrd: ["http://a/one", "http://a/two"], args: [quiet] } }')
  const script = scriptOf(await ask({ mac: ALLOWED }, ports(two)))
  assert.match(script, /^kernel http:\/\/a\/k initrd=initrd0 initrd=initrd1 quiet/m)
  assert.match(script, /^initrd --name initrd1 http:\/\/a\/two/m)
})

test('what is no script and no kernel', async () => {
  const rows: readonly (readonly [profile: string, line: RegExp])[] = [
    ['{ iso: /files/a.iso }', /^sanboot http:\/\/192\.0\.2\.1:7080\/files\/a\.iso \|\| echo/m],
    ['{ uefiHttp: /files/a.efi }', /^chain --autofree http:\/\/192\.0\.2\.1:7080\/files\/a\.efi/m],
    ['{ nbp: a.efi }', /^chain --autofree http:\/\/192\.0\.2\.1:7080\/ipxe\/binary\/a\.efi/m],
    [
      '{ pxelinux: { file: p.0, config: x } }',
      /^set netX\/210:string \/\nchain --autofree http:\/\/192\.0\.2\.1:7080\/ipxe\/binary\/p\.0/m,
    ],
  ]
  for (const [profile, line] of rows) assert.match(scriptOf(await ask({ mac: ALLOWED }, ports(policy(profile)))), line)
})

test('what a profile cannot say for this machine is refused with the place', async () => {
  const relative = await ask({ mac: ALLOWED }, ports(policy('{ chain: "{{ machine.name }}" }')))
  assert.ok('refused' in relative)
  assert.equal(relative.refused, 'profile-not-renderable')
  assert.match(relative.text, /chain: "node-1" is not an absolute URL/)
})

for (const [where, profile] of [
  ['an argument', '{ linux: { kernel: "http://a/k", args: ["p={{ site.registry.password }}"] } }'],
  ['a URL', '{ chain: "{{ site.registry.password }}" }'],
  ['a script', '{ ipxe: { script: "echo {{ site.registry.password }}" } }'],
] as const) {
  test(`a password that cannot be written into ${where} is not in the reason either`, async () => {
    const site = { ...SITE, registry: { ...SITE.registry, password: 'hun\nter2' } }
    const nothing = { address: undefined, uuid: undefined, item: undefined, machine: undefined }
    const request = { ...nothing, mac: ALLOWED, arch: 7, network: NETWORK }
    const answer = await onScript(request, ports(policy(profile)), site, { times: 0, delaySeconds: 0 }, NOW)
    assert.ok('refused' in answer, JSON.stringify(answer))
    assert.equal(answer.refused, 'profile-not-renderable')
    assert.doesNotMatch(answer.text, /hun|ter2/)
  })
}

test('local-disk gives a script that leaves iPXE, so that the firmware goes on', async () => {
  const text = 'apiVersion: reboots/v1\nkind: BootPolicy\nrules: []\notherwise: local-disk\n'
  assert.match(scriptOf(await ask({ mac: UNKNOWN }, ports(parsePolicy(text, 'test')))), /\nexit 1\n$/)
})

const CHOICE = parsePolicy(
  `apiVersion: reboots/v1
kind: BootPolicy
profiles: { hook: { chain: 'http://192.0.2.1/hook.ipxe' } }
menus:
  m:
    prompt: What shall it be?
    timeoutSeconds: 7
    entries:
      - { title: Hook, boot: hook }
      - { title: Disk && more, boot: local-disk }
      - { title: Windows, type: 9 }
rules: []
otherwise: { menu: m }
`,
  'test',
)

test('the scripts of entries are decided on the same facts, of the relay agent too', async () => {
  const network = { ...NETWORK, giaddr: '10.9.0.1', circuitId: '63616765', remoteId: '72' }
  const script = scriptOf(await ask({ mac: ALLOWED, network }, ports(CHOICE)))
  assert.match(script, /auto\.ipxe\?arch=7&item=2&giaddr=10\.9\.0\.1&circuitId=63616765&remoteId=72 /)
  const caged = ports(policy('{ chain: http://192.0.2.1/cage }', 'network.circuitId == "63616765"'))
  assert.match(scriptOf(await ask({ mac: ALLOWED, network }, caged)), /chain .*http:\/\/192\.0\.2\.1\/cage/)
})

test('a menu is asked for with its time-out, and each entry is a script of its own', async () => {
  const request = { mac: ALLOWED, uuid: '00112233-4455-6677-8899-aabbccddeeff' }
  const url = (item: number) =>
    `http://192.0.2.1:7080/ipxe/script/${ALLOWED}/auto.ipxe?arch=7&item=${item}&uuid=${request.uuid}`
  assert.equal(
    scriptOf(await ask(request, ports(CHOICE))),
    `#!ipxe
echo Reboots: node-1 (${ALLOWED})
menu What shall it be? || goto item-1
item item-1 Hook
item item-2 Disk '&&' more
choose --default item-1 --timeout 7000 chosen || goto left
goto \${chosen}
:item-1
chain --autofree --replace ${url(1)} || goto failed
:item-2
chain --autofree --replace ${url(2)} || goto failed
:failed
echo The script of this entry failed.
imgfree ||
exit 1
:left
exit 1
`,
  )
  assert.match(
    scriptOf(await ask({ ...request, item: 1 }, ports(CHOICE))),
    /^chain --autofree http:\/\/192\.0\.2\.1\/hook\.ipxe /m,
  )
  assert.match(
    scriptOf(await ask({ ...request, item: 2 }, ports(CHOICE))),
    /^echo booting from the local disk\nexit 1$/m,
  )
  const found = scriptOf(await ask({ mac: UNKNOWN, machine: 'ports' }, ports(CHOICE)))
  assert.match(found, /auto\.ipxe\?arch=7&item=2&machine=ports /)
})

const ADDRESS = parseIpv4('192.0.2.22')!

/** What is known of a machine, and whose script it gets: the record's name and the MAC in it. */
const FOUND: readonly (readonly [what: string, request: Partial<BootRequest>, banner: string])[] = [
  ['a MAC that a record has', { mac: ALLOWED, machine: 'ports', uuid: UUID }, `node-1 (${ALLOWED})`],
  ['the id in the URL', { mac: UNKNOWN, machine: 'ports' }, `port-1 (${UNKNOWN})`],
  [
    'of its interfaces the one whose address asks',
    { mac: UNKNOWN, machine: 'ports', address: ADDRESS },
    `port-2 (${UNKNOWN})`,
  ],
  ['the UUID', { mac: UNKNOWN, uuid: UUID }, `port-1 (${UNKNOWN})`],
  ['an id that is gone: the UUID', { mac: UNKNOWN, machine: 'gone', uuid: UUID }, `port-1 (${UNKNOWN})`],
]

for (const [what, request, banner] of FOUND) {
  test(`a machine is found by ${what}`, async () => {
    assert.ok(scriptOf(await ask(request)).includes(`echo Reboots: ${banner}\n`))
  })
}

test('an id without MAC in the path finds nobody', async () => {
  assert.deepEqual(Object.values(await ask({ machine: 'ports' }))[0], 'unknown-machine')
})

const ANSWER = {
  kind: 'linux',
  kernel: 'http://192.0.2.9/k',
  initrd: [],
  args: ['quiet'],
  message: 'From afar',
} as const
const asking: readonly (readonly [what: string, told: typeof ANSWER | undefined, line: RegExp])[] = [
  ['what it says is the script', ANSWER, /^echo From afar\n(?:.*\n)*kernel http:\/\/192\.0\.2\.9\/k quiet/m],
  ['without an answer it is what the rule says then', undefined, /^chain --autofree http:\/\/192\.0\.2\.1\/else/m],
]
for (const [what, told, line] of asking) {
  test(`another boot API is asked: ${what}`, async () => {
    const outcome = '{ ask: http://192.0.2.9:4242/, within: 2s, otherwise: { boot: p } }'
    const document = `apiVersion: reboots/v1\nkind: BootPolicy\nprofiles: { p: { chain: http://192.0.2.1/else } }\nrules: []\notherwise: ${outcome}\n`
    const asked: unknown[] = []
    const using: BootPorts = {
      ...ports(parsePolicy(document, 'test')),
      ask: ({ url, withinMs, keepMs }, mac) => {
        asked.push([url, withinMs, keepMs, mac])
        return Promise.resolve(told)
      },
    }
    assert.match(scriptOf(await ask({ mac: ALLOWED }, using)), line)
    assert.deepEqual(asked, [['http://192.0.2.9:4242', 2000, 300_000, ALLOWED]])
  })
}
