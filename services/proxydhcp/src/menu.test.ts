import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hex } from '@reboots/protocol/bytes'
import { messageTypeOption, withOption, type DhcpMessage } from '@reboots/protocol/dhcp'
import { bytesOfMac, parseMac, type Endpoint, type Instant } from '@reboots/protocol/net'
import { decodeVendorOptions, type VendorOptions } from '@reboots/protocol/pxe'
import { handle } from './handle.ts'
import { onBootServer } from './on-boot-server.ts'
import type { Outcome, Reply } from './outcome.ts'
import type { Ports } from './ports.ts'
import { BOOT, changed, ip, LINK, NOBODY, NOW, site, UEFI, vector } from './site.fixture.ts'

const POLICY = `
apiVersion: reboots/v1
kind: BootPolicy
profiles: { shell: { ipxe: { script: shell } }, hook: { chain: 'http://192.0.2.1/hook.ipxe' } }
menus:
  m:
    prompt: Press F8
    timeoutSeconds: 5
    entries:
      - { title: Shell, boot: shell }
      - { title: Local, boot: local-disk }
      - { title: Memory test, file: [memtest.bin, memtest.1] }
      - { title: Windows, type: 32769, server: 192.168.77.9 }
      - { title: Whoever, type: 9 }
      - { title: Hook, boot: hook }
rules: []
otherwise: { menu: m }
`
const TYPES = { shell: 0x8000, memtest: 0x8003, hook: 0x8006 }
const ovmf = vector('v01-ovmf-x64-pxe-discover')
const binl = { ...vector('v03-ovmf-x64-binl-request'), chaddr: ovmf.chaddr }
const ipxe = { ...vector('v05-ipxe-efi-discover'), chaddr: ovmf.chaddr }
const ipxeAsking = { ...vector('v06-ipxe-efi-proxy-request'), chaddr: ovmf.chaddr }
const http = { ...vector('v07-ovmf-x64-http-discover'), chaddr: ovmf.chaddr }
const rom = changed(vector('v04-ipxe-bios-discover'), { 77: undefined, 175: undefined, 55: undefined })
const romAsking: DhcpMessage = { ...withOption(rom, messageTypeOption, 'request'), ciaddr: ip('192.168.77.87') }
const SCRIPT = 'http://192.168.77.1:7080/ipxe/script/52:54:00:aa:01:01/auto.ipxe?arch=7'
const GUID = '&uuid=00000000-0000-0000-0000-000000000000'

const OTHERS = 'other-server-selected'
const ROM: Endpoint = { address: ip('192.168.77.87'), port: 68 }
/** Where that came from. */
const REAL: Endpoint = { address: ip('192.168.88.100'), port: 4011 }

const discovery = (options: Ports['settings']['discovery']) => ({ policy: POLICY, settings: { discovery: options } })

/** Discovery control, and the entries. */
type Told = readonly [number, unknown[]]

describe('the menu in an offer', () => {
  const items = [
    [0x8000, 'Shell'],
    [0, 'Local'],
    [0x8003, 'Memory test'],
    [0x8001, 'Windows'],
    [0x8006, 'Hook'],
  ]
  const us = [LINK.address]
  const servers = new Map([
    [0x8000, us],
    [0x8003, us],
    [0x8001, [ip('192.168.77.9')]],
    [0x8006, us],
  ])
  const searched = [...items.slice(0, 4), [9, 'Whoever'], ...items.slice(4)]
  const alone = site({ policy: POLICY })
  const everybody = site(discovery({ broadcast: true }))
  const group = site(discovery({ broadcast: false, multicast: ip('224.0.1.2') }))
  const both = site(discovery({ broadcast: true, multicast: ip('224.0.1.2') }))
  const rows: readonly (readonly [string, Ports, uefi: Told, bios: Told])[] = [
    ['listed servers only', alone, [3, items], [3, items]],
    ['broadcast, which UEFI is not told', everybody, [3, items], [2, searched]],
    ['multicast', group, [1, searched], [1, searched]],
    ['both', both, [1, searched], [0, searched]],
  ]
  for (const [what, ports, uefi, bios] of rows) {
    for (const [who, message, [control, expected]] of [
      ['UEFI', ovmf, uefi],
      ['a ROM', rom, bios],
    ] as const) {
      test(`${what}, to ${who}`, () => {
        const { reply } = replied(handle(message, { link: LINK, from: NOBODY }, ports, NOW))
        const { discoveryControl, multicastAddress, bootServers, bootMenu, menuPrompt } = vendorOf(reply)
        assert.deepEqual([discoveryControl, multicastAddress], [control, ports.settings.discovery.multicast])
        assert.deepEqual(
          bootMenu!.map(({ type, description }) => [type, description]),
          expected,
        )
        assert.deepEqual(new Map(bootServers!.map(({ type, addresses }) => [type, addresses])), servers)
        assert.deepEqual(menuPrompt, { timeout: 5, prompt: 'Press F8' })
        assert.deepEqual([reply.file, reply.siaddr, reply.yiaddr], ['', LINK.address, 0])
      })
    }
  }
})

test('where TFTP is at another host a ROM shows the menu, and for UEFI iPXE does', () => {
  const ports = site({ policy: POLICY, boot: { tftpHost: ip('192.168.77.9') } })
  const [bios, uefi] = [rom, ovmf].map((asks) => replied(handle(asks, { link: LINK, from: NOBODY }, ports, NOW)).reply)
  assert.deepEqual([vendorOf(bios!).bootMenu!.length, uefi!.options.has(43)], [5, false])
  const { reply } = replied(ask(binl, ports))
  assert.deepEqual([reply.file, reply.siaddr], ['ipxe.efi', ip('192.168.77.9')])
})

describe('those that show no menu', () => {
  const pi: DhcpMessage = { ...rom, chaddr: bytesOfMac(parseMac('dc:a6:32:01:02:03')!) }
  const first = POLICY.replace('- { title: Shell, boot: shell }', '')
  const url = 'http://192.168.77.1:7080/ipxe/binary/52:54:00:aa:01:01'
  const rows: readonly (readonly [string, DhcpMessage, string, string])[] = [
    ['iPXE gets its script, which shows it', ipxe, POLICY, `${SCRIPT}${GUID}`],
    ['UEFI HTTP boot gets the first entry', http, POLICY, `${url}/ipxe.efi`],
    ['which may be the disk', http, first, `${url}/netboot-not-allowed`],
    ['a Raspberry Pi gets its file', pi, POLICY, 'ipxe-arm64.efi'],
  ]
  for (const [what, message, policy, file] of rows) {
    test(what, () => {
      const { reply } = replied(handle(message, { link: LINK, from: NOBODY }, site({ policy }), NOW))
      assert.equal(reply.file, file)
    })
  }
})

describe('an offer promises only what port 4011 can keep', () => {
  const strange = changed(ovmf, { 93: '0006' })
  const binaries = { ...BOOT.binaries, 'uefi-ia32': '' }
  const disk = POLICY.replace('- { title: Shell, boot: shell }\n      - { title: Local', '- { title: Local')

  test('entries without a boot file for the architecture are left out', () => {
    const ports = site({ policy: disk, boot: { binaries } })
    const { reply } = replied(handle(strange, { link: LINK, from: NOBODY }, ports, NOW))
    assert.deepEqual(
      vendorOf(reply).bootMenu!.map(({ description }) => description),
      ['Local', 'Memory test', 'Windows'],
    )
  })

  test('and nothing at all is offered if the default is one of them', () => {
    const ports = site({ policy: POLICY, boot: { binaries } })
    assert.equal(silence(handle(strange, { link: LINK, from: NOBODY }, ports, NOW)), 'no-boot-file-for-architecture')
  })
})

describe('what is chosen, on port 4011', () => {
  const ports = site({ policy: POLICY })
  const rows: readonly (readonly [string, DhcpMessage, number, string, string])[] = [
    ['UEFI, a profile', binl, TYPES.shell, 'ipxe.efi', 'Shell'],
    ['UEFI, another profile', binl, TYPES.hook, 'ipxe.efi', 'Hook'],
    ['UEFI, a file', binl, TYPES.memtest, 'memtest.bin', 'Memory test'],
    ['a ROM, a profile', romAsking, TYPES.shell, 'undionly.kpxe', 'Shell'],
    ['a ROM, a file', romAsking, TYPES.memtest, 'memtest.bin', 'Memory test'],
  ]
  for (const [what, message, type, file, chosen] of rows) {
    test(what, () => {
      const outcome = replied(ask(choosing(message, type), ports))
      const { reply } = outcome
      assert.deepEqual([reply.file, reply.siaddr, outcome.chosen], [file, LINK.address, chosen])
      assert.equal(hex(reply.options.get(43)!), `4704${type.toString(16)}0000ff`)
    })
  }

  test('a ROM that asks everybody on port 67, if it may', () => {
    const asked = choosing(romAsking, TYPES.memtest)
    const may = site(discovery({ broadcast: true }))
    const outcome = replied(handle(asked, { link: LINK, from: ROM }, may, NOW))
    assert.deepEqual([outcome.chosen, outcome.to], ['Memory test', { kind: 'unicast', to: ROM }])
    const giaddr = ip('10.9.0.1')
    const { to } = replied(handle({ ...asked, giaddr }, { link: LINK, from: ROM }, may, NOW))
    assert.deepEqual(to, { kind: 'relay', to: { address: giaddr, port: 67 } })
    assert.equal(silence(handle(asked, { link: LINK, from: ROM }, ports, NOW)), 'not-a-discover')
    assert.equal(silence(handle(romAsking, { link: LINK, from: ROM }, may, NOW)), 'not-a-discover')
    assert.equal(silence(handle(changed(asked, { 54: 'c0a84d02' }), { link: LINK, from: ROM }, may, NOW)), OTHERS)
  })

  test('what UEFI really sends when its second entry is chosen, to a group', () => {
    const menu = '{ title: One, boot: shell }, { title: Two, boot: hook }'
    const policy = POLICY.replace(/entries:\n(.*- .*\n)*/, `entries: [${menu}]\n`)
    const outcome = replied(ask(vector('menu-ovmf-item-request'), site({ policy }), REAL))
    assert.deepEqual(
      [outcome.chosen, outcome.reply.file, outcome.to],
      ['Two', 'ipxe.efi', { kind: 'unicast', to: REAL }],
    )
  })

  test('the next file of an entry is another layer of it', () => {
    const { reply, chosen } = replied(ask(changed(romAsking, { 43: '470480030001ff' }), ports))
    assert.deepEqual([reply.file, chosen, hex(reply.options.get(43)!)], ['memtest.1', 'Memory test', '470480030001ff'])
  })

  test('a ROM that has not chosen gets the menu again', () => {
    const { reply } = replied(ask(romAsking, ports))
    const offer = replied(handle(rom, { link: LINK, from: NOBODY }, ports, NOW)).reply
    assert.deepEqual([reply.file, hex(reply.options.get(43)!)], ['', hex(offer.options.get(43)!)])
  })

  test('UEFI that asks as if there were no menu gets the first entry', () => {
    const { reply } = replied(ask(binl, ports))
    assert.deepEqual([reply.file, reply.options.has(43)], ['ipxe.efi', false])
    const disk = site({
      policy: POLICY.replace('- { title: Shell, boot: shell }', '- { title: Disk, boot: local-disk }'),
    })
    assert.equal(replied(ask(binl, disk)).reply.file, '/netboot-not-allowed')
  })

  const silences: readonly (readonly [string, string, Ports, string])[] = [
    ['a type that is in no menu', '470480050000ff', ports, 'unknown-boot-item'],
    ['a type where the policy has no menu', '470480000000ff', site({ policy: bootPolicy() }), 'unknown-boot-item'],
    ['a layer that a profile has not', '470480000001ff', ports, 'unknown-boot-item'],
    ['a layer beyond the last file', '470480030002ff', ports, 'unknown-boot-item'],
    ['a layer of the disk', '470400000001ff', ports, 'unknown-boot-item'],
    ['a layer of another server', '470480010001ff', ports, 'boot-item-of-other-server'],
    ['the local disk', '470400000000ff', ports, 'local-disk-chosen'],
    ['what another server has', '470480010000ff', ports, 'boot-item-of-other-server'],
    ['signed credentials', '470480008000ff', ports, 'credentials-wanted'],
  ]
  for (const [what, item, given, expected] of silences) {
    test(`silence: ${what}`, () => assert.equal(silence(ask(changed(binl, { 43: item }), given)), expected))
  }
})

describe('nobody is asked twice', () => {
  const asksForScript = (ports: Ports, now = NOW): string =>
    replied(handle(ipxe, { link: LINK, from: NOBODY }, ports, now)).reply.file

  test('iPXE goes where its firmware was told to, on both ports', () => {
    const ports = site({ policy: POLICY })
    replied(ask(choosing(binl, TYPES.hook), ports))
    assert.equal(asksForScript(ports), `${SCRIPT}&item=6${GUID}`)
    assert.match(replied(ask(ipxeAsking, ports)).reply.file, /[?&]item=6/)
  })

  test('firmware that begins anew has not chosen yet', () => {
    const ports = site({ policy: POLICY })
    replied(ask(choosing(binl, TYPES.hook), ports))
    replied(handle(ovmf, { link: LINK, from: NOBODY }, ports, NOW))
    assert.equal(silence(handle(ipxe, { link: LINK, from: NOBODY }, ports, NOW)), 'left-to-replica')
    assert.doesNotMatch(asksForScript(ports), /item=/)
  })

  test('UEFI that left the menu for its disk is refused when it comes by HTTP boot next, for a minute', () => {
    const ports = site({ policy: POLICY })
    const byHttp = (seconds: number): string => {
      const now = (NOW + seconds * 1000) as Instant
      return replied(handle(http, { link: LINK, from: NOBODY }, ports, now))
        .reply.file.split('/')
        .at(-1)!
    }
    replied(handle(ovmf, { link: LINK, from: NOBODY }, ports, NOW))
    assert.deepEqual([1800, 1850, 1861].map(byHttp), ['netboot-not-allowed', 'netboot-not-allowed', 'ipxe.efi'])
  })

  test('UEFI that could not load by TFTP what was chosen gets it by HTTP boot', () => {
    const ports = site({
      policy: POLICY.replace('- { title: Shell, boot: shell }', '- { title: Disk, boot: local-disk }'),
    })
    replied(handle(ovmf, { link: LINK, from: NOBODY }, ports, NOW))
    replied(ask(choosing(binl, TYPES.hook), ports))
    assert.match(replied(handle(http, { link: LINK, from: NOBODY }, ports, NOW)).reply.file, /\/ipxe\.efi$/)
  })

  test('iPXE that something else has loaded shows the menu, when no other replica has said better', () => {
    const ports = site({ policy: POLICY })
    replied(handle(ovmf, { link: LINK, from: NOBODY }, ports, NOW))
    for (const xid of [1, 2]) {
      const asks = { ...ipxe, xid }
      assert.equal(silence(handle(asks, { link: LINK, from: NOBODY }, ports, NOW)), 'left-to-replica')
      for (let again = 0; again < 2; again++)
        assert.doesNotMatch(replied(handle(asks, { link: LINK, from: NOBODY }, ports, NOW)).reply.file, /item=/)
    }
  })

  test('a file of firmware says nothing about iPXE', () => {
    const ports = site({ policy: POLICY })
    replied(ask(choosing(binl, TYPES.memtest), ports))
    assert.doesNotMatch(asksForScript(ports), /item=/)
  })

  test('after a while it is another boot', () => {
    const ports = site({ policy: POLICY })
    replied(ask(choosing(binl, TYPES.hook), ports))
    const later = (seconds: number) => (NOW + seconds * 1000) as Instant
    assert.match(asksForScript(ports, later(290)), /item=6/)
    assert.doesNotMatch(asksForScript(ports, later(300)), /item=/)
    replied(ask(choosing(binl, TYPES.hook), ports))
    assert.match(asksForScript(ports, later(10)), /item=6/)
    assert.doesNotMatch(asksForScript(ports, later(71)), /item=/)
  })
})

function bootPolicy(): string {
  return POLICY.replace('otherwise: { menu: m }', 'otherwise: { boot: shell }')
}

function choosing(message: DhcpMessage, type: number): DhcpMessage {
  return changed(message, { 43: `4704${type.toString(16).padStart(4, '0')}0000ff` })
}

function ask(message: DhcpMessage, ports: Ports, from: Endpoint = UEFI): Outcome {
  return onBootServer(message, { link: LINK, from }, ports, NOW)
}

function replied(outcome: Outcome): Reply {
  assert.ok('reply' in outcome, `no reply: ${'silent' in outcome ? outcome.silent : ''}`)
  return outcome
}

function silence(outcome: Outcome): string {
  return 'silent' in outcome ? outcome.silent : 'answered'
}

function vendorOf({ options }: DhcpMessage): VendorOptions {
  return decodeVendorOptions(options.get(43)!)
}
