import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BYO_SERVERS, printByoDhcp, requireTools, startByoServer, type ByoServer } from '@reboots/testkit'
import { answersOf, bootServerRequests, fetchesOf } from './evidence.ts'
import { assertArguments, LAB_MISSING, MAC, recordOf, SCRIPT_AND_KERNEL } from './lab.ts'
import type { Firmware } from './machine.ts'
import { ORIGIN, REBOOTS_ADDRESS, SITE_ADDRESS, withNetwork, type NetworkOptions } from './network.ts'
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

async function printed(server: ByoServer): Promise<SiteDhcp> {
  const text = await printByoDhcp(server, '--tftp', REBOOTS_ADDRESS, '--http', ORIGIN, '--subnet', NETWORK)
  return { ...server, start: (host, directory) => startByoServer(server, text, host, directory) }
}
