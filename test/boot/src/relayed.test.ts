import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { HOST_LINK, Lan, type Host } from '@reboots/testkit'
import { formatIpv4 } from '@reboots/protocol/net'
import { DEFAULT_POLICY } from '@reboots/rules'
import { bootServerRequests, dhcpOf, fetchesOf } from './evidence.ts'
import { assertArguments, LAB_MISSING as skip, MAC, recordOf, SCRIPT_AND_KERNEL } from './lab.ts'
import { REBOOTS_ADDRESS, SITE_ADDRESS, withNetwork, type Network, type NetworkOptions } from './network.ts'
import { BEHIND, dnsmasqRelayed, keaRelayed } from './site.ts'
import type { Sighting } from './timeline/sighting.ts'

// Machines behind a router, whose relay agent tells both servers what they say.

const CLIENT = fileURLToPath(new URL('../../../packages/testkit/src/pxe-client/main.ts', import.meta.url))
const ROUTER = '192.168.88.3'
const DOWNLINK = 'eth1'
const POOL = /^192\.168\.89\.1[0-5]\d$/

type Relay = (host: Host, servers: readonly string[]) => Promise<unknown>

/** It adds option 82. */
const dhcrelay: Relay = (host, servers) => {
  const args = ['-4', '-d', '-a', '-m', 'forward', '-id', DOWNLINK, '-iu', HOST_LINK, ...servers]
  return host.start('dhcrelay', { command: 'dhcrelay', args }).waitFor(/Sending on\s+Socket/)
}

const dnsmasqRelay: Relay = (host, servers) => {
  const fixed = ['--no-daemon', '--conf-file=/dev/null', '--pid-file=', '--user=root', '--port=0', '--log-dhcp']
  const relays = servers.map((server) => `--dhcp-relay=${BEHIND.relay},${server}`)
  return host.start('relay', { command: 'dnsmasq', args: [...fixed, ...relays] }).waitFor(/DHCP relay/)
}

interface Row {
  readonly name: string
  readonly relay: Relay
  readonly servers: readonly string[]
  readonly options: Pick<NetworkOptions, 'site' | 'siteHere' | 'port67'>
  readonly firmware: 'uefi' | 'model'
  readonly option82: boolean
}

/** Boots a machine only for what its relay agent says of it, which is not said on port 4011, nor when iPXE fetches its script. */
function policy(option82: boolean): string {
  const place = `network.giaddr == "${BEHIND.relay}" && (network.circuitId != "") == ${option82}`
  const [rules] = DEFAULT_POLICY.split('\ntests:\n')
  return rules!.replace(/(name: known-machine\n\s+when:) machine.known/, `$1 machine.known && ${place}`)
}

const BOTH = [SITE_ADDRESS, REBOOTS_ADDRESS]
const ROWS: readonly Row[] = [
  {
    name: 'dhcrelay to Kea and to us: OVMF',
    relay: dhcrelay,
    servers: BOTH,
    options: { site: keaRelayed },
    firmware: 'uefi',
    option82: true,
  },
  {
    name: 'dnsmasq as relay agent, to dnsmasq and to us: the model client',
    relay: dnsmasqRelay,
    servers: BOTH,
    options: { site: dnsmasqRelayed },
    firmware: 'model',
    option82: false,
  },
  {
    name: 'dhcrelay to one host, where dnsmasq has port 67 for itself: the model client',
    relay: dhcrelay,
    servers: [REBOOTS_ADDRESS],
    options: { site: dnsmasqRelayed, siteHere: true, port67: 'capture' },
    firmware: 'model',
    option82: true,
  },
]

for (const [index, { name, relay, servers, options: around, firmware, option82 }] of ROWS.entries()) {
  test(name, { skip }, async () => {
    const record = recordOf('relayed', { uefi: true })
    const services = ['hardware', 'rules-engine', 'proxydhcp', 'tftp', 'ipxe-http'] as const
    const label = `relayed-${index}`
    const options = { label, services, records: [record], ipv6: 'none', policy: policy(option82), ...around } as const
    await withNetwork(options, async (network) => {
      const far = await Lan.open({ prefix: 'bt' })
      try {
        await relay(await router(network, far), servers)
        for (const host of network.servers) await host.ip('route', 'add', BEHIND.network, 'via', ROUTER)
        assertArguments(await BOOT[firmware](network, far), record)
      } finally {
        await far.close()
      }
      assertRelayed(network.sightings(), option82)
    })
  })
}

/** Boots a machine on the far network; the command line of its kernel. */
const BOOT: Readonly<Record<Row['firmware'], (network: Network, far: Lan) => Promise<string>>> = {
  async uefi(network, far) {
    const machine = await network.powerOn('uefi', MAC, undefined, undefined, far)
    return (await network.untilItReports(machine)).commandLine
  },
  async model(_network, far) {
    const host = await far.addHost('machine', { mac: MAC })
    const report = await host.run(process.execPath, CLIENT, '--mac', MAC, '--firmware', 'uefi')
    return (JSON.parse(report) as { kernel: { args: string } }).kernel.args
  },
}

async function router(network: Network, far: Lan): Promise<Host> {
  const host = await network.lan.addHost('relay', { address: `${ROUTER}/24` })
  await far.attach(host, DOWNLINK, { address: `${BEHIND.relay}/24` })
  await host.run('sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward')
  return host
}

function assertRelayed(sightings: readonly Sighting[], option82: boolean): void {
  assert.deepEqual(fetchesOf(sightings), ['RRQ ipxe.efi', ...SCRIPT_AND_KERNEL])
  const scripts = sightings.flatMap((one) => (one.kind === 'http' && one.path.includes('/auto.ipxe') ? [one.path] : []))
  assert.match(scripts[0]!, new RegExp(`[?&]giaddr=${BEHIND.relay}&`))
  const relayed = dhcpOf(sightings).filter(({ message }) => formatIpv4(message.giaddr) === BEHIND.relay)
  const asked = relayed.filter(({ message }) => message.op === 'bootrequest')
  const offers = relayed.filter(({ type, message }) => type === 'offer' && message.yiaddr === 0)
  assert.ok(offers.length > 0)
  for (const { packet, message } of offers) {
    assert.equal(formatIpv4(packet.from.address), REBOOTS_ADDRESS)
    assert.deepEqual([formatIpv4(packet.to.address), packet.to.port], [BEHIND.relay, 67])
    const question = asked.find(({ message: { xid, chaddr } }) => xid === message.xid && chaddr.length === 6)!
    assert.deepEqual(message.options.get(82), question.message.options.get(82))
    assert.equal(message.options.has(82), option82)
  }
  const addresses = relayed.filter(({ message }) => message.op === 'bootreply' && message.yiaddr !== 0)
  assert.ok(addresses.every(({ message }) => POOL.test(formatIpv4(message.yiaddr))))
  const [boot] = bootServerRequests(sightings)
  assert.match(formatIpv4(boot!.packet.from.address), POOL)
  assert.equal(formatIpv4(boot!.packet.to.address), REBOOTS_ADDRESS)
}
