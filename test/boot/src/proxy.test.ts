import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { HOST_LINK } from '@reboots/testkit'
import { formatIpv4 } from '@reboots/protocol/net'
import { answersOf, assertHonestServers, bootServerRequests, dhcpOf, fetchesOf } from './evidence.ts'
import { assertArguments, LAB_MISSING as skip, MAC, recordOf, SCRIPT_AND_KERNEL } from './lab.ts'
import { REBOOTS_ADDRESS, SITE_ADDRESS, withNetwork, type NetworkOptions } from './network.ts'
import { dnsmasq, kea } from './site.ts'
import type { ServiceName } from './stack.ts'
import { observe } from './timeline/observer.ts'

// The site has its own DHCP server, and Reboots runs beside it without one.

const SERVICES: readonly ServiceName[] = ['hardware', 'rules-engine', 'proxydhcp', 'tftp', 'ipxe-http']
const POOL = /^192\.168\.88\.1[0-5]\d$/

test('row 3: OVMF gets its address from Kea and its boot file from our proxydhcp, on port 4011', { skip }, async () => {
  const record = recordOf('3', { uefi: true })
  const options: NetworkOptions = {
    label: 'row-3',
    services: SERVICES,
    site: kea,
    records: [record],
    ipv6: 'advertised',
  }
  await withNetwork(options, async (network) => {
    assert.equal(network.stack.pids().has('dhcp'), false)
    await network.stopControlPlane()
    const { commandLine, sightings } = await network.boot('uefi', MAC)
    assertArguments(commandLine, record)
    assert.deepEqual(fetchesOf(sightings), ['RRQ ipxe.efi', ...SCRIPT_AND_KERNEL])

    const answers = answersOf(sightings)
    const addresses = answers.filter(({ yiaddr }) => yiaddr !== '')
    assert.deepEqual(new Set(addresses.map(({ server }) => server)), new Set([SITE_ADDRESS]))
    assert.match(addresses.at(-1)!.yiaddr, POOL)
    assert.deepEqual(new Set(addresses.map(({ file }) => file)), new Set(['']), 'Kea knows nothing of booting')

    const asked = bootServerRequests(sightings)
    assert.deepEqual(new Set(asked.map(({ packet }) => formatIpv4(packet.to.address))), new Set([REBOOTS_ADDRESS]))
    const answered = answers.find(({ port }) => port === 4011)
    assert.deepEqual(answered, { type: 'ack', server: REBOOTS_ADDRESS, yiaddr: '', file: 'ipxe.efi', port: 4011 })
    assertHonestServers(sightings)
  })
})

test('row 4: SeaBIOS and the iPXE ROM get their address from dnsmasq and the script from us', { skip }, async () => {
  const record = recordOf('4')
  const options: NetworkOptions = { label: 'row-4', services: SERVICES, site: dnsmasq, records: [record], ipv6: 'none' }
  await withNetwork(options, async (network) => {
    assert.equal(network.stack.pids().has('dhcp'), false)
    await network.stopControlPlane()
    const { commandLine, sightings } = await network.boot('bios', MAC)
    assertArguments(commandLine, record)
    assert.deepEqual(fetchesOf(sightings), SCRIPT_AND_KERNEL)

    const answers = answersOf(sightings)
    const addresses = answers.filter(({ yiaddr }) => yiaddr !== '')
    assert.deepEqual(new Set(addresses.map(({ server }) => server)), new Set([SITE_ADDRESS]))
    assert.match(addresses.at(-1)!.yiaddr, POOL)
    const ours = answers.find(({ server }) => server === REBOOTS_ADDRESS)
    const file = `http://${REBOOTS_ADDRESS}:7080/ipxe/script/${MAC}/auto.ipxe`
    assert.deepEqual(ours, { type: 'offer', server: REBOOTS_ADDRESS, yiaddr: '', file, port: 67 })
    // The test of the plain client goes by this address.
    const sender = dhcpOf(sightings).find(({ packet }) => formatIpv4(packet.from.address) === REBOOTS_ADDRESS)
    assert.equal(sender?.packet.sourceMac, await network.reboots.mac())
    assertHonestServers(sightings)
  })
})

test('OVMF that boots by HTTP gets its address from Kea and the URL of iPXE from us', { skip }, async () => {
  const record = recordOf('http', { uefi: true })
  const options: NetworkOptions = {
    label: 'row-http',
    services: SERVICES,
    site: kea,
    records: [record],
    ipv6: 'advertised',
  }
  await withNetwork(options, async (network) => {
    const { commandLine, sightings } = await network.boot('uefi-http', MAC)
    assertArguments(commandLine, record)
    const binary = `/ipxe/binary/${MAC}/ipxe.efi`
    assert.deepEqual(fetchesOf(sightings), [`HEAD ${binary}`, `GET ${binary}`, ...SCRIPT_AND_KERNEL])
    assert.deepEqual(bootServerRequests(sightings), [], 'HTTP boot knows no port 4011')
    assertHonestServers(sightings)
  })
})

test('a client that does not boot gets its lease from the site and not one packet from us', { skip }, async () => {
  const options: NetworkOptions = {
    label: 'plain-client',
    services: SERVICES,
    site: dnsmasq,
    records: [recordOf('plain')],
    ipv6: 'none',
  }
  await withNetwork(options, async (network) => {
    // The machine of the record: known, allowed to boot, but this time it runs its operating system.
    const client = await network.lan.addHost('client', { mac: MAC })
    const script = await leaseScript(network.directory)
    const udhcpc = client.start('udhcpc', { command: 'udhcpc', args: ['-i', HOST_LINK, '-f', '-R', '-s', script] })
    await udhcpc.waitFor(/lease of 192\.168\.88\.\d+ obtained/)
    process.kill(udhcpc.pid, 'SIGUSR1')
    await udhcpc.waitFor(/obtained[\s\S]*lease of 192\.168\.88\.\d+ obtained/)
    await udhcpc.stop()
    // The last thing it says: what an earlier packet of it has caused is on the wire by now.
    await network.capture.waitFor((packet) => dhcpOf(observe([packet])).some(({ type }) => type === 'release'))
    const sightings = network.sightings()
    const said = dhcpOf(sightings).map(({ type }) => type)
    assert.deepEqual(new Set(said), new Set(['discover', 'offer', 'request', 'ack', 'release']))
    const ours = await network.reboots.mac()
    assert.deepEqual(
      network.capture.packets().filter(({ sourceMac }) => sourceMac === ours),
      [],
    )
    const metrics = await network.reboots.run('curl', '--silent', '--fail', 'http://127.0.0.1:7011/metrics')
    const heard =
      /^reboots_proxydhcp_packets_total\{port="67",received="discover",outcome="not-a-network-boot-client"\} [1-9]/m
    assert.match(metrics, heard)
  })
})

/** What udhcpc runs when it has a lease: the address has to be on the interface for it to be renewed and released. */
async function leaseScript(directory: string): Promise<string> {
  const file = join(directory, 'lease-script')
  const lines = ['#!/bin/sh', 'case $1 in', 'bound | renew) ip address replace "$ip/$mask" dev "$interface" ;;', 'esac']
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o755 })
  return file
}
