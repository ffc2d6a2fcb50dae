import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatIpv4 } from '@reboots/protocol/net'
import { requireTools } from '@reboots/testkit'
import { answersOf, assertHonestServers, bootServerRequests, fetchesOf } from './evidence.ts'
import { LAB_MISSING as skip, MAC, recordOf, SCRIPT } from './lab.ts'
import { ARM64_COMMANDS, MACHINE_FILES, type Firmware } from './machine.ts'
import {
  BOOT_WITHIN_MS,
  REBOOTS_ADDRESS,
  SITE_ADDRESS,
  withNetwork,
  type Network,
  type NetworkOptions,
} from './network.ts'
import { dnsmasq, dnsmasqWithBootFile, kea, type SiteDhcp } from './site.ts'
import type { Sighting } from './timeline/sighting.ts'

// Every kind of firmware beside the DHCP servers that sites have, as far as iPXE's script: other rows prove that kernels run.

const SERVICES = ['hardware', 'rules-engine', 'proxydhcp', 'tftp', 'ipxe-http'] as const
const BINARY = `/ipxe/binary/${MAC}/ipxe.efi`

interface Row {
  readonly firmware: Firmware
  readonly what: string
  readonly fetches: readonly string[]
  /** Whether it asks port 4011, and whom. */
  readonly asks4011?: boolean
}

const ROM: Row = { firmware: 'bios', what: 'the iPXE ROM', fetches: [SCRIPT] }
const OLD: Row = {
  firmware: 'bios-old-ipxe',
  what: 'an iPXE ROM without HTTP, which loads another one once',
  fetches: ['RRQ undionly.kpxe', SCRIPT],
}
const PLAIN: Row = { firmware: 'bios-rom', what: 'a PXE ROM', fetches: ['RRQ undionly.kpxe', SCRIPT] }
const PXE: Row = { firmware: 'uefi', what: 'OVMF', fetches: ['RRQ ipxe.efi', SCRIPT], asks4011: true }
const HTTP: Row = {
  firmware: 'uefi-http',
  what: 'OVMF that boots by HTTP',
  fetches: [`HEAD ${BINARY}`, `GET ${BINARY}`, SCRIPT],
}

// OVMF beside Kea is in proxy.test.ts, as far as the kernel.
const beside: readonly (readonly [name: string, SiteDhcp, readonly Row[]])[] = [
  ['kea', kea, [ROM, OLD, PLAIN]],
  ['dnsmasq', dnsmasq, [PLAIN, OLD, PXE, HTTP]],
  ['dnsmasq that names a boot file of its own', dnsmasqWithBootFile, [ROM, PXE]],
]

for (const [name, site, rows] of beside) {
  test(`beside ${name}: ${rows.map(({ what }) => what).join('; ')}`, { skip }, async () => {
    await withNetwork(networkWith(`kinds-${name.replaceAll(' ', '-')}`, site), async (network) => {
      for (const row of rows) assertRow(row, await untilFetched(network, row))
    })
  })
}

const arm64 = requireTools({ root: true, commands: ARM64_COMMANDS, files: MACHINE_FILES['uefi-arm64'] })

for (const [name, site] of [
  ['kea', kea],
  ['dnsmasq', dnsmasq],
] as const) {
  test(`beside ${name}: AAVMF (arm64) loads the file for its architecture`, { skip: skip || arm64 }, async () => {
    // Debian has no iPXE for arm64: the firmware loads this, and then sees that it is no program.
    const tftpFiles = { 'ipxe-arm64.efi': new Uint8Array(300_000).fill(0x41) }
    const row: Row = { firmware: 'uefi-arm64', what: 'AAVMF', fetches: ['RRQ ipxe-arm64.efi'], asks4011: true }
    await withNetwork({ ...networkWith(`kinds-arm64-${name}`, site), tftpFiles }, async (network) => {
      assertRow(row, await untilFetched(network, row))
    })
  })
}

function networkWith(label: string, site: SiteDhcp): NetworkOptions {
  return { label, services: SERVICES, site, records: [recordOf(label)], ipv6: 'advertised' }
}

/** Switches the machine off again when it has the last file of the row. */
async function untilFetched(network: Network, { firmware, fetches }: Row): Promise<readonly Sighting[]> {
  const machine = await network.powerOn(firmware, MAC)
  const seen = (): readonly Sighting[] => network.sightings(machine.poweredOnAt)
  const last = fetches.at(-1)!
  const protocol = last.startsWith('RRQ') ? 'udp' : 'tcp'
  // Its last packet is one of a server's.
  await network.capture.waitFor(
    (packet) =>
      packet.at >= machine.poweredOnAt &&
      packet.sourceMac !== MAC &&
      packet.protocol === protocol &&
      fetchesOf(seen()).includes(last),
    BOOT_WITHIN_MS,
  )
  await machine.powerOff()
  return seen()
}

function assertRow({ fetches, asks4011 = false, what }: Row, sightings: readonly Sighting[]): void {
  assert.deepEqual(fetchesOf(sightings).slice(0, fetches.length), fetches, what)
  const addresses = answersOf(sightings).filter(({ yiaddr }) => yiaddr !== '')
  assert.deepEqual(new Set(addresses.map(({ server }) => server)), new Set([SITE_ADDRESS]), what)
  const asked = bootServerRequests(sightings).map(({ packet }) => formatIpv4(packet.to.address))
  assert.deepEqual([...new Set(asked)], asks4011 ? [REBOOTS_ADDRESS] : [], what)
  assertHonestServers(sightings)
}
