import assert from 'node:assert/strict'
import { isBuiltin } from 'node:module'
import { test } from 'node:test'
import { projectFiles, read } from './tree.ts'

/**
 * Who may import whom. A room may import itself, what is listed, and (in tests only) the test tools.
 * `node` stands for the built-in modules, `@reboots/*` for any package.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'packages/protocol': [],
  'packages/leases': ['@reboots/protocol/net'],
  'packages/rules': ['@reboots/protocol/net', '@reboots/protocol/pxe', '@marcbachmann/cel-js', 're2js', 'yaml'],
  'packages/api': ['@bufbuild/protobuf', '@grpc/grpc-js', 'node'],
  'packages/runtime': [
    '@reboots/protocol',
    '@reboots/api',
    'node',
    '@grpc/grpc-js',
    'grpc-health-check',
    'pino',
    '@prometheus-io/client',
    'zod',
    'yaml',
    'koffi',
  ],
  'packages/cli': ['@reboots', 'node', '@grpc/grpc-js', 'yaml', 'zod'],
  'packages/testkit': ['@reboots', 'node', '@grpc/grpc-js', 'tftp'],
  'services/hardware': ['@reboots', 'node', '@grpc/grpc-js', 'yaml', 'zod'],
  'services/rules-engine': [
    '@reboots',
    'node',
    '@grpc/grpc-js',
    'yaml',
    'zod',
    'fastify',
    '@fastify/swagger',
    'ioredis',
  ],
  'services/dhcp': ['@reboots', 'node', '@grpc/grpc-js', 'zod', 'ioredis'],
  'services/proxydhcp': ['@reboots', 'node', 'zod'],
  'services/tftp': ['@reboots', 'node', 'zod'],
  'services/ipxe-http': ['@reboots', 'node', 'zod', 'fastify'],
  test: ['@reboots', 'node', '@grpc/grpc-js', 'tftp', 'yaml', 'koffi'],
}

const PURE = ['packages/protocol', 'packages/leases', 'packages/rules']
const TEST_TOOLS = ['node', 'fast-check', '@reboots/testkit', '@grpc/grpc-js', 'tftp', 'yaml']
/** Test tools of one room. */
const OWN_TEST_TOOLS: Readonly<Record<string, readonly string[]>> = {
  'packages/rules': ['@bufbuild/cel', '@bufbuild/cel-spec', 'ajv'],
  'services/rules-engine': ['@seriousme/openapi-schema-validator'],
}
const SERVICES = projectFiles()
  .filter((file) => /^services\/[^/]+\/package\.json$/.test(file))
  .map((file) => (JSON.parse(read(file)) as { name: string }).name)

function roomOf(file: string): string {
  return file.startsWith('test/') ? 'test' : file.split('/').slice(0, 2).join('/')
}

function importsOf(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  const forms = [
    /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm,
    /^\s*import\s*['"]([^'"]+)['"]/gm,
    /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g,
  ]
  return forms.flatMap((form) => [...code.matchAll(form)].map((match) => match[1]!))
}

function allowed(file: string, specifier: string): boolean {
  const room = roomOf(file)
  const isTest = /\.(test|fixture)\.ts$/.test(file) || room === 'test'
  if (specifier.startsWith('.')) return !specifier.includes('..') || staysInRoom(file, specifier)
  if (SERVICES.some((name) => specifier === name || specifier.startsWith(name + '/'))) return false
  if (specifier.startsWith('@reboots/testkit') && !isTest && !/^packages\/(cli|testkit)$/.test(room)) return false
  const list = [...MAY_IMPORT[room]!, ...(isTest ? [...TEST_TOOLS, ...(OWN_TEST_TOOLS[room] ?? [])] : [])]
  const name = isBuiltin(specifier) ? 'node' : specifier
  return list.some((entry) => name === entry || name.startsWith(entry + '/'))
}

function staysInRoom(file: string, specifier: string): boolean {
  const depth = roomOf(file) === 'test' ? 2 : 2
  const target = new URL(specifier, `file:///${file}`).pathname.slice(1)
  return target.split('/').slice(0, depth).join('/') === file.split('/').slice(0, depth).join('/')
}

const SOURCES = projectFiles().filter(
  (file) => /^(packages|services|test)\/.*\.ts$/.test(file) && !file.includes('/gen/'),
)

test('every source file belongs to a room with a row in the import table', () => {
  const homeless = SOURCES.filter((file) => MAY_IMPORT[roomOf(file)] === undefined)
  assert.deepEqual(homeless, [])
  assert.ok(SOURCES.length > 50, `found ${SOURCES.length} source files`)
})

test('no room imports what the table does not list', () => {
  const broken = SOURCES.flatMap((file) =>
    importsOf(read(file))
      .filter((specifier) => !allowed(file, specifier))
      .map((specifier) => `${file} imports ${specifier}`),
  )
  assert.deepEqual(broken, [])
})

test('the table itself can fail: a service that imports another is caught', () => {
  assert.equal(allowed('services/dhcp/src/handle.ts', '@reboots/tftp'), false)
  assert.equal(allowed('services/dhcp/src/handle.ts', '../../tftp/src/main.ts'), false)
  assert.equal(allowed('packages/protocol/src/net/ipv4.ts', 'node:fs'), false)
  assert.equal(allowed('packages/leases/src/pool.ts', '@reboots/protocol/dhcp'), false)
  assert.equal(allowed('services/dhcp/src/handle.ts', '@reboots/protocol/dhcp'), true)
})

test('pure rooms are compiled without Node: nothing there names a file outside the pure tsconfig', () => {
  const config = JSON.parse(read('packages/tsconfig.pure.json')) as {
    compilerOptions: { types: string[] }
    include: string[]
  }
  assert.deepEqual(config.compilerOptions.types, [])
  assert.deepEqual(
    PURE.map((room) => `${room.slice('packages/'.length)}/src`),
    config.include,
  )
})
