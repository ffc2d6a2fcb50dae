import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fetchesOf } from './evidence.ts'
import { LAB_MISSING as skip, MAC, recordOf, RESERVED, SCRIPT } from './lab.ts'
import { bootLoaders } from './loaders.ts'
import type { Firmware } from './machine.ts'
import { BOOT_WITHIN_MS, ORIGIN, withNetwork, type NetworkOptions } from './network.ts'
import type { Sighting } from './timeline/sighting.ts'

// Profiles: what ships is carried out by a real iPXE, and what is no script by the loaders themselves.

const SERVICES = ['hardware', 'rules-engine', 'dhcp', 'tftp', 'ipxe-http'] as const
const BOOT_FILES = { kernel: Buffer.from('no kernel'), initrd: Buffer.from('no initrd') }
/** To iPXE a script is an image like any other: it starts it for a kernel, and it comes back. */
const STUB = '#!ipxe\necho STARTED\nexit 1\n'

const GOLDEN = new URL('../../../services/ipxe-http/src/golden/', import.meta.url)
const SCRIPTS = new Map(
  readdirSync(GOLDEN)
    .filter((name) => name.endsWith('.ipxe'))
    .map((name) => [name, readFileSync(new URL(name, GOLDEN), 'utf8')]),
)

function networkWith(label: string, policy: string, more: Partial<NetworkOptions> = {}): NetworkOptions {
  const records = [recordOf(label, { address: RESERVED })]
  return { label: `profiles-${label}`, services: SERVICES, records, ipv6: 'none', policy, ...more }
}

function policyOf(profile: string, then = '{ boot: p }'): string {
  return `apiVersion: reboots/v1\nkind: BootPolicy\nprofiles:\n  p: ${profile}\nrules: []\notherwise: ${then}\n`
}

/** Paths of our own service that a script names, in its order. */
function pathsIn(script: string): string[] {
  const commands = script.split('\n').filter((line) => /^(?:kernel|initrd|chain|sanboot) /.test(line))
  return commands.flatMap((line) => line.split(' ').find((word) => word.startsWith(ORIGIN)) ?? []).map(pathOf)
}

function pathOf(url: string): string {
  return url.slice(ORIGIN.length)
}

/** Everything that was asked for by HTTP, once each. */
function askedFor(sightings: readonly Sighting[]): Set<string> {
  return new Set(sightings.flatMap((one) => (one.kind === 'http' && one.what === 'request' ? [one.path] : [])))
}

test(
  'iPXE carries out the script of every profile that ships, up to the start of what it fetched',
  { skip },
  async () => {
    const chains = [...SCRIPTS.keys()].map((name) => `chain ${ORIGIN}/files/golden/${name} || echo AFTER ${name} .`)
    const script = ['#!ipxe', ...chains, 'echo THE END', 'exit 1', ''].join('\n')
    const indented = script.replaceAll('\n', '\n        ')
    const stubs = [...SCRIPTS.values()].flatMap(pathsIn).filter((path) => path.startsWith('/files/'))
    const files = {
      ...Object.fromEntries(stubs.map((path) => [path.slice('/files/'.length), STUB])),
      ...Object.fromEntries([...SCRIPTS].map(([name, text]) => [`golden/${name}`, text])),
    }
    const policy = policyOf(`\n    ipxe:\n      script: |\n        ${indented}`)
    await withNetwork(networkWith('golden', policy, { files, bootFiles: BOOT_FILES }), async (network) => {
      const machine = await network.powerOn('bios', MAC)
      await machine.waitFor(/THE END/, 2 * BOOT_WITHIN_MS)
      await machine.powerOff()
      const asked = askedFor(network.sightings())
      for (const [name, text] of SCRIPTS) {
        assert.ok(machine.console.includes(`AFTER ${name}`), `${name} did not come to its end`)
        assert.deepEqual(
          pathsIn(text).filter((path) => !asked.has(path)),
          [],
          name,
        )
      }
    })
  },
)

const outcomes: readonly (readonly [what: string, policy: string, asked: readonly string[], console: RegExp])[] = [
  ['chain', policyOf(`{ chain: '/files/next.ipxe' }`), ['/files/next.ipxe'], /THE NEXT SCRIPT/],
  ['local-disk', policyOf('{ chain: /x }', 'local-disk'), [], /booting from the local disk/],
  ['deny', policyOf('{ chain: /x }', '{ deny: not here }'), [], /Op\s*eration not permitted/],
]
for (const [what, policy, due, said] of outcomes) {
  test(`${what}: iPXE does it, and leaves the rest to the firmware`, { skip }, async () => {
    const files = { 'next.ipxe': '#!ipxe\necho THE NEXT SCRIPT\nexit 1\n' }
    await withNetwork(networkWith(what, policy, { files, bootFiles: BOOT_FILES }), async (network) => {
      const machine = await network.powerOn('bios', MAC)
      await machine.waitFor(/No bootable device|No more network devices/, BOOT_WITHIN_MS)
      await machine.powerOff()
      assert.match(machine.console, said)
      const asked = [...askedFor(network.sightings())].filter((path) => path.startsWith('/files/'))
      assert.deepEqual(asked, due)
    })
  })
}

const LINUX = `console=ttyS0 lab.loader=yes`
const GRUB = `
    grub:
      file: { uefi-x64: grubnetx64.efi }
      config: |
        linux /vmlinuz ${LINUX}
        initrd /initramfs
        boot`
const PXELINUX = `
    pxelinux:
      file: { bios: bios/lpxelinux.0 }
      config: |
        DEFAULT lab
        LABEL lab
          KERNEL {{ site.http }}/files/vmlinuz
          APPEND initrd={{ site.http }}/files/initramfs ${LINUX}`

const loaders: readonly (readonly [what: string, firmware: Firmware, profile: string, fetches: readonly string[]])[] = [
  [
    'GRUB, loaded by OVMF',
    'uefi',
    GRUB,
    [
      'RRQ grubnetx64.efi',
      'RRQ /grub/grub.cfg',
      'RRQ /grub/grub.cfg-01-52:54:00:88:00:01',
      'RRQ /vmlinuz',
      'RRQ /initramfs',
    ],
  ],
  [
    'PXELINUX, loaded by a PXE ROM',
    'bios-rom',
    PXELINUX,
    ['RRQ bios/lpxelinux.0', 'RRQ bios/ldlinux.c32', 'RRQ bios/pxelinux.cfg/01-52-54-00-88-00-01'],
  ],
  [
    'PXELINUX, loaded by iPXE',
    'bios',
    PXELINUX,
    [
      SCRIPT,
      'GET /ipxe/binary/bios/lpxelinux.0',
      'RRQ /bios/ldlinux.c32',
      'RRQ /bios/pxelinux.cfg/01-52-54-00-88-00-01',
    ],
  ],
]
for (const [what, firmware, profile, fetches] of loaders) {
  test(`${what}, boots the kernel that its configuration names`, { skip }, async () => {
    const label = what.replaceAll(/\W+/g, '-').toLowerCase()
    const options = networkWith(label, policyOf(profile), { tftpFiles: await bootLoaders() })
    await withNetwork(options, async (network) => {
      const { commandLine, sightings } = await network.boot(firmware, MAC)
      assert.match(commandLine, /lab\.loader=yes/)
      const fetched = fetchesOf(sightings)
      assert.deepEqual(
        fetched.filter((each) => fetches.includes(each)),
        fetches,
        fetched.join('\n'),
      )
    })
  })
}
