import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIpv4, parseMac, type MacFormat } from '@reboots/protocol/net'
import { UNKNOWN_ARCHITECTURE, type BootClient, type Firmware } from '@reboots/protocol/pxe'
import type { Decision } from './decision.ts'
import type { MachineFacts } from './facts.ts'
import { UNKNOWN_MACHINE } from './machine-facts.ts'
import { policyOf } from './policy.fixture.ts'
import { targetFor, type BootServers } from './target.ts'

const MAC = parseMac('52:54:00:00:00:01')!
const tftp = parseIpv4('192.0.2.1')!
const HTTP = 'http://192.0.2.2:7080'
const servers: BootServers = {
  tftp: { address: tftp, port: 69 },
  http: HTTP,
  macFormat: 'dash',
  binaries: {
    bios: 'undionly.kpxe',
    'uefi-ia32': 'ipxe-i386.efi',
    'uefi-x64': 'ipxe.efi',
    'uefi-arm64': 'ipxe-arm64.efi',
    'u-boot': undefined,
  },
}

const BOOT = { kind: 'boot', profile: 'hook' } as const
const DISK = { kind: 'local-disk' } as const
const DENY: Decision = { kind: 'deny', reason: 'no' }
const MENU: Decision = {
  kind: 'menu',
  menu: {
    name: 'm',
    prompt: 'Press F8',
    timeoutSeconds: 5,
    entries: [
      { title: 'Local disk', type: 0, boots: DISK },
      { title: 'Hook', type: 0x8001, boots: BOOT },
      { title: 'Memory test', type: 0x8002, boots: { kind: 'file', file: 'memtest.efi' } },
      { title: 'Windows', type: 9, boots: { kind: 'elsewhere', servers: [] } },
    ],
  },
}
const ASK: Decision = { kind: 'ask', url: 'http://a', withinMs: 1000, keepMs: 0, otherwise: DISK }
const IGNORE: Decision = { kind: 'ignore', reason: 'no rule matched' }

function client(firmware: Firmware, loader: BootClient['loader'], transport: BootClient['transport']): BootClient {
  return { mac: MAC, arch: 7, archs: [7], firmware, loader, transport, vendorClass: '', userClass: [] }
}

const nothing = { silent: 'no-boot-file-for-architecture' }
const byTftp = (file: string) => ({ nextServer: tftp, file })
const byHttp = (file: string) => ({ nextServer: tftp, file: `${HTTP}/ipxe/binary/52-54-00-00-00-01/${file}` })

/** What firmware gets to boot, over TFTP and over HTTP. */
const FIRMWARE: Readonly<Record<Firmware, readonly [object, object]>> = {
  bios: [byTftp('undionly.kpxe'), byHttp('undionly.kpxe')],
  'uefi-ia32': [byTftp('ipxe-i386.efi'), byHttp('ipxe-i386.efi')],
  'uefi-x64': [byTftp('ipxe.efi'), byHttp('ipxe.efi')],
  'uefi-arm32': [nothing, nothing],
  'uefi-arm64': [byTftp('ipxe-arm64.efi'), byHttp('ipxe-arm64.efi')],
  'uefi-riscv64': [nothing, nothing],
  'uefi-loongarch64': [nothing, nothing],
  'u-boot': [nothing, nothing],
  rpi: [byTftp('ipxe-arm64.efi'), byHttp('ipxe-arm64.efi')],
  other: [nothing, nothing],
}

/** An iPXE that lists what it can do, and HTTP is not in the list. */
function oldIpxe(firmware: Firmware): BootClient {
  return { ...client(firmware, 'ipxe', 'tftp'), ipxe: { features: ['tftp', 'dns'] } }
}

const script = { nextServer: tftp, file: `${HTTP}/ipxe/script/52:54:00:00:00:01/auto.ipxe?arch=7` }
const refusedByTftp = { nextServer: 0, file: '/netboot-not-allowed' }
const refusedByHttp = byHttp('netboot-not-allowed')
const ignored = { silent: 'ignored-by-policy' }

test('targetFor: every firmware, loader, transport and decision', () => {
  for (const firmware of Object.keys(FIRMWARE) as Firmware[]) {
    const [tftpFile, httpFile] = FIRMWARE[firmware]
    const rows: readonly (readonly [Decision, BootClient['loader'], BootClient['transport'], object])[] = [
      [BOOT, 'firmware', 'tftp', tftpFile],
      [BOOT, 'firmware', 'http', httpFile],
      [ASK, 'firmware', 'tftp', tftpFile],
      [ASK, 'firmware', 'http', httpFile],
      [ASK, 'ipxe', 'tftp', script],
      [ASK, 'ipxe', 'http', script],
      [DISK, 'firmware', 'tftp', refusedByTftp],
      [DISK, 'firmware', 'http', refusedByHttp],
      [DENY, 'firmware', 'tftp', refusedByTftp],
      [DENY, 'firmware', 'http', refusedByHttp],
      [IGNORE, 'firmware', 'tftp', ignored],
      [IGNORE, 'firmware', 'http', ignored],
      [MENU, 'firmware', 'tftp', tftpFile],
      [MENU, 'firmware', 'http', refusedByHttp],
      [MENU, 'ipxe', 'tftp', script],
      [MENU, 'ipxe', 'http', script],
      [BOOT, 'ipxe', 'tftp', script],
      [BOOT, 'ipxe', 'http', script],
      [DISK, 'ipxe', 'tftp', script],
      [DISK, 'ipxe', 'http', script],
      [DENY, 'ipxe', 'tftp', script],
      [DENY, 'ipxe', 'http', script],
      [IGNORE, 'ipxe', 'tftp', ignored],
      [IGNORE, 'ipxe', 'http', ignored],
    ]
    for (const [decision, loader, transport, expected] of rows) {
      const target = targetFor(decision, client(firmware, loader, transport), UNKNOWN_MACHINE, servers)
      assert.deepEqual(target, expected, `${firmware} ${loader} ${transport} ${decision.kind}`)
    }
  }
})

test('targetFor: what firmware loads by itself', () => {
  const profiles = `profiles:
  nbp: { nbp: { bios: lpxelinux.0, uefi-x64: shimx64.efi } }
  all: { nbp: a.efi }
  grub: { grub: { file: { uefi-x64: grub.efi }, config: x } }
  url: { vars: { os: '{{ machine.id }}' }, uefiHttp: '/files/{{ vars.os }}/{{ client.firmware }}.efi' }
  iso: { iso: 'https://a.example/{{ machine.labels.os }}.iso' }
  nfs: { iso: 'nfs://a.example/a.iso' }
`
  const policy = policyOf(
    ['nbp', 'all', 'grub', 'url', 'iso', 'nfs'].map((name) => ['true', `{ boot: ${name} }`]),
    profiles,
  )
  const decisions = new Map(policy.rules.map(({ decision }) => [(decision as { profile: string }).profile, decision!]))
  const machine = { ...UNKNOWN_MACHINE, known: true, id: 'm1', interface: { ...UNKNOWN_MACHINE.interface, mac: MAC } }
  const labelled = { ...machine, labels: { os: 'talos' } }
  const rows: readonly (readonly [string, Firmware, MachineFacts, object, object])[] = [
    ['nbp', 'bios', machine, byTftp('lpxelinux.0'), byHttp('lpxelinux.0')],
    ['nbp', 'uefi-x64', machine, byTftp('shimx64.efi'), byHttp('shimx64.efi')],
    ['nbp', 'uefi-arm64', machine, nothing, nothing],
    ['all', 'other', machine, byTftp('a.efi'), byHttp('a.efi')],
    ['grub', 'uefi-x64', machine, byTftp('grub.efi'), byHttp('grub.efi')],
    ['grub', 'bios', machine, nothing, nothing],
    ['url', 'uefi-x64', machine, byTftp('ipxe.efi'), byTftp(`${HTTP}/files/m1/uefi-x64.efi`)],
    ['url', 'uefi-arm32', machine, nothing, byTftp(`${HTTP}/files/m1/uefi-arm32.efi`)],
    ['iso', 'uefi-x64', labelled, byTftp('ipxe.efi'), byTftp('https://a.example/talos.iso')],
    ['iso', 'uefi-x64', machine, byTftp('ipxe.efi'), byHttp('ipxe.efi')],
    ['nfs', 'uefi-x64', machine, byTftp('ipxe.efi'), byHttp('ipxe.efi')],
  ]
  for (const [name, firmware, facts, tftpFile, httpFile] of rows) {
    const decision = decisions.get(name)!
    const target = (loader: BootClient['loader'], transport: BootClient['transport']) =>
      targetFor(decision, client(firmware, loader, transport), facts, servers)
    assert.deepEqual(target('firmware', 'tftp'), tftpFile, `${name} ${firmware} tftp`)
    assert.deepEqual(target('firmware', 'http'), httpFile, `${name} ${firmware} http`)
    assert.deepEqual([target('ipxe', 'tftp'), target('ipxe', 'http')], [script, script], `${name} ${firmware} iPXE`)
    assert.deepEqual(targetFor(decision, oldIpxe(firmware), facts, servers), tftpFile, `${name} ${firmware} old iPXE`)
  }
})

test('targetFor: the profile of a menu entry', () => {
  const menu = 'menus: { m: { timeoutSeconds: 1, entries: [{ title: a, boot: a }, { title: b, boot: b }] } }'
  const profiles = 'profiles: { a: { uefiHttp: https://a.example/a.efi }, b: { nbp: b.efi } }'
  const decision = policyOf([['true', '{ menu: m }']], `${profiles}\n${menu}\n`).rules[0]!.decision!
  const rows: readonly (readonly [BootClient['transport'], number | undefined, object])[] = [
    ['tftp', undefined, byTftp('ipxe.efi')],
    ['http', undefined, byTftp('https://a.example/a.efi')],
    ['tftp', 1, byTftp('ipxe.efi')],
    ['tftp', 2, byTftp('b.efi')],
    ['http', 2, byHttp('b.efi')],
  ]
  for (const [transport, item, expected] of rows) {
    const target = targetFor(decision, client('uefi-x64', 'firmware', transport), UNKNOWN_MACHINE, servers, item)
    assert.deepEqual(target, expected, `${transport} ${item}`)
  }
})

test('targetFor: an iPXE without HTTP is treated as the firmware it runs on', () => {
  for (const firmware of Object.keys(FIRMWARE) as Firmware[]) {
    const [tftpFile] = FIRMWARE[firmware]
    const rows: readonly (readonly [Decision, object])[] = [
      [BOOT, tftpFile],
      [MENU, tftpFile],
      [ASK, tftpFile],
      [DISK, refusedByTftp],
      [DENY, refusedByTftp],
      [IGNORE, ignored],
    ]
    for (const [decision, expected] of rows) {
      const target = targetFor(decision, oldIpxe(firmware), UNKNOWN_MACHINE, servers)
      assert.deepEqual(target, expected, `${firmware} ${decision.kind}`)
    }
  }
})

test('targetFor: a name that iPXE would read as one of its settings is for firmware only', () => {
  const named = { ...servers, binaries: { bios: 'undionly-${uuid}.kpxe' } }
  const rows: readonly (readonly [BootClient, object])[] = [
    [client('bios', 'firmware', 'tftp'), byTftp('undionly-${uuid}.kpxe')],
    [client('bios', 'firmware', 'http'), byHttp('undionly-%24%7Buuid%7D.kpxe')],
    [oldIpxe('bios'), nothing],
    [client('bios', 'ipxe', 'tftp'), script],
  ]
  for (const [who, expected] of rows) assert.deepEqual(targetFor(BOOT, who, UNKNOWN_MACHINE, named), expected)
})

test('targetFor: an entry that was chosen from the menu', () => {
  for (const firmware of Object.keys(FIRMWARE) as Firmware[]) {
    const [tftpFile, httpFile] = FIRMWARE[firmware]
    const rows: readonly (readonly [number, object, object])[] = [
      [1, refusedByTftp, refusedByHttp],
      [2, tftpFile, httpFile],
      [3, byTftp('memtest.efi'), byHttp('memtest.efi')],
      [4, refusedByTftp, refusedByHttp],
      [5, refusedByTftp, refusedByHttp],
    ]
    for (const [item, byTftp, byHttp] of rows) {
      for (const [transport, expected] of [
        ['tftp', byTftp],
        ['http', byHttp],
      ] as const) {
        const target = targetFor(MENU, client(firmware, 'firmware', transport), UNKNOWN_MACHINE, servers, item)
        assert.deepEqual(target, expected, `${firmware} ${transport} item ${item}`)
      }
    }
  }
})

test('targetFor: the binary of the record wins, also where the architecture has none', () => {
  const netboot = { ...UNKNOWN_MACHINE.netboot, ipxe: { url: '', contents: '', binary: 'snponly.efi' } }
  const machine = { ...UNKNOWN_MACHINE, netboot }
  for (const firmware of Object.keys(FIRMWARE) as Firmware[]) {
    assert.deepEqual(targetFor(BOOT, client(firmware, 'firmware', 'tftp'), machine, servers), byTftp('snponly.efi'))
    assert.deepEqual(targetFor(BOOT, client(firmware, 'firmware', 'http'), machine, servers), byHttp('snponly.efi'))
    assert.deepEqual(targetFor(BOOT, client(firmware, 'ipxe', 'tftp'), machine, servers), script)
  }
})

test('targetFor: a binary whose name a URL cannot hold as it is', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['signed/snponly x64.efi', 'signed/snponly%20x64.efi'],
    ['a?b#c%d.efi', 'a%3Fb%23c%25d.efi'],
    ['\ud800.efi', '%EF%BF%BD.efi'],
  ]
  for (const [binary, written] of rows) {
    const named = { ...servers, binaries: { 'uefi-x64': binary } }
    const http = targetFor(BOOT, client('uefi-x64', 'firmware', 'http'), UNKNOWN_MACHINE, named)
    assert.deepEqual(http, byHttp(written))
    assert.deepEqual(targetFor(BOOT, client('uefi-x64', 'firmware', 'tftp'), UNKNOWN_MACHINE, named), byTftp(binary))
  }
})

test('targetFor: how the MAC is written in the URL of a binary', () => {
  const rows: readonly (readonly [MacFormat, string])[] = [
    ['colon', '52:54:00:00:00:01'],
    ['dash', '52-54-00-00-00-01'],
    ['dot', '5254.0000.0001'],
    ['no-delimiter', '525400000001'],
  ]
  for (const [macFormat, written] of rows) {
    const target = targetFor(BOOT, client('uefi-x64', 'firmware', 'http'), UNKNOWN_MACHINE, { ...servers, macFormat })
    assert.deepEqual(target, { nextServer: tftp, file: `${HTTP}/ipxe/binary/${written}/ipxe.efi` })
  }
})

test('targetFor: the script URL carries architecture and UUID as far as they are known and fit', () => {
  const uuid = '00112233-4455-6677-8899-aabbccddeeff'
  const ipxe = client('uefi-x64', 'ipxe', 'tftp')
  const long = `http://${'a'.repeat(40)}.example`
  const rows: readonly (readonly [Partial<BootClient>, string, string, number?])[] = [
    [{ uuid }, HTTP, `?arch=7&item=2&uuid=${uuid}`, 2],
    [{}, HTTP, '?arch=7&item=2', 2],
    [{ uuid, arch: UNKNOWN_ARCHITECTURE }, HTTP, '?item=2', 2],
    [{ uuid }, long, '?arch=7&item=2', 2],
    [{ uuid }, HTTP, `?arch=7&uuid=${uuid}`],
    [{ uuid, arch: UNKNOWN_ARCHITECTURE }, HTTP, ''],
    [{ uuid }, long, '?arch=7'],
  ]
  for (const [more, http, query, item] of rows) {
    const target = targetFor(BOOT, { ...ipxe, ...more }, UNKNOWN_MACHINE, { ...servers, http }, item)
    assert.deepEqual(target, { nextServer: tftp, file: `${http}/ipxe/script/52:54:00:00:00:01/auto.ipxe${query}` })
  }
})

test('targetFor: the script URL names a record that has another MAC, or none', () => {
  const uuid = '00112233-4455-6677-8899-aabbccddeeff'
  const ipxe = { ...client('uefi-x64', 'ipxe', 'tftp'), uuid }
  const rows: readonly (readonly [id: string, mac: string, arch: number, query: string])[] = [
    ['m1', '52:54:00:00:00:01', 7, `?arch=7&uuid=${uuid}`],
    ['m1', '52:54:00:00:00:02', 7, `?arch=7&machine=m1&uuid=${uuid}`],
    ['tink-system/a b&c', '', 7, '?arch=7&machine=tink-system/a%20b%26c'],
    ['m1', '', UNKNOWN_ARCHITECTURE, '?machine=m1'],
    ['x'.repeat(100), '', 7, `?arch=7&machine=${'x'.repeat(100)}&uuid=${uuid}`],
    ['x'.repeat(180), '', 7, `?arch=7&machine=${'x'.repeat(180)}`],
  ]
  for (const [id, mac, arch, query] of rows) {
    const machine = { ...UNKNOWN_MACHINE, known: true, id, interface: { ...UNKNOWN_MACHINE.interface, mac } }
    const target = targetFor(BOOT, { ...ipxe, arch }, machine, servers)
    assert.deepEqual(target, byTftp(`${HTTP}/ipxe/script/52:54:00:00:00:01/auto.ipxe${query}`))
  }
})

test('targetFor: the script URL says what the relay agent said, as far as one option holds it', () => {
  const uuid = '00112233-4455-6677-8899-aabbccddeeff'
  const ipxe = { ...client('uefi-x64', 'ipxe', 'tftp'), uuid }
  const long = 'ab'.repeat(90)
  const rows: readonly (readonly [giaddr: string, circuitId: string, remoteId: string, query: string])[] = [
    ['', '', '', `?arch=7&uuid=${uuid}`],
    ['10.9.0.1', '', '', `?arch=7&giaddr=10.9.0.1&uuid=${uuid}`],
    ['10.9.0.1', '7031', '0203', `?arch=7&giaddr=10.9.0.1&circuitId=7031&remoteId=0203&uuid=${uuid}`],
    ['', '7031', '', `?arch=7&circuitId=7031&uuid=${uuid}`],
    ['10.9.0.1', '7031', long, `?arch=7&giaddr=10.9.0.1&circuitId=7031&uuid=${uuid}`],
    ['10.9.0.1', long, '7031', `?arch=7&giaddr=10.9.0.1&remoteId=7031&uuid=${uuid}`],
  ]
  for (const [giaddr, circuitId, remoteId, query] of rows) {
    const network = { link: 'lan0', giaddr, circuitId, remoteId, relayFlags: [], subnet: '' }
    const target = targetFor(BOOT, ipxe, UNKNOWN_MACHINE, servers, undefined, network)
    assert.deepEqual(target, byTftp(`${HTTP}/ipxe/script/52:54:00:00:00:01/auto.ipxe${query}`))
  }
})
