import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { fetchesOf } from './evidence.ts'
import { LAB_MISSING as skip, MAC, recordOf, RESERVED, SCRIPT, SCRIPT_AND_KERNEL } from './lab.ts'
import { BOOT_WITHIN_MS, ORIGIN, withNetwork, type Network, type NetworkOptions } from './network.ts'

// What a machine boots depends on what it booted before: it is installed once, and does not go on in a loop.

/** Three boots of the loop, and the one that ends it. */
const LOOP_WITHIN_MS = 4 * BOOT_WITHIN_MS

const HEAD = 'apiVersion: reboots/v1\nkind: BootPolicy\n'
const LOOPS = `${HEAD}
profiles: { loop: { ipxe: { script: reboot } } }
guard: { boots: 3, within: 1h, then: local-disk }
rules: [{ name: loops, when: machine.known, then: { boot: loop } }]
otherwise: ignore
`
const ONCE = `${HEAD}
profiles:
  install:
    linux: { kernel: '${ORIGIN}/files/vmlinuz', initrd: '${ORIGIN}/files/initramfs', args: [console=ttyS0, lab.installs=yes] }
rules: [{ name: new, when: machine.known, once: true, then: { boot: install } }]
otherwise: local-disk
`

function networkWith(label: string, policy: string): NetworkOptions {
  const services = ['hardware', 'rules-engine', 'dhcp', 'tftp', 'ipxe-http'] as const
  return {
    label,
    services,
    records: [recordOf(label, { address: RESERVED })],
    ipv6: 'none',
    policy,
    rules: { history: { store: 'sqlite' } },
  }
}

/** Names of the rules that a service decided by, of those lines that have one. */
function rulesOf(network: Network, service: 'dhcp' | 'ipxe-http'): unknown[] {
  return network.stack.log(service).flatMap(({ rule }) => (rule === undefined ? [] : [rule]))
}

/** The rules-engine has been told of so many events of a kind. */
async function told(network: Network, event: string, count: number): Promise<void> {
  const line = `reboots_rules_history_events_total{event="${event}"} ${count}\n`
  for (;;) {
    const metrics = await network.reboots.run('curl', '--silent', '--fail', 'http://127.0.0.1:7115/metrics')
    if (metrics.includes(line)) return
  }
}

test('a machine that boots in a loop is sent to its disk after the third time', { skip }, async () => {
  await withNetwork(networkWith('history-loop', LOOPS), async (network) => {
    const machine = await network.powerOnForLong('bios', MAC)
    await machine.waitFor(/No bootable device/, LOOP_WITHIN_MS)
    await machine.powerOff()
    assert.deepEqual(fetchesOf(network.sightings()), [SCRIPT, SCRIPT, SCRIPT, SCRIPT])
    assert.deepEqual(rulesOf(network, 'ipxe-http'), ['loops', 'loops', 'loops', 'guard'])
    // The DHCP server has heard of it as well, by way of the rules-engine.
    assert.deepEqual(new Set(rulesOf(network, 'dhcp').slice(-2)), new Set(['guard']))
  })
})

test('and without the rules-engine, which is told when it is back', { skip }, async () => {
  await withNetwork(networkWith('history-alone', LOOPS), async (network) => {
    await network.stopControlPlane()
    const machine = await network.powerOnForLong('bios', MAC)
    await machine.waitFor(/No bootable device/, LOOP_WITHIN_MS)
    await machine.powerOff()
    assert.deepEqual(rulesOf(network, 'ipxe-http'), ['loops', 'loops', 'loops', 'guard'])
    assert.deepEqual(new Set(rulesOf(network, 'dhcp')), new Set(['loops']))
    await network.stack.start('hardware', 'rules-engine')
    await told(network, 'boot', 3)
  })
})

test('a machine is installed until its operating system runs, and again when it is reopened', { skip }, async () => {
  await withNetwork(networkWith('history-once', ONCE), async (network) => {
    for (const _ of ['not yet', 'nor now']) {
      const { commandLine } = await network.boot('bios', MAC)
      assert.match(commandLine, /lab\.installs=yes/)
    }
    const system = await network.lan.addHost('system', { address: '192.168.88.60/24' })
    await system.run('curl', '--silent', '--fail', '--request', 'POST', `${ORIGIN}/booted/${MAC.replaceAll(':', '-')}`)
    await told(network, 'booted', 1)
    assert.deepEqual(await localDisk(network), [SCRIPT])

    await network.stack.stop('rules-engine')
    await network.stack.start('rules-engine')
    assert.deepEqual(await localDisk(network), [SCRIPT])

    const main = fileURLToPath(new URL('../../../packages/cli/src/main.ts', import.meta.url))
    const reopened = await network.reboots.run(process.execPath, main, 'boots', 'reopen', MAC)
    assert.match(reopened, /is reopened; forgotten: install/)
    const { sightings } = await network.boot('bios', MAC)
    assert.deepEqual(fetchesOf(sightings), SCRIPT_AND_KERNEL)
  })
})

/** What a machine fetches that goes on to its disk; it has none. */
async function localDisk(network: Network): Promise<string[]> {
  const machine = await network.powerOn('bios', MAC)
  await machine.waitFor(/No bootable device/, BOOT_WITHIN_MS)
  await machine.powerOff()
  return fetchesOf(network.sightings(machine.poweredOnAt))
}
