import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { bootPlace } from './place.ts'
import { bootModel } from './model.ts'
import { byoDhcp, TARGETS } from './byo-dhcp.ts'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))
const GOLDEN = new URL('golden/', import.meta.url)
const directory = mkdtempSync(join(tmpdir(), 'reboots-byo-'))
after(() => rmSync(directory, { recursive: true }))

/** What the golden files were printed with; after a change print them again, and read the difference. */
const WHERE = { tftp: '192.168.88.1', http: '192.168.88.1:7080', subnet: '192.168.88.0/24' }

const files: readonly (readonly [target: string, golden: string])[] = [
  ['dnsmasq', 'dnsmasq.conf'],
  ['kea', 'kea-dhcp4.conf'],
  ['isc', 'dhcpd.conf'],
  ['windows', 'windows.ps1'],
  ['mikrotik', 'reboots.rsc'],
  ['unifi', 'unifi.txt'],
  ['opnsense', 'opnsense.txt'],
]
for (const [target, golden] of files) {
  test(`--for ${target} is ${golden}`, () => {
    assert.equal(TARGETS[target]!(bootModel(bootPlace(WHERE))), readFileSync(new URL(golden, GOLDEN), 'utf8'))
  })
}

test('every server known has a golden file', () => {
  assert.deepEqual(
    files.map(([target]) => target),
    Object.keys(TARGETS),
  )
})

test('the configuration says where Reboots is, and the command line over it', () => {
  const config = join(directory, 'reboots.yaml')
  writeFileSync(
    config,
    'boot: { tftpHost: 192.0.2.5, httpHost: boot.example, httpPort: 8080, binaries: { bios: a.pxe } }',
  )
  const args = ['byo-dhcp', '--for', 'dnsmasq', '--config', config, '--tftp', '192.0.2.6']
  const { status, stdout } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' })
  assert.equal(status, 0)
  assert.match(stdout, /^dhcp-boot=tag:!reboots-ipxe,tag:reboots-bios,a\.pxe,,192\.0\.2\.6$/m)
  assert.match(stdout, /,http:\/\/boot\.example:8080\/ipxe\/binary\/ipxe\.efi,/)
  assert.match(stdout, /^# The answers have to name a DNS server/m)
  assert.doesNotMatch(stdout, /dhcp-range/)
})

test('without a subnet it is for the whole server', () => {
  const { subnet: _, ...where } = WHERE
  const printed = Object.values(TARGETS).map((print) => print(bootModel(bootPlace(where))))
  for (const text of printed) assert.doesNotMatch(text, /192\.168\.88\.0|undefined/)
})

const wrong: readonly (readonly [args: readonly string[], says: RegExp])[] = [
  [[], /for which DHCP server\?/],
  [['--for', 'keaa'], /"keaa" is not a DHCP server known here, did you mean "kea"/],
  [['--for', 'toString'], /"toString" is not a DHCP server/],
  [['--for', 'kea', '--tfpt', 'x'], /no option --tfpt, did you mean/],
  [['--for', 'kea', '--tftp', 'boot.example'], /--tftp: "boot\.example" is not an IPv4 address/],
  [['--for', 'kea', '--tftp', '192.0.2.5', '--http', 'https://192.0.2.5'], /--http: "https:.*" is not where/],
  [['--for', 'kea', '--tftp', '192.0.2.5', '--http', '192.0.2.5:99999'], /--http: ".*:99999" is not where/],
  [['--for', 'kea', '--subnet', '192.0.2.7/24'], /--subnet: .* is 192\.0\.2\.0\/24 meant\?/],
  [['--for', 'kea', '--subnet', '192.0.2.0/31'], /--subnet: 192\.0\.2\.0\/31 is not a network of 8/],
  [
    ['--for', 'kea', '--tftp', '192.0.2.5', '--http', `${'x'.repeat(90)}.example`],
    /characters, a DHCP answer has room for 127/,
  ],
]
for (const [args, says] of wrong) {
  test(`refused: ${args.join(' ').slice(0, 60)}`, () => assert.rejects(async () => byoDhcp.run(args), says))
}

const settings: readonly (readonly [text: string, says: RegExp])[] = [
  ['boot: { tftpPort: 6969 }', /on port 69 only, and boot\.tftpPort is 6969/],
  [
    'boot: { tftpHost: 192.0.2.5, httpHost: 192.0.2.5, binaries: { bios: "a,b" } }',
    /boot\.binaries\.bios: "a,b" cannot be/,
  ],
  ['boot: { tftpHost: 192.0.2.5, httpHost: "a,b" }', /boot\.httpHost: "a,b" is not where/],
  ['boot: { tftpHost: x }', /must be an IPv4 address/],
]
for (const [text, says] of settings) {
  test(`refused: ${text}`, async () => {
    const config = join(directory, 'wrong.yaml')
    writeFileSync(config, text)
    await assert.rejects(async () => byoDhcp.run(['--for', 'kea', '--config', config]), says)
  })
}
