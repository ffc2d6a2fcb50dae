import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { z } from 'zod'
import { ConfigError } from './config-error.ts'
import { describeConfig } from './describe.ts'
import { loadConfig } from './load.ts'
import { fields, metricsSection, sections } from './sections.ts'

const shape = z.object({
  log: sections.log,
  links: sections.links,
  boot: sections.boot,
  dhcp: z.object({
    metrics: metricsSection('127.0.0.1:7067'),
    leaseSeconds: z.int().min(60).default(86_400).describe('Seconds'),
    authoritative: z.boolean().default(false),
    fallback: fields.ipv4.optional(),
    extra: z.record(z.string(), z.int()).optional(),
    pools: z.array(z.object({ from: z.string(), to: z.string() })).default([]),
    serial: z.string().default(''),
    secret: fields.secret.optional(),
    either: z.union([z.literal('auto'), z.int()]).default('auto'),
  }),
})

const directory = mkdtempSync(join(tmpdir(), 'reboots-config-'))
after(() => rmSync(directory, { recursive: true }))
const file = join(directory, 'reboots.yaml')

function load(text: string | undefined, env: Record<string, string> = {}) {
  if (text === undefined) return loadConfig(shape, { env }).config
  writeFileSync(file, text)
  return loadConfig(shape, { env, file }).config
}

/** The problems, with the file's directory left out. */
function problemsOf(text: string | undefined, env?: Record<string, string>): readonly string[] {
  const error = assertThrows(() => load(text, env))
  return error.problems.map((problem) => problem.replace(`${directory}/`, ''))
}

function assertThrows(call: () => unknown): ConfigError {
  let caught: unknown
  assert.throws(call, (error) => {
    caught = error
    return error instanceof ConfigError
  })
  return caught as ConfigError
}

const bad: readonly { name: string; text?: string; env?: Record<string, string>; problems: readonly string[] }[] = [
  {
    name: 'several problems at once, in the order of finding',
    text: 'log:\n  level: inof\nlnks:\n  interfaces: [eth0]\ndhcp:\n  leaseSecond: 60\n  leaseSeconds: soon\n',
    problems: [
      'reboots.yaml:3:1 lnks: unknown section, did you mean "links"?',
      'reboots.yaml:6:3 dhcp.leaseSecond: unknown key, did you mean "leaseSeconds"?',
      'reboots.yaml:2:10 log.level: must be one of fatal, error, warn, info, debug, trace, silent, not "inof"; did you mean "info"?',
      'reboots.yaml:7:17 dhcp.leaseSeconds: must be a number, not "soon"',
    ],
  },
  {
    name: 'too small, with the value',
    text: 'dhcp: { leaseSeconds: 5 }\n',
    problems: ['reboots.yaml:1:23 dhcp.leaseSeconds: must be at least 60, not 5'],
  },
  {
    name: 'a key inside a list',
    text: 'dhcp:\n  pools:\n    - { from: a, to: b }\n    - { from: a, til: b }\n',
    problems: [
      'reboots.yaml:4:18 dhcp.pools.1.til: unknown key, did you mean "to"?',
      'reboots.yaml:4:7 dhcp.pools.1.to: is required',
    ],
  },
  {
    name: 'an address of the other family',
    text: 'dhcp:\n  fallback: fe80::1\nboot:\n  tftpHost: 10.0.0.256\n',
    problems: [
      'reboots.yaml:4:13 boot.tftpHost: must be an IPv4 address such as 192.0.2.1, not "10.0.0.256"',
      'reboots.yaml:2:13 dhcp.fallback: must be an IPv4 address such as 192.0.2.1, not "fe80::1"',
    ],
  },
  {
    name: 'a value where a section belongs',
    text: 'log: info\n',
    problems: ['reboots.yaml:1:6 log: must be a mapping, not "info"'],
  },
  {
    name: 'no mapping at all',
    text: '- log\n',
    problems: ['reboots.yaml:1:1 must be a mapping of sections, such as "log:"'],
  },
  {
    name: 'not YAML',
    text: 'log:\n  level: "info\n',
    problems: ['reboots.yaml:3:1 Missing closing "quote'],
  },
  {
    name: 'a key twice',
    text: 'log:\n  level: info\n  level: warn\n',
    problems: ['reboots.yaml:3:3 Map keys must be unique'],
  },
  {
    name: 'a port that is none, behind an alias',
    text: 'tftp:\n  port: &port 70000\nboot:\n  tftpPort: *port\n',
    problems: ['reboots.yaml:4:13 boot.tftpPort: must be at most 65535, not 70000'],
  },
  {
    name: 'an alias of nothing',
    text: 'log:\n  level: *nothing\n',
    problems: ['reboots.yaml:2:10 *nothing: there is no &nothing before it'],
  },
  {
    name: 'aliases that stand for more than can be meant',
    text: `dhcp:\n  a: &a [x,x,x,x,x,x,x,x,x]\n  b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n  c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n  pools: [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n`,
    problems: ['reboots.yaml:1:1 Excessive alias count indicates a resource exhaustion attack'],
  },
  {
    name: 'a secret that is no text, which is not repeated',
    text: 'dhcp: { secret: 123456 }\n',
    problems: ['reboots.yaml:1:17 dhcp.secret: must be text: put it between quotes'],
  },
  {
    name: 'neither of two forms',
    text: 'dhcp:\n  either: never\n',
    problems: ['reboots.yaml:2:11 dhcp.either: must be auto, not "never", or must be a number, not "never"'],
  },
  {
    name: 'the environment is named by its variables',
    text: 'dhcp: { leaseSeconds: 100 }\n',
    env: { REBOOTS_DHCP_LEASE_SECONDS: 'long', REBOOTS_DHCP_METRICS_LISTEN: '7067', REBOOTS_LINKS_INTERFACE: 'eth0' },
    problems: [
      'REBOOTS_LINKS_INTERFACE: unknown variable, did you mean REBOOTS_LINKS_INTERFACES?',
      'REBOOTS_DHCP_METRICS_LISTEN: must be host:port or off, not "7067"',
      'REBOOTS_DHCP_LEASE_SECONDS: must be a number, not "long"',
    ],
  },
  {
    name: 'a near miss of a section in the environment',
    env: { REBOOTS_DCHP_LEASE_SECONDS: '100' },
    problems: ['REBOOTS_DCHP_LEASE_SECONDS: unknown variable, did you mean REBOOTS_DHCP_LEASE_SECONDS?'],
  },
]

for (const { name, text, env, problems } of bad) {
  test(`refused: ${name}`, () => assert.deepEqual(problemsOf(text, env), problems))
}

test('what has no default is asked for by its key and its variable', () => {
  const strict = z.object({ tftp: z.object({ rootDirectory: z.string() }) })
  assert.deepEqual(assertThrows(() => loadConfig(strict, { env: {} })).problems, [
    'tftp.rootDirectory: is required (or set REBOOTS_TFTP_ROOT_DIRECTORY)',
  ])
})

test('a file that is not there is a problem with its name', () => {
  const error = assertThrows(() => loadConfig(shape, { env: { REBOOTS_CONFIG: join(directory, 'none.yaml') } }))
  assert.deepEqual(error.problems, [`${join(directory, 'none.yaml')}: cannot be read: ENOENT`])
})

const good: readonly { name: string; text?: string; env?: Record<string, string>; dhcp: object; rest?: object }[] = [
  { name: 'nothing at all gives the defaults', dhcp: {} },
  { name: 'an empty file, and empty sections', text: 'log:\ndhcp:\n  pools:\n', dhcp: {} },
  { name: 'sections of other services are their business', text: 'tftp: { anything: 1 }\nrules: 5\n', dhcp: {} },
  {
    name: 'the environment wins',
    text: 'dhcp: { leaseSeconds: 100 }',
    env: { REBOOTS_DHCP_LEASE_SECONDS: '200' },
    dhcp: { leaseSeconds: 200 },
  },
  {
    name: 'an empty variable is none',
    text: 'dhcp: { leaseSeconds: 100 }',
    env: { REBOOTS_DHCP_LEASE_SECONDS: '' },
    dhcp: { leaseSeconds: 100 },
  },
  { name: 'text stays text where text is taken', env: { REBOOTS_DHCP_SERIAL: '007' }, dhcp: { serial: '007' } },
  { name: 'text that looks like a list', env: { REBOOTS_DHCP_SECRET: '[a, b]' }, dhcp: { secret: '[a, b]' } },
  { name: 'text that looks like a map', env: { REBOOTS_DHCP_SERIAL: '{x}' }, dhcp: { serial: '{x}' } },
  { name: 'booleans', env: { REBOOTS_DHCP_AUTHORITATIVE: 'true' }, dhcp: { authoritative: true } },
  { name: 'one of two forms', env: { REBOOTS_DHCP_EITHER: '7' }, dhcp: { either: 7 } },
  {
    name: 'addresses are numbers afterwards',
    env: { REBOOTS_DHCP_FALLBACK: '10.0.0.1' },
    dhcp: { fallback: 0x0a000001 },
  },
  {
    name: 'maps, laid over those of the file',
    text: 'dhcp: { extra: { a: 1, b: 1 } }',
    env: { REBOOTS_DHCP_EXTRA: 'b=2, c=3' },
    dhcp: { extra: { a: 1, b: 2, c: 3 } },
  },
  {
    name: 'lists of mappings as YAML',
    env: { REBOOTS_DHCP_POOLS: '[{from: a, to: b}]' },
    dhcp: { pools: [{ from: 'a', to: 'b' }] },
  },
  {
    name: 'what Kubernetes adds for a Service called reboots-dhcp',
    env: {
      REBOOTS_DHCP_SERVICE_HOST: '10.96.0.1',
      REBOOTS_DHCP_SERVICE_PORT_GRPC: '67',
      REBOOTS_DHCP_PORT: 'udp://10.96.0.1:67',
      REBOOTS_DHCP_PORT_67_UDP_ADDR: '10.96.0.1',
    },
    dhcp: {},
  },
  { name: 'variables of other services', env: { REBOOTS_TFTP_ANYTHING: '1', REBOOTS_SOMETHING_ELSE: '1' }, dhcp: {} },
]

const defaults = {
  metrics: { listen: '127.0.0.1:7067' },
  leaseSeconds: 86_400,
  authoritative: false,
  pools: [],
  serial: '',
  either: 'auto',
}

for (const { name, text, env, dhcp } of good) {
  test(`taken: ${name}`, () => assert.deepEqual(load(text, env).dhcp, { ...defaults, ...dhcp }))
}

test('a list comes from the environment separated by commas', () => {
  assert.deepEqual(load(undefined, { REBOOTS_LINKS_INTERFACES: 'eth0, eth1' }).links.interfaces, ['eth0', 'eth1'])
})

test('one boot file can be set without losing the others', () => {
  const { binaries } = load('boot: { binaries: { bios: mine.kpxe } }', {
    REBOOTS_BOOT_BINARIES_UEFI_X64: 'mine.efi',
  }).boot
  assert.deepEqual(
    [binaries.bios, binaries['uefi-x64'], binaries['uefi-arm64']],
    ['mine.kpxe', 'mine.efi', 'ipxe-arm64.efi'],
  )
})

test('relative paths are relative to the file', () => {
  writeFileSync(file, '')
  const { placeOf: _, ...loaded } = loadConfig(shape, { env: { REBOOTS_CONFIG: file } })
  assert.deepEqual(loaded, { config: load(''), file, directory, text: '' })
})

test('every key is described with its variable and default', () => {
  const rows = describeConfig(shape)
  assert.deepEqual(
    rows.filter(({ key }) => /^dhcp\.(leaseSeconds|metrics|pools)|^boot.tftpHost/.test(key)),
    [
      {
        key: 'boot.tftpHost',
        env: 'REBOOTS_BOOT_TFTP_HOST',
        default: '',
        description: 'IPv4 address of the TFTP server as machines see it; absent: our own on each link',
      },
      {
        key: 'dhcp.metrics.listen',
        env: 'REBOOTS_DHCP_METRICS_LISTEN',
        default: '127.0.0.1:7067',
        description: 'Where /metrics, /healthz, /readyz and /healthcheck are served over HTTP; off for nowhere',
      },
      { key: 'dhcp.leaseSeconds', env: 'REBOOTS_DHCP_LEASE_SECONDS', default: '86400', description: 'Seconds' },
      { key: 'dhcp.pools', env: 'REBOOTS_DHCP_POOLS', default: '[]', description: '' },
    ],
  )
})
