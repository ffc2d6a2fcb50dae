import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { BROADCAST_FLAG, decodeMessage, messageType, relayAgent, type DhcpMessage } from '@reboots/protocol/dhcp'
import { formatIpv4, UNSPECIFIED } from '@reboots/protocol/net'
import {
  HOST_LINK,
  Lan,
  requireTools,
  tsharkFaults,
  type Capture,
  type Host,
  type Packet,
  type Running,
} from '@reboots/testkit'
import { event, renewDhcpcd, STOCK_CLIENTS, StockClients } from './src/stock-clients.ts'

/*
 * Stock clients behind isc-dhcp-relay, one agent or two in a row, and services/dhcp with pools and leases in SQLite:
 *
 *     clients ── near ───────────────────┬── 10.90.0.1 hardware, rules-engine, dhcp
 *     10.91.0.0/24, relay 10.91.0.1      │
 *     clients ── far ──────── middle ────┘
 *     10.92.0.0/24, relay 10.92.0.1, which sends to the relay 10.93.0.1
 *
 * Relays are routers too, so that renewals can go straight to the server.
 */
const skip = requireTools({ root: true, commands: ['ip', 'tcpdump', 'tshark', 'dhcrelay', ...STOCK_CLIENTS] }) ?? false

const SERVER = '10.90.0.1'
const mac = (last: number) => `52:54:00:91:dd:0${last}`
const UPLINK = HOST_LINK
const DOWNLINK = 'eth1'

/** dhclient renews when it is time and not when it is told to: it gets a short lease. */
const RENEWING = [
  { mac: mac(1), address: '10.91.0.51' },
  { mac: mac(5), address: '10.92.0.51' },
].map(({ mac, address }) => ({
  apiVersion: 'tinkerbell.org/v1alpha1',
  kind: 'Hardware',
  metadata: { name: `at-${address}`, namespace: 'default' },
  spec: { interfaces: [{ dhcp: { mac, lease_time: 6, ip: { address, netmask: '255.255.255.0' } }, netboot: {} }] },
}))
const CONFIG = {
  links: { interfaces: [HOST_LINK] },
  hardware: { files: ['hardware.yaml'] },
  rules: { policy: 'policy.yaml' },
  dhcp: {
    unknownMachines: 'serve',
    leaseSeconds: { default: 3600 },
    subnets: ['10.91.0', '10.92.0'].map((net) => ({
      subnet: `${net}.0/24`,
      routers: [`${net}.1`],
      domain: 'relayed.example',
      nameServers: ['192.0.2.53'],
      pools: [{ range: `${net}.100-${net}.199` }],
    })),
  },
}
/** dhcrelay says in option 82 which interface the client is at. */
const POLICY = `apiVersion: reboots/v1
kind: BootPolicy
profiles:
  hook: { linux: { kernel: http://192.0.2.1/vmlinuz, initrd: http://192.0.2.1/initrd } }
rules:
  - { name: cage, when: network.circuitId == "${Buffer.from(DOWNLINK).toString('hex')}", then: { deny: that cage boots from disk } }
otherwise: { boot: hook }
`

describe('behind dhcrelay', { skip, timeout: 180_000 }, () => {
  let directory: string
  let servers: Lan
  let transit: Lan
  let near: Lan
  let far: Lan
  let server: Host
  let clients: StockClients
  let dhcp: Running
  let pcap: Running
  const captures: Record<string, Capture> = {}

  function service(name: string): Running {
    const main = fileURLToPath(new URL(`../../services/${name}/src/main.ts`, import.meta.url))
    const env = { REBOOTS_CONFIG: path.join(directory, 'reboots.yaml') }
    return server.start(name, { command: process.execPath, args: [main], env })
  }

  /** A host on two networks, with a relay agent that adds option 82 (`-a`). */
  async function relay(
    name: string,
    up: readonly [Lan, string],
    down: readonly [Lan, string],
    to: string,
  ): Promise<Host> {
    const host = await up[0].addHost(name, { address: `${up[1]}/24` })
    await down[0].attach(host, DOWNLINK, { address: `${down[1]}/24` })
    await host.run('sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward')
    const args = ['-4', '-d', '-a', '-m', 'forward', '-id', DOWNLINK, '-iu', UPLINK, to]
    await host.start('dhcrelay', { command: 'dhcrelay', args }).waitFor(/Sending on\s+Socket/)
    return host
  }

  async function route(host: Host, ...networks: readonly (readonly [network: string, via: string])[]): Promise<void> {
    for (const [network, via] of networks) await host.ip('route', 'add', network, 'via', via)
  }

  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'rc-relays-'))
    clients = await StockClients.in(directory)
    await writeFile(clients.file('hardware.yaml'), RENEWING.map((record) => JSON.stringify(record)).join('\n---\n'))
    await writeFile(clients.file('policy.yaml'), POLICY)
    await writeFile(clients.file('reboots.yaml'), JSON.stringify(CONFIG))
    ;[servers, transit, near, far] = (await Promise.all([0, 1, 2, 3].map(() => Lan.open({ prefix: 'rc' })))) as [
      Lan,
      Lan,
      Lan,
      Lan,
    ]
    server = await servers.addHost('server', { address: `${SERVER}/24` })
    await relay('near', [servers, '10.90.0.2'], [near, '10.91.0.1'], SERVER)
    const middle = await relay('middle', [servers, '10.90.0.3'], [transit, '10.93.0.1'], SERVER)
    const behind = await relay('far', [transit, '10.93.0.2'], [far, '10.92.0.1'], '10.93.0.1')
    await route(server, ['10.91.0.0/24', '10.90.0.2'], ['10.92.0.0/23', '10.90.0.3'])
    await route(middle, ['10.92.0.0/24', '10.93.0.2'])
    await route(behind, ['10.90.0.0/24', '10.93.0.1'])
    for (const [name, lan] of Object.entries({ servers, near, far }))
      captures[name] = await lan.capture('udp port 67 or udp port 68')
    const args = ['-i', HOST_LINK, '-U', '-w', clients.file('dhcp.pcap'), 'udp port 67 or udp port 68']
    pcap = server.start('tcpdump', { command: 'tcpdump', args })
    await pcap.waitFor(/listening on/)
    service('hardware')
    service('rules-engine')
    dhcp = service('dhcp')
    await dhcp.waitFor(/"replica":"machines"[^\n]*"msg":"synced"/, 60_000)
    await dhcp.waitFor(/"replica":"policy"[^\n]*"msg":"synced"/, 60_000)
  })

  after(async () => {
    for (const lan of [far, near, transit, servers]) await lan?.close()
    if (directory) await rm(directory, { recursive: true })
  })

  /** What passed a network, of one client. */
  function packets(network: string, address: string): readonly Packet[] {
    const octets = address.replaceAll(':', '')
    return captures[network]!.packets().filter(
      ({ payload }) => Buffer.from(decodeMessage(payload).chaddr).toString('hex') === octets,
    )
  }

  function messages(network: string, address: string): readonly DhcpMessage[] {
    return packets(network, address).map(({ payload }) => decodeMessage(payload))
  }

  interface StockClient {
    readonly name: string
    readonly last: number
    start(host: Host): Running
    /** Has it renew its lease; dhclient does when it is time. */
    renew(client: Running): Promise<void>
    readonly events: readonly [bound: string, renewed: string]
    /** The variable of its script that has the address. */
    readonly address: string
    readonly end: NodeJS.Signals
  }
  const CLIENTS: readonly StockClient[] = [
    {
      name: 'dhclient',
      last: 1,
      start: (host) => clients.dhclient(host),
      renew: async () => undefined,
      events: ['BOUND', 'RENEW'],
      address: 'new_ip_address',
      end: 'SIGTERM',
    },
    {
      name: 'udhcpc',
      last: 2,
      start: (host) => clients.udhcpc(host),
      renew: async ({ pid }) => void process.kill(pid, 'SIGUSR1'),
      events: ['bound', 'renew'],
      address: 'ip',
      end: 'SIGTERM',
    },
    {
      name: 'dhcpcd',
      last: 3,
      start: (host) => clients.dhcpcd(host),
      renew: renewDhcpcd,
      events: ['BOUND', 'RENEW'],
      address: 'new_ip_address',
      end: 'SIGKILL',
    },
  ]
  const WAYS = [
    { where: 'one relay', network: 'near', net: '10.91.0', hops: 1, offset: 0 },
    { where: 'two relays in a row', network: 'far', net: '10.92.0', hops: 2, offset: 4 },
  ] as const

  for (const { where, network, net, hops, offset } of WAYS) {
    for (const { name, last, start, renew, events, address, end } of CLIENTS) {
      test(`${name}, ${where}: an address of its network, and a renewal straight to the server`, async () => {
        const own = mac(last + offset)
        const client = start(await { near, far }[network].addHost(name, { mac: own }))
        const given = (await event(client, events[0])).variables[address]!
        assert.ok(given.startsWith(`${net}.`), given)

        const asked = messages('servers', own).filter(({ op }) => op === 'bootrequest')
        const path = ({ giaddr, hops }: DhcpMessage) => `by ${formatIpv4(giaddr)}, ${hops} hops`
        assert.deepEqual(new Set(asked.map(path)), new Set([`by ${net}.1, ${hops} hops`]))
        const [said, echoed] = ['bootrequest', 'bootreply'].map((wanted) =>
          relayAgent(messages('servers', own).find(({ op }) => op === wanted)!),
        )
        assert.equal(Buffer.from(said!.circuitId!).toString(), DOWNLINK)
        assert.deepEqual(echoed!.raw, said!.raw)
        // RFC 3046 §2.1: the agent takes out again what it has put in.
        assert.deepEqual(
          messages(network, own).filter(({ options }) => options.has(82)),
          [],
        )

        await renew(client)
        await event(client, events[1])
        const from = `"from":"${given}:68"`.replaceAll('.', '\\.')
        await dhcp.waitFor(new RegExp(`"received":"request",${from}[^\n]*"sent":"ack"[^\n]*"by":"unicast"`))
        const renewal = packets('servers', own).find(({ from }) => formatIpv4(from.address) === given)!
        const direct = decodeMessage(renewal.payload)
        assert.deepEqual([direct.giaddr, direct.options.has(82)], [UNSPECIFIED, false])
        await client.stop(end)
      })
    }
  }

  test('what a relay says of the place is there for the rules', async () => {
    const host = await near.addHost('firmware', { mac: mac(8) })
    const firmware = ['-V', 'PXEClient:Arch:00007:UNDI:003001', '-x', '0x5d:0007', '-O', 'bootfile', '-O', 'tftp']
    const { variables } = await event(clients.udhcpc(host, '-q', ...firmware), 'bound')
    assert.equal(variables['boot_file'], '/netboot-not-allowed')
  })

  test('a client that has moved to another network is told so through the relays (NAK), and given an address there', async () => {
    const before = clients.dhclient(await near.addHost('moved', { mac: mac(9) }))
    await before.waitFor(/bound to 10\.91\.0\./)
    // As in a power cut: told to stop it would release.
    await before.stop('SIGKILL')
    const after = clients.dhclient(await far.addHost('moved', { mac: mac(9) }))
    await after.waitFor(/DHCPNAK from/)
    assert.match((await event(after, 'BOUND')).variables['new_ip_address']!, /^10\.92\.0\.1/)
    const nak = messages('servers', mac(9)).find((message) => messageType(message) === 'nak')!
    assert.deepEqual([formatIpv4(nak.giaddr), nak.flags, nak.options.has(82)], ['10.92.0.1', BROADCAST_FLAG, true])
    await after.stop()
  })

  test('and tshark finds nothing malformed in all of it', async () => {
    await pcap.stop('SIGINT')
    assert.equal(await tsharkFaults(clients.file('dhcp.pcap'), `ip.src == ${SERVER}`), '')
    const sent = captures['servers']!.packets().map(({ payload }) => decodeMessage(payload))
    const types = sent.filter(({ op }) => op === 'bootreply').map(messageType)
    assert.deepEqual(new Set(types), new Set(['offer', 'ack', 'nak']))
  })
})
