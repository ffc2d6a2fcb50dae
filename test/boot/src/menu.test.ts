import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatIpv4 } from '@reboots/protocol/net'
import { decodeVendorOptions } from '@reboots/protocol/pxe'
import { diskWithLoader } from './disk.ts'
import { answersOf, bootServerRequests, fetchesOf } from './evidence.ts'
import { LAB_MISSING as skip, MAC, recordOf, SCRIPT, SCRIPT_AND_KERNEL } from './lab.ts'
import {
  BOOT_WITHIN_MS,
  ORIGIN,
  REBOOTS_ADDRESS,
  REPLICA_ADDRESS,
  withNetwork,
  type NetworkOptions,
} from './network.ts'
import { dnsmasq, kea, type Ipv6, type SiteDhcp } from './site.ts'
import type { Sighting } from './timeline/sighting.ts'

// What people choose from a menu, or do not: the machine itself says which entry its kernel was started by.

const GROUP = '224.0.1.2'

function policy(timeout: number | 'forever'): string {
  const profile = (name: string): string =>
    `{ linux: { kernel: '${ORIGIN}/files/vmlinuz', initrd: '${ORIGIN}/files/initramfs', args: [console=ttyS0, menu.entry=${name}] } }`
  return `apiVersion: reboots/v1
kind: BootPolicy
profiles:
  first: ${profile('first')}
  second: ${profile('second')}
menus:
  lab:
    prompt: Press F8 to choose
    timeoutSeconds: ${timeout}
    entries:
      - { title: The first entry, boot: first }
      - { title: The second entry, boot: second }
      - { title: The local disk, boot: local-disk }
rules: []
otherwise: { menu: lab }
`
}

function networkWith(label: string, site: SiteDhcp, ipv6: Ipv6, timeout: number | 'forever'): NetworkOptions {
  const services = ['hardware', 'rules-engine', 'proxydhcp', 'tftp', 'ipxe-http'] as const
  return { label, services, site, records: [recordOf(label)], ipv6, policy: policy(timeout) }
}

test('OVMF shows the menu, and takes the first entry when nobody presses a key', { skip }, async () => {
  await withNetwork(networkWith('menu-timeout', kea, 'advertised', 2), async (network) => {
    const machine = await network.powerOn('uefi', MAC)
    await machine.waitFor(/Press F8 to choose/, BOOT_WITHIN_MS)
    const { commandLine, sightings } = await network.untilItReports(machine)
    assertChosen(sightings, commandLine, 'first', REBOOTS_ADDRESS, 'ipxe.efi')
  })
})

test('OVMF goes on to its disk when that is chosen, and asks nobody', { skip }, async () => {
  await withNetwork(networkWith('menu-disk', kea, 'managed', 'forever'), async (network) => {
    const machine = await network.powerOn('uefi', MAC, await diskWithLoader(network.directory))
    await machine.waitFor(/The local disk/, BOOT_WITHIN_MS)
    await machine.press('down', 'down', 'ret')
    // The name of the disk's boot entry; the entry before it is the network card's.
    await machine.waitFor(/BdsDxe: starting Boot[0-9A-F]+ "UEFI Misc Device"/, BOOT_WITHIN_MS)
    await machine.powerOff()
    assert.deepEqual(fetchesOf(network.sightings()), [])
    assert.deepEqual(bootServerRequests(network.sightings()), [])
  })
})

test('a BIOS PXE ROM shows the menu, and takes the first entry when nobody presses a key', { skip }, async () => {
  await withNetwork(networkWith('menu-rom', dnsmasq, 'none', 2), async (network) => {
    const machine = await network.powerOn('bios-rom', MAC)
    await machine.waitFor(/Press F8 to choose/, BOOT_WITHIN_MS)
    const { commandLine, sightings } = await network.untilItReports(machine)
    assertChosen(sightings, commandLine, 'first', REBOOTS_ADDRESS, 'undionly.kpxe')
  })
})

test('a BIOS PXE ROM obeys the choice of its menu', { skip }, async () => {
  await withNetwork(networkWith('menu-rom-choice', dnsmasq, 'none', 'forever'), async (network) => {
    const machine = await network.powerOn('bios-rom', MAC)
    await machine.waitFor(/The second entry/, BOOT_WITHIN_MS)
    await machine.press('down', 'ret')
    const { commandLine, sightings } = await network.untilItReports(machine)
    assertChosen(sightings, commandLine, 'second', REBOOTS_ADDRESS, 'undionly.kpxe')
  })
})

test('OVMF obeys the choice of its menu, finds us by multicast, and iPXE does not ask again', { skip }, async () => {
  const options = { ...networkWith('menu-choice', kea, 'advertised', 'forever'), discovery: { multicast: GROUP } }
  await withNetwork(options, async (network) => {
    const machine = await network.powerOn('uefi', MAC)
    await machine.waitFor(/The second entry/, BOOT_WITHIN_MS)
    await machine.press('down', 'ret')
    const { commandLine, sightings } = await network.untilItReports(machine)
    assertChosen(sightings, commandLine, 'second', GROUP, 'ipxe.efi')
  })
})

// UEFI would take Kea's answer to its broadcast for ours, and is not told that it may ask like that.
for (const [name, firmware, file, askedAt, site, ipv6] of [
  ['a BIOS PXE ROM asks everybody', 'bios-rom', 'undionly.kpxe', '255.255.255.255', dnsmasq, 'none'],
  ['OVMF asks us', 'uefi', 'ipxe.efi', REBOOTS_ADDRESS, kea, 'advertised'],
] as const) {
  test(`where boot servers may be found by broadcast ${name}, and iPXE does not ask again`, { skip }, async () => {
    const label = `menu-broadcast-${firmware}`
    const options = { ...networkWith(label, site, ipv6, 'forever'), discovery: { broadcast: true } as const }
    await withNetwork(options, async (network) => {
      const machine = await network.powerOn(firmware, MAC)
      await machine.waitFor(/The second entry/, BOOT_WITHIN_MS)
      await machine.press('down', 'ret')
      const { commandLine, sightings } = await network.untilItReports(machine)
      assertChosen(sightings, commandLine, 'second', askedAt, file)
    })
  })
}

test('where TFTP is at another host than proxydhcp OVMF shows no menu, and iPXE does', { skip }, async () => {
  const services = ['hardware', 'rules-engine', 'tftp', 'ipxe-http'] as const
  const options = {
    ...networkWith('menu-elsewhere', kea, 'advertised', 'forever'),
    services,
    replica: 'without-tftp',
  } as const
  await withNetwork(options, async (network) => {
    const machine = await network.powerOn('uefi', MAC)
    await machine.waitFor(/The second entry/, BOOT_WITHIN_MS)
    await machine.press('down', 'ret')
    const { commandLine, sightings } = await network.untilItReports(machine)
    assert.match(commandLine, /menu\.entry=second/)
    assert.deepEqual(fetchesOf(sightings), ['RRQ ipxe.efi', SCRIPT, ...SCRIPT_AND_KERNEL])
    assert.deepEqual(scriptsOf(sightings), [undefined, '2'])
    const asked = bootServerRequests(sightings).map(({ packet }) => formatIpv4(packet.to.address))
    assert.deepEqual(new Set(asked), new Set([REPLICA_ADDRESS]))
  })
})

for (const [firmware, file, site, ipv6] of [
  ['bios-rom', 'undionly.kpxe', dnsmasq, 'none'],
  ['uefi', 'ipxe.efi', kea, 'advertised'],
] as const) {
  test(`two replicas: ${firmware} chooses from the menu of one, and iPXE does not ask again`, { skip }, async () => {
    const options = networkWith(`menu-replicas-${firmware}`, site, ipv6, 'forever')
    await withNetwork({ ...options, replica: 'with-tftp' }, async (network) => {
      const machine = await network.powerOn(firmware, MAC)
      await machine.waitFor(/The second entry/, BOOT_WITHIN_MS)
      await machine.press('down', 'ret')
      const { commandLine, sightings } = await network.untilItReports(machine)
      assert.match(commandLine, /menu\.entry=second/)
      assert.deepEqual(fetchesOf(sightings), [`RRQ ${file}`, ...SCRIPT_AND_KERNEL])
      assert.deepEqual(scriptsOf(sightings), ['2'])
      const offers = answersOf(sightings).filter(({ type, yiaddr }) => type === 'offer' && yiaddr === '')
      assert.deepEqual(new Set(offers.map(({ server }) => server)), new Set([REBOOTS_ADDRESS, REPLICA_ADDRESS]))
    })
  })
}

test(
  'the iPXE ROM shows the menu of its script, and takes the first entry when nobody presses a key',
  { skip },
  async () => {
    await withNetwork(networkWith('menu-ipxe', dnsmasq, 'none', 2), async (network) => {
      const machine = await network.powerOn('bios', MAC)
      await machine.waitFor(/The second entry/, BOOT_WITHIN_MS)
      const { commandLine, sightings } = await network.untilItReports(machine)
      assert.match(commandLine, /menu\.entry=first/)
      assert.deepEqual(scriptsOf(sightings), [undefined, '1'])
      assert.deepEqual(fetchesOf(sightings), [SCRIPT, ...SCRIPT_AND_KERNEL])
      assert.deepEqual(bootServerRequests(sightings), [])
    })
  },
)

/** The firmware asked for the entry, on port 4011 or everybody on port 67, and iPXE was sent to its script at once. */
function assertChosen(
  sightings: readonly Sighting[],
  commandLine: string,
  entry: 'first' | 'second',
  askedAt: string,
  file: string,
): void {
  assert.match(commandLine, new RegExp(`menu\\.entry=${entry}`))
  const item = { first: 1, second: 2 }[entry]
  const [asked] = bootServerRequests(sightings)
  const { address, port } = asked!.packet.to
  assert.equal(formatIpv4(address), askedAt)
  const { bootItem } = decodeVendorOptions(asked!.message.options.get(43)!)
  assert.deepEqual(bootItem, { type: 0x7fff + item, layer: 0, credentials: false })
  const answered = answersOf(sightings).find(({ type, server }) => type === 'ack' && server === REBOOTS_ADDRESS)
  assert.deepEqual(answered, { type: 'ack', server: REBOOTS_ADDRESS, yiaddr: '', file, port })
  assert.deepEqual(fetchesOf(sightings), [`RRQ ${file}`, ...SCRIPT_AND_KERNEL])
  assert.deepEqual(scriptsOf(sightings), [String(item)])
}

/** The entry in the URL of each script that was fetched. */
function scriptsOf(sightings: readonly Sighting[]): (string | undefined)[] {
  return sightings.flatMap((sighting) =>
    sighting.kind === 'http' && sighting.what === 'answer' && sighting.path.includes('auto.ipxe')
      ? [/[?&]item=(\d+)/.exec(sighting.path)?.[1]]
      : [],
  )
}
