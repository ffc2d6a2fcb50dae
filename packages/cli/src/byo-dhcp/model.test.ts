import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIpv4, parseMac, type Endpoint } from '@reboots/protocol/net'
import { ARCHITECTURES, type Architecture, type BootClient } from '@reboots/protocol/pxe'
import { targetFor, UNKNOWN_MACHINE, type Decision } from '@reboots/rules'
import { bootModel, type BootModel } from './model.ts'

const BINARIES = { bios: 'undionly.kpxe', 'uefi-x64': 'sub/ipxe.efi', 'uefi-arm64': 'ipxe-arm64.efi', 'u-boot': '' }
const HTTP = 'http://192.0.2.5:7080'
const MAC = parseMac('52:54:00:00:00:01')!
const BOOT: Decision = { kind: 'boot', profile: 'default' }
const TFTP: Endpoint = { address: parseIpv4('192.0.2.5')!, port: 69 }

/** What a DHCP server of Reboots says, without the MAC, which no other server can write. */
function ours(row: Architecture): string | undefined {
  const { type, firmware, transport } = row
  const client: BootClient = {
    mac: MAC,
    arch: type,
    archs: [type],
    firmware,
    transport,
    loader: 'firmware',
    vendorClass: '',
    userClass: [],
  }
  const servers = { tftp: TFTP, http: HTTP, macFormat: 'colon', binaries: BINARIES } as const
  const target = targetFor(BOOT, client, UNKNOWN_MACHINE, servers)
  return 'file' in target ? target.file.replace(`/${MAC}/`, '/') : undefined
}

function theirs({ rows }: BootModel, architecture: Architecture): string | undefined {
  return rows.find(({ types }) => types.includes(architecture))?.file
}

test('every architecture type gets the file that Reboots itself would name, or is listed as left out', () => {
  const model = bootModel({ tftp: '192.0.2.5', http: HTTP, binaries: BINARIES })
  const left = new Set(model.unserved.flatMap(({ types }) => types))
  for (const row of ARCHITECTURES) {
    assert.equal(theirs(model, row), ours(row), row.name)
    assert.equal(left.has(row), ours(row) === undefined, row.name)
  }
})

test('names of rows are different, and words in every language', () => {
  const names = bootModel({ tftp: '192.0.2.5', http: HTTP, binaries: BINARIES }).rows.map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
  for (const name of names) assert.match(name, /^[a-z0-9-]+$/)
})

const HOSTS: readonly (readonly [host: string, script: RegExp])[] = [
  ['192.0.2.5:7080', /auto\.ipxe\?arch=\$\{platform\}-\$\{buildarch\}&uuid=\$\{uuid\}$/],
  ['boot.a-site-with-a-rather-long-name.example:7080', /auto\.ipxe\?arch=\$\{platform\}-\$\{buildarch\}$/],
]
for (const [host, script] of HOSTS) {
  test(`the script at ${host} fits into the header of a DHCP message`, () => {
    const model = bootModel({ tftp: '192.0.2.5', http: `http://${host}`, binaries: {} })
    assert.match(model.script, script)
    assert.ok(model.script.length <= 127)
  })
}
