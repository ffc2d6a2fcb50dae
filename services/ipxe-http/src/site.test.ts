import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIpv4, parseMac } from '@reboots/protocol/net'
import { ConfigError, loadConfig } from '@reboots/runtime'
import { addressesOf, shape, type Config } from './config.ts'
import { siteOf, tinkServer } from './site.ts'

function configured(env: Record<string, string>): Config {
  return loadConfig(shape, { env }).config
}

const TINK: readonly [string, string, string][] = [
  ['h:443', '192.0.2.1', 'h:443'],
  ['h', '192.0.2.1', 'h:42113'],
  ['10.0.0.1:8080', '192.0.2.1', '10.0.0.1:8080'],
  ['', '192.0.2.1', '192.0.2.1:42113'],
  [':443', '192.0.2.1', '192.0.2.1:443'],
  ['[2001:db8::1]:443', '192.0.2.1', '[2001:db8::1]:443'],
  ['[2001:db8::1]', '192.0.2.1', '[2001:db8::1]:42113'],
]

for (const [configured, own, expected] of TINK) {
  test(`tink server "${configured}" on ${own} is ${expected}`, () =>
    assert.equal(tinkServer(configured, own), expected))
}

test('a site without settings serves kernels itself and names itself as the Tink host', () => {
  const facts = siteOf(configured({}), {}).factsFor('http://192.0.2.1:7080')
  assert.equal(facts.osieUrl, 'http://192.0.2.1:7080/files')
  assert.equal(facts.tinkServer, '192.0.2.1:42113')
  assert.deepEqual(facts.registry, { host: '', username: '', password: '' })
})

test('the variables of the seed documents name the registry, and the section wins over them', () => {
  const env = { DOCKER_REGISTRY: 'reg.example', REGISTRY_USERNAME: 'admin', REGISTRY_PASSWORD: 'pw' }
  const seeded = siteOf(configured({}), env).factsFor('http://192.0.2.1:7080')
  assert.deepEqual(seeded.registry, { host: 'reg.example', username: 'admin', password: 'pw' })
  const own = siteOf(configured({ REBOOTS_HTTP_REGISTRY_HOST: 'other.example' }), env).factsFor('http://192.0.2.1:7080')
  assert.deepEqual(own.registry, { host: 'other.example', username: 'admin', password: 'pw' })
})

test('an origin set by the operator replaces the address the request came to', () => {
  const facts = siteOf(configured({ REBOOTS_HTTP_ORIGIN: 'http://boot.example/' }), {}).factsFor(
    'http://192.0.2.1:7080',
  )
  assert.equal(facts.http, 'http://boot.example')
  assert.equal(facts.tinkServer, 'boot.example:42113')
})

const REFUSED: readonly [string, readonly string[], RegExp][] = [
  [
    'TRUSTED_PROXIES',
    ['10.0.0.0/33', 'proxy', '10.0.0.0/', '2001:db8::/129', '10.0.0.0/8/8'],
    /must be an address, or a network/,
  ],
  [
    'ORIGIN',
    ['boot.example', 'boot.example:7080', 'http://', 'tftp://boot.example', 'http://boot.example/x'],
    /must be an origin/,
  ],
  ['OSIE_URL', ['hook', '/hook', 'boot.example:80/hook'], /must be a URL/],
  ['LISTEN', ['1.2.3', '999.1.1.1', '127.0.0.1:99999', 'eth0'], /must be an IPv4 address, or address:port/],
]

for (const [key, values, problem] of REFUSED) {
  for (const value of values) {
    test(`REBOOTS_HTTP_${key}=${value} is refused at the start`, () =>
      assert.throws(
        () => configured({ [`REBOOTS_HTTP_${key}`]: value }),
        (error) => error instanceof ConfigError && error.problems.length === 1 && problem.test(error.problems[0]!),
      ))
  }
}

test('addresses, networks and URLs as they are meant are taken', () => {
  const { http } = configured({
    REBOOTS_HTTP_TRUSTED_PROXIES: '10.0.0.0/8,192.0.2.1,2001:db8::/32,::1',
    REBOOTS_HTTP_ORIGIN: 'https://[2001:db8::1]:7443/',
    REBOOTS_HTTP_OSIE_URL: 'http://192.0.2.1:8080/hook',
    REBOOTS_HTTP_LISTEN: '0.0.0.0,192.0.2.1:80',
  })
  assert.deepEqual(http.trustedProxies, ['10.0.0.0/8', '192.0.2.1', '2001:db8::/32', '::1'])
  assert.deepEqual(http.listen, ['0.0.0.0', '192.0.2.1:80'])
})

const LISTENS: readonly [string, string, readonly string[], readonly string[]][] = [
  ['every link, and loopback', '', ['192.0.2.1', '192.0.2.2'], ['127.0.0.1:7080', '192.0.2.1:7080', '192.0.2.2:7080']],
  ['loopback is the link', '', ['127.0.0.1'], ['127.0.0.1:7080']],
  ['two links with one address', '', ['192.0.2.1', '192.0.2.1'], ['127.0.0.1:7080', '192.0.2.1:7080']],
  ['as configured', '192.0.2.9,192.0.2.1:80,192.0.2.9:7080', ['192.0.2.1'], ['192.0.2.9:7080', '192.0.2.1:80']],
]

for (const [name, listen, addresses, expected] of LISTENS) {
  test(`listens once on each address: ${name}`, () => {
    const links = addresses.map((address, index) => ({
      name: `eth${index}`,
      index,
      address: parseIpv4(address)!,
      mask: parseIpv4('255.255.255.0')!,
      hardwareAddress: parseMac('02:00:00:00:00:01')!,
    }))
    const listens = addressesOf(configured({ REBOOTS_HTTP_LISTEN: listen }), links)
    assert.deepEqual(
      listens.map(({ host, port }) => `${host}:${port}`),
      expected,
    )
  })
}

test('kernel arguments with commas are written as a list in the variable', () => {
  const { http } = configured({ REBOOTS_HTTP_EXTRA_KERNEL_ARGS: '["console=ttyS0,115200", quiet]' })
  assert.deepEqual(http.extraKernelArgs, ['console=ttyS0,115200', 'quiet'])
})
