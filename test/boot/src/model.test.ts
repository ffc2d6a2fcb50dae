import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { bootServerRequests, fetchesOf } from './evidence.ts'
import { assertArguments, LAB_MISSING as skip, MAC, recordOf, RESERVED, SCRIPT_AND_KERNEL } from './lab.ts'
import { withNetwork, type NetworkOptions } from './network.ts'
import { dnsmasq } from './site.ts'
import type { ServiceName } from './stack.ts'

// The model client plays what QEMU has no firmware for: a BIOS ROM that is not iPXE. Beside it UEFI, so that the model
// and the real firmware of the other rows can be held against each other.

const CLIENT = fileURLToPath(new URL('../../../packages/testkit/src/pxe-client/main.ts', import.meta.url))
const OTHERS: readonly ServiceName[] = ['hardware', 'rules-engine', 'tftp', 'ipxe-http']
const PROGRAMS = { bios: 'undionly.kpxe', uefi: 'ipxe.efi' } as const
/** How many times port 4011 is asked: a BIOS ROM is told in the offer not to. */
const ASKS = { full: { bios: 0, uefi: 0 }, proxy: { bios: 0, uefi: 1 } } as const

const NETWORKS: readonly (readonly [mode: 'full' | 'proxy', options: Pick<NetworkOptions, 'services' | 'site'>])[] = [
  ['full', { services: ['dhcp', ...OTHERS] }],
  ['proxy', { services: ['proxydhcp', ...OTHERS], site: dnsmasq }],
]

for (const [mode, around] of NETWORKS) {
  test(`the model client boots in mode ${mode}, as a BIOS ROM and as UEFI`, { skip }, async () => {
    const record = recordOf('model', mode === 'full' ? { address: RESERVED } : {})
    const options: NetworkOptions = { label: `model-${mode}`, records: [record], ipv6: 'none', ...around }
    await withNetwork(options, async (network) => {
      const host = await network.lan.addHost('machine', { mac: MAC })
      for (const firmware of ['bios', 'uefi'] as const) {
        const since = Date.now()
        const report = await host.run(process.execPath, CLIENT, '--mac', MAC, '--firmware', firmware)
        const boot = JSON.parse(report) as { kernel: { args: string }; program: { length: number } }
        const program = PROGRAMS[firmware]
        assert.equal(boot.program.length, (await readFile(`/usr/lib/ipxe/${program}`)).length)
        assertArguments(boot.kernel.args, record)
        const sightings = network.sightings(since)
        assert.deepEqual(fetchesOf(sightings), [`RRQ ${program}`, ...SCRIPT_AND_KERNEL])
        assert.equal(bootServerRequests(sightings).length, ASKS[mode][firmware])
      }
    })
  })
}
