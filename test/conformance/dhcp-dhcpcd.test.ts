import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { HOST_LINK, Lan, requireTools, tsharkFaults, type Capture, type Host, type Running } from '@reboots/testkit'
import { messageType, decodeMessage } from '@reboots/protocol/dhcp'
import { LIMITED_BROADCAST, UNSPECIFIED } from '@reboots/protocol/net'
import { event, releaseDhcpcd, renewDhcpcd, STOCK_CLIENTS, StockClients } from './src/stock-clients.ts'

/*
 * dhcpcd, the client that probes what it is offered, against services/dhcp with a pool, a reservation and leases in SQLite:
 *
 *     dhcpcd ────────────────── 192.168.90.1 hardware, rules-engine, dhcp; pool .100 and .101
 *     squatter .100, a while ──┘
 */
const skip = requireTools({ root: true, commands: ['ip', 'tcpdump', 'tshark', ...STOCK_CLIENTS] }) ?? false

const SERVER = '192.168.90.1'
const mac = (last: number) => `52:54:00:90:dd:0${last}`
/** dhcpcd takes no lease of less than 20 seconds at its word. */
const LEASE_SECONDS = 20

const RESERVED = {
  apiVersion: 'tinkerbell.org/v1alpha1',
  kind: 'Hardware',
  metadata: { name: 'reserved', namespace: 'default' },
  spec: {
    interfaces: [
      {
        dhcp: {
          mac: mac(1),
          hostname: 'by-dhcpcd',
          domain_name: 'lab.example',
          lease_time: LEASE_SECONDS,
          name_servers: ['192.0.2.53', '192.0.2.54'],
          time_servers: ['192.0.2.123'],
          ip: { address: '192.168.90.51', netmask: '255.255.255.0', gateway: '192.168.90.254' },
          classless_static_routes: [{ destination_descriptor: '10.0.0.0/8', router: '192.168.90.253' }],
        },
        netboot: { allowPXE: true },
      },
    ],
  },
}
const CONFIG = {
  links: { interfaces: [HOST_LINK] },
  hardware: { files: ['hardware.yaml'] },
  dhcp: {
    unknownMachines: 'serve',
    // It is for the client to find who squats.
    conflictProbe: { enabled: false },
    options: { 'ntp-servers': ['192.0.2.123'] },
    subnets: [{ subnet: '192.168.90.0/24', pools: [{ range: '192.168.90.100-192.168.90.101' }] }],
  },
}

describe('dhcpcd', { skip, timeout: 180_000 }, () => {
  let directory: string
  let lan: Lan
  let server: Host
  let clients: StockClients
  let capture: Capture
  let pcap: Running
  let dhcp: Running
  let client: Host
  let dhcpcd: Running

  function service(name: string): Running {
    const main = fileURLToPath(new URL(`../../services/${name}/src/main.ts`, import.meta.url))
    const env = { REBOOTS_CONFIG: path.join(directory, 'reboots.yaml') }
    return server.start(name, { command: process.execPath, args: [main], env })
  }

  async function startDhcp(): Promise<void> {
    dhcp = service('dhcp')
    await dhcp.waitFor(/"replica":"machines"[^\n]*"msg":"synced"/, 60_000)
    await dhcp.waitFor(/"replica":"policy"[^\n]*"msg":"synced"/, 60_000)
  }

  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'rc-dhcpcd-'))
    clients = await StockClients.in(directory)
    await writeFile(clients.file('hardware.yaml'), JSON.stringify(RESERVED))
    await writeFile(clients.file('reboots.yaml'), JSON.stringify(CONFIG))
    lan = await Lan.open({ prefix: 'rc' })
    server = await lan.addHost('server', { address: `${SERVER}/24` })
    capture = await lan.capture('udp port 67')
    const args = ['-i', HOST_LINK, '-U', '-w', clients.file('dhcp.pcap'), 'udp port 67 or udp port 68']
    pcap = server.start('tcpdump', { command: 'tcpdump', args })
    await pcap.waitFor(/listening on/)
    service('hardware')
    service('rules-engine')
    await startDhcp()
  })

  after(async () => {
    await lan?.close()
    if (directory) await rm(directory, { recursive: true })
  })

  const expected = {
    new_ip_address: '192.168.90.51',
    new_subnet_mask: '255.255.255.0',
    new_routers: '192.168.90.254',
    new_domain_name: 'lab.example',
    new_domain_name_servers: '192.0.2.53 192.0.2.54',
    new_host_name: 'by-dhcpcd',
    new_ntp_servers: '192.0.2.123',
    new_classless_static_routes: '10.0.0.0/8 192.168.90.253 0.0.0.0/0 192.168.90.254',
    new_dhcp_server_identifier: SERVER,
    new_dhcp_lease_time: String(LEASE_SECONDS),
    new_dhcp_renewal_time: '10',
    new_dhcp_rebinding_time: '17',
  }
  const told = async (name: string) => {
    const { variables } = await event(dhcpcd, name)
    return Object.fromEntries(Object.keys(expected).map((key) => [key, variables[key]]))
  }

  test('is given its address and everything it asks for', async () => {
    client = await lan.addHost('dhcpcd', { mac: mac(1) })
    dhcpcd = clients.dhcpcd(client)
    assert.deepEqual(await told('BOUND'), expected)
  })

  test('renews, by unicast', async () => {
    await renewDhcpcd(dhcpcd)
    assert.deepEqual(await told('RENEW'), expected)
    assert.match(dhcp.output, /"received":"request","from":"192\.168\.90\.51:68"[^\n]*"sent":"ack"[^\n]*"by":"unicast"/)
  })

  test('cannot reach the server when it renews, rebinds by broadcast, and the server that was killed and started knows the lease', async () => {
    await dhcp.stop('SIGKILL')
    await startDhcp()
    const nobody = ['lladdr', '52:54:00:90:dd:ff', 'nud', 'permanent']
    await client.ip('neighbour', 'replace', SERVER, ...nobody, 'dev', HOST_LINK)
    // Broadcast, and with an address already: REBINDING (RFC 2131 table 4).
    const request = await capture.waitFor(({ to, payload }) => {
      const { op, ciaddr } = decodeMessage(payload)
      return op === 'bootrequest' && to.address === LIMITED_BROADCAST && ciaddr !== UNSPECIFIED
    })
    const { xid } = decodeMessage(request.payload)
    await dhcp.waitFor(
      new RegExp(`"xid":"${xid.toString(16).padStart(8, '0')}"[^\n]*"sent":"ack","to":"192.168.90.51:68"`),
    )
    assert.deepEqual(await told('REBIND'), expected)
    await client.ip('neighbour', 'flush', 'dev', HOST_LINK, 'nud', 'permanent')
  })

  test('asks for parameters alone (INFORM), and gets no lease', async () => {
    const host = await lan.addHost('informed', { mac: mac(2), address: '192.168.90.77/24' })
    const client = clients.dhcpcd(host, '--inform=192.168.90.77/24')
    const { variables } = await event(client, 'INFORM')
    assert.equal(variables['new_ntp_servers'], '192.0.2.123')
    assert.equal(variables['new_dhcp_lease_time'], undefined)
    await dhcp.waitFor(/"received":"inform"[^\n]*"sent":"ack","to":"192\.168\.90\.77:68"/)
    await client.stop('SIGKILL')
  })

  test('gives its address back', async () => {
    await releaseDhcpcd(dhcpcd)
    await dhcp.waitFor(/"received":"release"[^\n]*"silent":"released"/)
  })

  test('finds another host at the address it is offered, declines it, and is given another one', async () => {
    const squatters = [100, 101].map((last) => `192.168.90.${last}/24`)
    const squatter = await lan.addHost('squatter', { address: squatters[0]! })
    await squatter.ip('address', 'add', squatters[1]!, 'dev', HOST_LINK)
    const client = clients.dhcpcd(await lan.addHost('declining', { mac: mac(3) }))
    await dhcp.waitFor(/"received":"decline"[^\n]*"silent":"declined"/)
    const declined = await capture.waitFor(({ payload }) => messageType(decodeMessage(payload)) === 'decline')
    const address = decodeMessage(declined.payload).options.get(50)!.join('.')
    const other = squatters.find((squatted) => squatted !== `${address}/24`)!
    await squatter.ip('address', 'del', other, 'dev', HOST_LINK)
    const { variables } = await event(client, 'BOUND', 60_000)
    assert.equal(`${variables['new_ip_address']}/24`, other)
    await client.stop('SIGKILL')
  })

  test('and tshark finds nothing malformed in all of it', async () => {
    await pcap.stop('SIGINT')
    await capture.close()
    assert.equal(await tsharkFaults(clients.file('dhcp.pcap'), `ip.src == ${SERVER}`), '')
    const types = new Set(capture.packets().map(({ payload }) => messageType(decodeMessage(payload))))
    assert.deepEqual(types, new Set(['discover', 'offer', 'request', 'ack', 'inform', 'release', 'decline']))
  })
})
