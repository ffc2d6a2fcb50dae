import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { HOST_LINK } from '@reboots/testkit'
import { answersOf, bootServerRequests, dhcpOf, fetchesOf } from './evidence.ts'
import { assertArguments, LAB_MISSING as skip, MAC, recordOf, SCRIPT_AND_KERNEL } from './lab.ts'
import { REBOOTS_ADDRESS, withNetwork, type Network, type NetworkOptions } from './network.ts'
import { dnsmasq, dnsmasqAlone, dnsmasqSharing, type SiteDhcp } from './site.ts'
import type { Sighting } from './timeline/sighting.ts'

// dnsmasq has port 67 on the very host that proxydhcp runs on: both answer, each its part, from the same address.

const CLIENT = fileURLToPath(new URL('../../../packages/testkit/src/pxe-client/main.ts', import.meta.url))
const PROGRAMS = { bios: 'undionly.kpxe', uefi: 'ipxe.efi' } as const

function options(label: string, site: SiteDhcp, port67: 'share' | 'capture'): NetworkOptions {
  const services = ['hardware', 'rules-engine', 'proxydhcp', 'tftp', 'ipxe-http'] as const
  const records = [recordOf(label, { uefi: true })]
  return { label: `beside-${label}`, services, site, siteHere: true, port67, records, ipv6: 'none' }
}

const WAYS: readonly (readonly [name: string, site: SiteDhcp, port67: 'share' | 'capture'])[] = [
  ['alone', dnsmasqAlone, 'capture'],
  ['bound', dnsmasq, 'capture'],
  ['bound-shared', dnsmasq, 'share'],
  ['dynamic-shared', dnsmasqSharing, 'share'],
]

for (const [name, site, port67] of WAYS) {
  test(`port 67 of dnsmasq, ${name} (${port67}): PXE clients boot, others notice nothing`, { skip }, async () => {
    const wanted = options(name, site, port67)
    await withNetwork(wanted, async (network) => {
      const host = await network.lan.addHost('machine', { mac: MAC })
      for (const firmware of ['bios', 'uefi'] as const) {
        const since = Date.now()
        const report = await host.run(process.execPath, CLIENT, '--mac', MAC, '--firmware', firmware)
        const boot = JSON.parse(report) as { address: string; kernel: { args: string } }
        assert.match(boot.address, /^192\.168\.88\.1\d\d$/)
        assertArguments(boot.kernel.args, wanted.records[0]!)
        const sightings = network.sightings(since)
        assert.deepEqual(fetchesOf(sightings), [`RRQ ${PROGRAMS[firmware]}`, ...SCRIPT_AND_KERNEL])
        assertParts(sightings)
      }
      await assertLeasedAlone(network)
    })
  })
}

test('OVMF boots where dnsmasq has port 67 of the same host for itself', { skip }, async () => {
  const wanted: NetworkOptions = { ...options('ovmf', dnsmasqAlone, 'capture'), ipv6: 'advertised' }
  await withNetwork(wanted, async (network) => {
    const { commandLine, sightings } = await network.boot('uefi', MAC)
    assertArguments(commandLine, wanted.records[0]!)
    assert.deepEqual(fetchesOf(sightings), ['RRQ ipxe.efi', ...SCRIPT_AND_KERNEL])
    assert.ok(bootServerRequests(sightings).length > 0)
    assertParts(sightings)
  })
})

/** Addresses without a boot file, and boot files without an address. */
function assertParts(sightings: readonly Sighting[]): void {
  const answers = answersOf(sightings).filter(({ port }) => port === 67)
  assert.deepEqual(new Set(answers.map(({ server }) => server)), new Set([REBOOTS_ADDRESS]))
  const parts = answers.map(({ yiaddr, file }) => (yiaddr === '' ? 'boot' : file === '' ? 'address' : 'both'))
  assert.deepEqual(new Set(parts.filter((part) => part !== 'boot')), new Set(['address']))
}

/** An operating system gets a lease, renews it by unicast and gives it back; none of it is answered by proxydhcp. */
async function assertLeasedAlone(network: Network): Promise<void> {
  const client = await network.lan.addHost('client', { mac: '52:54:00:88:00:99' })
  const script = join(network.directory, 'lease-script')
  const bound = 'bound | renew) ip address replace "$ip/$mask" dev "$interface" ;;'
  await writeFile(script, `#!/bin/sh\ncase $1 in\n${bound}\nesac\n`, { mode: 0o755 })
  const since = Date.now()
  const udhcpc = client.start('udhcpc', { command: 'udhcpc', args: ['-i', HOST_LINK, '-f', '-R', '-s', script] })
  await udhcpc.waitFor(/lease of 192\.168\.88\.\d+ obtained/)
  process.kill(udhcpc.pid, 'SIGUSR1')
  await udhcpc.waitFor(/obtained[\s\S]*lease of 192\.168\.88\.\d+ obtained/)
  await udhcpc.stop()
  const seen = dhcpOf(network.sightings(since))
  const asked = seen.filter(({ message }) => message.op === 'bootrequest').map(({ type }) => type)
  const answered = seen.filter(({ message }) => message.op === 'bootreply')
  assert.ok(asked.includes('request'))
  assert.ok(answered.every(({ message }) => message.yiaddr !== 0 && !message.options.has(60)))
  // One answer to each question: the one of dnsmasq.
  const wanted = asked.filter((type) => type === 'discover' || type === 'request').length
  assert.equal(answered.length, wanted)
}
