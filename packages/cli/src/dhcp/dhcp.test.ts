import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { outputOf } from '../command.fixture.ts'
import { config } from '../config.ts'
import { dhcp } from './dhcp.ts'

const EXAMPLE = fileURLToPath(new URL('../../../../deploy/examples/hardware.yaml', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'reboots-dhcp-check-'))
after(() => rmSync(directory, { recursive: true }))
const file = join(directory, 'r.yaml')
const GOOD = `links: { interfaces: [lo] }\ndhcp: { subnets: [{ subnet: 127.0.0.0/8 }] }\n`

const checks: readonly (readonly [text: string, args: readonly string[], status: number, says: RegExp])[] = [
  [GOOD, [], 0, /^interfaces: lo 127\.0\.0\.1\n1 subnet, 0 pools, .*\nthe configuration is in order\n$/s],
  [
    GOOD.replace('}] }', ', routers: [10.0.0.1] }] }'),
    [],
    1,
    /^warning: .*r\.yaml:2:53 dhcp\.subnets\.0\.routers\.0: .*\n\ninterfaces: .*in order, with 1 warning\n$/s,
  ],
  [
    GOOD.replace('127.0.0.0/8', '127.0.0.1/8'),
    [],
    2,
    /r\.yaml:2:29 dhcp\.subnets\.0\.subnet: .* is 127\.0\.0\.0\/8 meant\?/,
  ],
  [GOOD, ['--hardware', EXAMPLE], 1, /hardware\.yaml:\d+:\d+ example: 192\.0\.2\.10 is in no subnet.*machines: 1\n/s],
]
for (const [text, args, status, says] of checks) {
  test(`exit ${status}: ${says.source.slice(0, 60)}`, async () => {
    writeFileSync(file, text)
    const { code, output } = await outputOf(dhcp, ['check', file, ...args])
    assert.match(output, says)
    assert.equal(code, status)
  })
}

const refusals: readonly (readonly [args: readonly string[], says: RegExp])[] = [
  [[], /what is to be done: check, show, or apply\?/],
  [['apply'], /which file is to be applied\?/],
  [['apply', '/none'], /\/none cannot be read: ENOENT/],
  [['check', 'a', 'b'], /"b" is one file too many/],
  [['check', '--hardwar', 'a'], /there is no option --hardwar, did you mean/],
  [['check', '--hardware', '/none'], /names \/none, which cannot be read/],
]
for (const [args, says] of refusals) {
  test(`refused: dhcp ${args.join(' ')}`, async () => {
    const { code, output } = await outputOf(dhcp, args)
    assert.match(output, says)
    assert.equal(code, 2)
  })
}

test('what a command refuses is printed with its remedy, exit 2', () => {
  const main = fileURLToPath(new URL('../main.ts', import.meta.url))
  const { status, stderr } = spawnSync(process.execPath, [main, 'dhcp'], { encoding: 'utf8', timeout: 60_000 })
  assert.equal(stderr, 'reboots: what is to be done: check, show, or apply?\n  See: reboots help dhcp\n')
  assert.equal(status, 2)
})

test('reboots config check has every service look, and says each problem once', async () => {
  writeFileSync(file, 'links: { wait: soon }\nlnks: {}\ntftp: { blksize: x }\n')
  const { code, output } = await outputOf(config, ['check', file])
  assert.deepEqual(
    output
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(`${file}:`, ''))
      .toSorted(),
    [
      '1:16 links.wait: must be true or false, not "soon"',
      '2:1 lnks: unknown section, did you mean "links"?',
      '3:18 tftp.blksize: must be a number, not "x"',
    ],
  )
  assert.equal(code, 2)
  writeFileSync(file, GOOD)
  assert.equal((await outputOf(config, ['check', file])).code, 0)
})
