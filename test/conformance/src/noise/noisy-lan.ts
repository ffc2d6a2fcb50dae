import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Lan, type Capture, type Host, type Running } from '@reboots/testkit'
import { PROXY_SITE, RELAY, SERVER } from '../site.ts'
import { event, releaseDhcpcd, StockClients } from '../stock-clients.ts'
import { reboots } from '../subjects/reboots.ts'
import { Wire } from '../wire/wire.ts'
import { CLIENT_ADDRESS, question, xidOf } from './boot-clients.ts'
import { SITE } from './devices.ts'
import { hours } from './hour.ts'
import { Judge, type Asked } from './judge.ts'

/** What an hour did. */
export interface Findings {
  /** Frames put on the wire, by what they are. */
  readonly sent: ReadonlyMap<string, number>
  /** Datagrams to a port of the proxy, and how many it has counted. */
  readonly addressed: number
  readonly heard: number
  /** What became of them: `outcome` of its metric. */
  readonly outcomes: ReadonlyMap<string, number>
  readonly asked: number
  readonly answered: number
  readonly faults: readonly string[]
  /** Stock clients that got their lease from the site. */
  readonly leases: readonly string[]
}

const REAL_CLIENTS = ['dhclient', 'udhcpc', 'dhcpcd'] as const
/** So many frames, and then a boot client asks and is waited for: no queue of the kernel runs over, and silence is not that of the dead. */
const FRAMES_PER_QUESTION = 100
const RELAY_MAC = '52:54:00:77:00:57'
const CLIENT_MAC = '52:54:00:77:00:56'
const COUNTER = /^reboots_proxydhcp_packets_total\{port="\d+",received="[^"]*",outcome="([^"]*)"\} (\d+)$/gm

/**
 * A LAN with a DHCP server of its own, clients, a great deal of noise, and our proxydhcp, which answers whoever boots:
 *
 *     proxydhcp 192.168.77.1 ──┬── bridge ──┬── dnsmasq 192.168.77.250
 *     noise, boot clients ─────┘     │      └── dhclient, udhcpc, dhcpcd
 *                                 tcpdump: whatever comes from the proxy's hardware address
 */
export async function makeNoise(frames: number, seed: number, captured = false): Promise<Findings> {
  const directory = await mkdtemp(path.join(tmpdir(), 'cf-noise-'))
  const lan = await Lan.open({ prefix: 'cn' })
  try {
    const proxy = await lan.addHost('proxy')
    // Nothing of its kernel is on the wire then but ARP.
    await proxy.run('sh', '-c', 'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6')
    await proxy.ip('address', 'add', `${SERVER}/24`, 'broadcast', '+', 'dev', 'eth0')
    const capture = await lan.capture(`ether src ${await proxy.mac()}`)
    await startSite(lan, directory)
    if (captured) await holdPort67(proxy)
    await reboots.start(proxy, directory, { ...PROXY_SITE, captured })
    const leases = await realClients(lan, directory)
    return await replay(lan, proxy, capture, frames, seed, leases)
  } finally {
    await lan.close()
    await rm(directory, { recursive: true, force: true })
  }
}

/** A program that has the port for itself, and nothing to say. */
async function holdPort67(host: Host): Promise<void> {
  const program = "require('dgram').createSocket('udp4').bind(67, () => console.log('bound'))"
  await host.start('holder', { command: process.execPath, args: ['-e', program] }).waitFor(/bound/)
}

async function startSite(lan: Lan, directory: string): Promise<void> {
  const site = await lan.addHost('site', { address: `${SITE}/24` })
  const words = '--no-daemon --conf-file=/dev/null --pid-file= --user=root --port=0 --interface=eth0 --bind-interfaces'
  const known = REAL_CLIENTS.map((_, i) => `--dhcp-host=${realMac(i)},192.168.77.${50 + i}`)
  const range = ['--dhcp-range=192.168.77.50,static,255.255.255.0,24h', '--dhcp-ignore=tag:!known', '--no-ping']
  const leases = `--dhcp-leasefile=${path.join(directory, 'dnsmasq.leases')}`
  const server = site.start('dnsmasq', { command: 'dnsmasq', args: [...words.split(' '), ...known, ...range, leases] })
  await server.waitFor(/DHCP, static leases only/)
}

function realMac(index: number): string {
  return `52:54:00:77:ee:0${index}`
}

/** Each gets its lease, as it does every day, and renews or gives it back. */
async function realClients(lan: Lan, directory: string): Promise<string[]> {
  const clients = await StockClients.in(directory)
  const hosts: Host[] = []
  for (const [i, name] of REAL_CLIENTS.entries()) hosts.push(await lan.addHost(name, { mac: realMac(i) }))
  const [one, two, three] = hosts as [Host, Host, Host]
  const running: readonly Running[] = [
    clients.dhclient(one),
    clients.udhcpc(two, '-R'),
    clients.dhcpcd(three, '--noarp'),
  ]
  const [dhclient, udhcpc, dhcpcd] = running as [Running, Running, Running]
  const bound = await Promise.all([event(dhclient, 'BOUND'), event(udhcpc, 'bound'), event(dhcpcd, 'BOUND')])
  process.kill(udhcpc.pid, 'SIGUSR1')
  await event(udhcpc, 'renew')
  await releaseDhcpcd(dhcpcd)
  for (const client of running) await client.stop()
  return bound.map(({ variables }, i) => `${REAL_CLIENTS[i]} ${variables['new_ip_address'] ?? variables['ip']}`)
}

async function replay(
  lan: Lan,
  proxy: Host,
  capture: Capture,
  frames: number,
  seed: number,
  leases: readonly string[],
): Promise<Findings> {
  const host = await lan.addHost('noise')
  const wire = new Wire(host.namespace, 'eth0')
  const proxyMac = await proxy.mac()
  try {
    wire.own(RELAY, RELAY_MAC)
    wire.own(CLIENT_ADDRESS, CLIENT_MAC)
    const asked = new Map<number, Asked>()
    const answers = awaited(capture)
    const before = await counted(proxy)
    const sent = new Map<string, number>()
    let addressed = 0
    const put = (frame: Parameters<typeof macFor>[0]): void =>
      wire.send({ ...frame, destinationMac: macFor(frame, proxyMac) })
    const ask = async (): Promise<void> => {
      const { xid, asked: owed, frame } = question(asked.size)
      asked.set(xid, owed)
      put(frame)
      addressed++
      await answers(xid)
    }
    let left = frames
    for (const { name, frame, heard } of hours(seed)) {
      if (left-- === 0) break
      put(frame)
      sent.set(name, (sent.get(name) ?? 0) + 1)
      if (heard) addressed++
      if (left % FRAMES_PER_QUESTION === 0) await ask()
    }
    // The last questions at each port: what was sent before has been dealt with when they are answered.
    for (let i = 0; i < 10; i++) await ask()
    const outcomes = difference(await counted(proxy), before)
    await capture.close()
    const judge = new Judge(asked)
    for (const frame of capture.frames) judge.look(frame)
    const heard = [...outcomes.values()].reduce((sum, count) => sum + count, 0)
    const { answered, faults } = judge
    return { sent, addressed, heard, outcomes, asked: asked.size, answered, faults, leases }
  } finally {
    await wire.close()
  }
}

type Addressed = Omit<Parameters<Wire['send']>[0], 'destinationMac'>

function macFor({ to }: Addressed, proxyMac: string): string {
  if (to === SERVER) return proxyMac
  if (!to.startsWith('224.') && !to.startsWith('239.')) return 'ff:ff:ff:ff:ff:ff'
  const [, second, third, fourth] = to.split('.').map(Number)
  const octets = [0x01, 0x00, 0x5e, second! & 0x7f, third!, fourth!]
  return octets.map((octet) => octet.toString(16).padStart(2, '0')).join(':')
}

/** Waits for the answer to a transaction, as the capture has it. */
function awaited(capture: Capture): (xid: number) => Promise<void> {
  const waiting = new Map<number, () => void>()
  capture.watch(({ payload }) => waiting.get(xidOf(payload))?.())
  return async (xid) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    waiting.set(xid, resolve)
    const timer = setTimeout(
      () => reject(new assert.AssertionError({ message: `boot client ${xid.toString(16)} is not answered` })),
      10_000,
    )
    await promise.finally(() => clearTimeout(timer))
    waiting.delete(xid)
  }
}

/** By outcome, all its ports together. */
async function counted(proxy: Host): Promise<Map<string, number>> {
  const metrics = await proxy.run('curl', '--silent', '--fail', 'http://127.0.0.1:7011/metrics')
  const counts = new Map<string, number>()
  for (const [, outcome, count] of metrics.matchAll(COUNTER))
    counts.set(outcome!, (counts.get(outcome!) ?? 0) + Number(count))
  return counts
}

function difference(now: ReadonlyMap<string, number>, before: ReadonlyMap<string, number>): Map<string, number> {
  return new Map([...now].map(([outcome, count]) => [outcome, count - (before.get(outcome) ?? 0)] as const))
}
