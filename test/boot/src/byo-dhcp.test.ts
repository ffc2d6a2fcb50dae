import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BYO_SERVERS, printByoDhcp, requireTools, startByoServer, type ByoServer } from '@reboots/testkit'
import { answersOf, bootServerRequests, fetchedAutoexec, fetchesOf } from './evidence.ts'
import { assertArguments, LAB_MISSING, MAC, recordOf, SCRIPT, SCRIPT_AND_KERNEL } from './lab.ts'
import type { Firmware } from './machine.ts'
import { BOOT_WITHIN_MS, ORIGIN, REBOOTS_ADDRESS, SITE_ADDRESS, withNetwork, type NetworkOptions } from './network.ts'
import { NETWORK, type SiteDhcp } from './site.ts'
import type { ServiceName } from './stack.ts'

// Neither dhcp nor proxydhcp runs: the site's own server has all that `reboots byo-dhcp` prints for it, and nothing else.

const SERVICES: readonly ServiceName[] = ['hardware', 'rules-engine', 'tftp', 'ipxe-http']
const skip = LAB_MISSING || requireTools({ commands: [BYO_SERVERS.isc.command] })

const ROWS: readonly (readonly [server: ByoServer, firmware: Firmware, first: readonly string[], arch: string])[] = [
  [BYO_SERVERS.dnsmasq, 'bios-rom', ['RRQ undionly.kpxe'], 'pcbios-i386'],
  [BYO_SERVERS.kea, 'uefi', ['RRQ ipxe.efi'], 'efi-x86_64'],
  [BYO_SERVERS.isc, 'uefi-http', ['HEAD /ipxe/binary/ipxe.efi', 'GET /ipxe/binary/ipxe.efi'], 'efi-x86_64'],
]

for (const [server, firmware, first, arch] of ROWS) {
  test(`${firmware} boots by what byo-dhcp prints for ${server.name}`, { skip }, async () => {
    const record = recordOf(`byo-${server.name}`, { uefi: firmware !== 'bios-rom' })
    const options: NetworkOptions = {
      label: `byo-${server.name}`,
      services: SERVICES,
      site: await printed(server),
      records: [record],
      ipv6: 'advertised',
    }
    await withNetwork(options, async (network) => {
      const { commandLine, sightings } = await network.boot(firmware, MAC)
      assertArguments(commandLine, record)
      assert.deepEqual(fetchesOf(sightings), [...first, ...SCRIPT_AND_KERNEL])
      assert.deepEqual(new Set(answersOf(sightings).map(({ server: from }) => from)), new Set([SITE_ADDRESS]))
      assert.deepEqual(bootServerRequests(sightings), [], 'nobody is sent to port 4011')
      // What iPXE made of the settings in the URL: its MAC is in the path above.
      const script = network.stack.log('ipxe-http').find(({ route }) => route === 'script')
      assert.match(String(script?.['path']), new RegExp(`\\?arch=${arch}&`))
    })
  })
}

test('iPXE finds its script by a server that gives everybody the same file', { skip }, async () => {
  const record = recordOf('byo-one')
  const options: NetworkOptions = {
    label: 'byo-one',
    services: SERVICES,
    site: oneFileForAll('autoexec.ipxe'),
    records: [record],
    ipv6: 'advertised',
    bootFiles: { kernel: Uint8Array.of(0), initrd: Uint8Array.of(0) },
  }
  await withNetwork(options, async (network) => {
    const machine = await network.powerOn('bios', MAC)
    // The script of the machine says who it is for.
    await machine.waitFor(new RegExp(`Reboots: ${record.name} `), BOOT_WITHIN_MS)
    await machine.powerOff()
    const sightings = network.sightings()
    assert.ok(fetchedAutoexec(sightings))
    assert.equal(fetchesOf(sightings)[0], SCRIPT)
  })
})

/** As UniFi is configured, which runs dnsmasq too. */
function oneFileForAll(file: string): SiteDhcp {
  const { dnsmasq } = BYO_SERVERS
  const text = `dhcp-range=192.168.88.100,192.168.88.150,600\ndhcp-boot=${file},,${REBOOTS_ADDRESS}\n`
  return { ...dnsmasq, start: (host, directory) => startByoServer(dnsmasq, text, host, directory) }
}

async function printed(server: ByoServer): Promise<SiteDhcp> {
  const text = await printByoDhcp(server, '--tftp', REBOOTS_ADDRESS, '--http', ORIGIN, '--subnet', NETWORK)
  return { ...server, start: (host, directory) => startByoServer(server, text, host, directory) }
}
