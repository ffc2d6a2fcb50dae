import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { HOST_LINK, Lan, requireTools, run, tsharkFaults, type Host, type Running } from '@reboots/testkit'

/*
 * Stock DHCP clients against services/dhcp, the real hardware and rules-engine behind it, each a process, on a LAN of their own:
 *
 *     clients without addresses ──┬── 192.168.88.1 hardware, rules-engine, dhcp
 *     squatter 192.168.88.54 ─────┘
 */
const skip = requireTools({ root: true, commands: ['ip', 'tcpdump', 'dhclient', 'udhcpc', 'tshark'] }) ?? false

const SERVER = '192.168.88.1'
const mac = (last: number) => `52:54:00:88:dd:0${last}`
const LEASE_SECONDS = 6

interface RecordSpec {
  readonly last: number
  readonly host: string
  readonly lease: number
}

const RECORDS: readonly RecordSpec[] = [
  { last: 1, host: 'by-dhclient', lease: LEASE_SECONDS },
  { last: 2, host: 'by-udhcpc', lease: 3600 },
  { last: 3, host: 'firmware', lease: 3600 },
  { last: 4, host: 'squatted', lease: 3600 },
]

function hardware({ last, host, lease }: RecordSpec): unknown {
  const dhcp = {
    mac: mac(last),
    hostname: host,
    domain_name: 'lab.example',
    lease_time: lease,
    name_servers: ['192.0.2.53', '192.0.2.54'],
    time_servers: ['192.0.2.123'],
    ip: { address: `192.168.88.5${last}`, netmask: '255.255.255.0', gateway: '192.168.88.254' },
    classless_static_routes: [{ destination_descriptor: '10.0.0.0/8', router: '192.168.88.253' }],
  }
  return {
    apiVersion: 'tinkerbell.org/v1alpha1',
    kind: 'Hardware',
    metadata: { name: host, namespace: 'default' },
    spec: { interfaces: [{ dhcp, netboot: { allowPXE: true, allowWorkflow: true } }] },
  }
}

/** Configures the interface as a client's own script would, and prints what the client hands over. */
const DHCLIENT_SCRIPT = `#!/bin/sh
[ -n "$new_ip_address" ] && ip address replace "$new_ip_address/$new_subnet_mask" dev "$interface"
echo "event=$reason $(env | grep '^new_' | sort | tr '\\n' ';')"
`
const UDHCPC_SCRIPT = `#!/bin/sh
[ -n "$ip" ] && ip address replace "$ip/$mask" dev "$interface"
echo "event=$1 $(env | sort | tr '\\n' ';')"
`
const DHCLIENT_CONF = `
option rfc3442-classless-static-routes code 121 = array of unsigned integer 8;
request subnet-mask, broadcast-address, routers, domain-name, domain-name-servers, domain-search, host-name,
  ntp-servers, rfc3442-classless-static-routes;
timeout 20;
`

/** Six datagrams that are no DHCP messages: none at all, cut short, zeros, ones, and as much as fits into one. */
const SEND_NOISE = `
  const socket = require('node:dgram').createSocket('udp4')
  const datagrams = [0, 1, 239, 240, 548, 65507].map((length) => Buffer.alloc(length, length & 1 ? 255 : 0))
  const send = (bytes) => new Promise((resolve, reject) =>
    socket.send(bytes, 67, '${SERVER}', (error) => error ? reject(error) : resolve()))
  Promise.all(datagrams.map(send)).then(() => socket.close())
`
const PRINT_METRICS = `fetch('http://127.0.0.1:7067/metrics').then((reply) => reply.text()).then(console.log)`

/** The variables of one call of a client's script. */
function variables(event: RegExpExecArray): Readonly<Record<string, string>> {
  const pairs = event[1]!.split(';').map((pair) => pair.split('=') as [string, ...string[]])
  return Object.fromEntries(pairs.map(([name, ...value]) => [name, value.join('=')]))
}

describe('stock DHCP clients', { skip, timeout: 180_000 }, () => {
  let directory: string
  let lan: Lan
  let server: Host
  let dhcp: Running
  let capture: Running
  const controlPlane: Running[] = []
  const file = (name: string) => path.join(directory, name)

  function service(name: string): Running {
    const main = fileURLToPath(new URL(`../../services/${name}/src/main.ts`, import.meta.url))
    const env = { REBOOTS_CONFIG: file('reboots.yaml') }
    return server.start(name, { command: process.execPath, args: [main], env })
  }

  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'dh-clients-'))
    const config = { links: { interfaces: [HOST_LINK] }, hardware: { files: ['hardware.yaml'] } }
    await Promise.all([
      writeFile(file('hardware.yaml'), RECORDS.map((record) => JSON.stringify(hardware(record))).join('\n---\n')),
      writeFile(file('reboots.yaml'), JSON.stringify(config)),
      writeFile(file('dhclient.sh'), DHCLIENT_SCRIPT, { mode: 0o755 }),
      writeFile(file('udhcpc.sh'), UDHCPC_SCRIPT, { mode: 0o755 }),
      writeFile(file('dhclient.conf'), DHCLIENT_CONF),
    ])
    lan = await Lan.open({ prefix: 'dh' })
    server = await lan.addHost('server', { address: `${SERVER}/24` })
    capture = server.start('tcpdump', {
      command: 'tcpdump',
      args: ['-i', HOST_LINK, '-U', '-w', file('dhcp.pcap'), 'udp port 67 or udp port 68'],
    })
    await capture.waitFor(/listening on/)
    dhcp = service('dhcp')
    await dhcp.waitFor(/"msg":"ready:/, 60_000)
  })

  after(async () => {
    await lan?.close()
    if (directory) await rm(directory, { recursive: true })
  })

  async function udhcpc(name: string, last: number, ...more: string[]): Promise<Running> {
    const host = await lan.addHost(name, { mac: mac(last) })
    const args = ['-f', '-i', HOST_LINK, '-s', file('udhcpc.sh'), '-t', '10', '-T', '1', ...more]
    return host.start('udhcpc', { command: 'udhcpc', args })
  }

  test('without a control plane a machine gets silence with a reason, and its address as soon as there is one', async () => {
    const client = await udhcpc('early', 2, '-q', '-t', '60')
    await dhcp.waitFor(/"received":"discover"[^\n]*"silent":"not-synced"/)
    controlPlane.push(service('hardware'), service('rules-engine'))
    await client.waitFor(/event=bound /, 60_000)
    await dhcp.waitFor(/"replica":"policy"[^\n]*"msg":"synced"/, 60_000)
  })

  test('dhclient is given the address and everything it asks for, and renews it', async () => {
    const host = await lan.addHost('dhclient', { mac: mac(1) })
    const files = ['-sf', 'dhclient.sh', '-cf', 'dhclient.conf', '-lf', 'leases', '-pf', 'pid']
    const args = ['-4', '-d', ...files.map((word) => (word.startsWith('-') ? word : file(word))), HOST_LINK]
    const client = host.start('dhclient', { command: 'dhclient', args })
    const bound = variables(await client.waitFor(/event=BOUND (.*)/))
    const renewed = variables(await client.waitFor(/event=RENEW (.*)/))
    const expected = {
      new_ip_address: '192.168.88.51',
      new_subnet_mask: '255.255.255.0',
      new_broadcast_address: '192.168.88.255',
      new_routers: '192.168.88.254',
      new_domain_name: 'lab.example',
      new_domain_search: 'lab.example.',
      new_domain_name_servers: '192.0.2.53 192.0.2.54',
      new_host_name: 'by-dhclient',
      new_ntp_servers: '192.0.2.123',
      new_rfc3442_classless_static_routes: '8 10 192 168 88 253 0 192 168 88 254',
      new_dhcp_server_identifier: SERVER,
      new_dhcp_lease_time: String(LEASE_SECONDS),
      new_dhcp_renewal_time: '3',
      new_dhcp_rebinding_time: '5',
    }
    const pick = (given: Readonly<Record<string, string>>) =>
      Object.fromEntries(Object.keys(expected).map((name) => [name, given[name]]))
    assert.deepEqual(pick(bound), expected)
    assert.deepEqual(pick(renewed), expected)
    assert.match(dhcp.output, /"received":"request","from":"192\.168\.88\.51:68"[^\n]*"sent":"ack"[^\n]*"by":"unicast"/)
    await client.stop()
  })

  test('udhcpc is given the address and everything it asks for, renews it, and gives it back', async () => {
    const asks = ['ntpsrv', 'search', 'staticroutes', 'broadcast', 'hostname'].flatMap((name) => ['-O', name])
    const client = await udhcpc('udhcpc', 2, '-R', ...asks)
    const bound = variables(await client.waitFor(/event=bound (.*)/))
    process.kill(client.pid, 'SIGUSR1')
    const renewed = variables(await client.waitFor(/event=renew (.*)/))
    const expected = {
      ip: '192.168.88.52',
      mask: '24',
      subnet: '255.255.255.0',
      broadcast: '192.168.88.255',
      router: '192.168.88.254',
      dns: '192.0.2.53 192.0.2.54',
      hostname: 'by-udhcpc',
      domain: 'lab.example',
      search: 'lab.example',
      ntpsrv: '192.0.2.123',
      staticroutes: '10.0.0.0/8 192.168.88.253 0.0.0.0/0 192.168.88.254',
      lease: '3600',
      serverid: SERVER,
    }
    const pick = (given: Readonly<Record<string, string>>) =>
      Object.fromEntries(Object.keys(expected).map((name) => [name, given[name]]))
    assert.deepEqual(pick(bound), expected)
    assert.deepEqual(pick(renewed), expected)
    await client.stop()
    await dhcp.waitFor(/"received":"release"[^\n]*"silent":"released"/)
  })

  test('udhcpc that says it is firmware is given a boot file, and iPXE its script', async () => {
    const vendor = ['-V', 'PXEClient:Arch:00007:UNDI:003001', '-x', '0x5d:0007', '-x', '0x5e:010301']
    const asks = ['-O', 'bootfile', '-O', 'tftp']
    const firmware = await udhcpc('firmware', 3, '-q', ...vendor, ...asks)
    const first = variables(await firmware.waitFor(/event=bound (.*)/))
    await firmware.ended
    const ipxe = await udhcpc('ipxe', 3, '-q', ...vendor, ...asks, '-x', '0x4d:69505845')
    const second = variables(await ipxe.waitFor(/event=bound (.*)/))
    assert.deepEqual([first['ip'], first['siaddr'], first['boot_file']], ['192.168.88.53', SERVER, 'ipxe.efi'])
    assert.equal(second['ip'], '192.168.88.53')
    const script = `http://${SERVER}:7080/ipxe/script/${mac(3)}/auto.ipxe`
    assert.ok(second['boot_file']!.startsWith(script), second['boot_file'])
  })

  test('an address that another host uses is declined by udhcpc, and withheld from then on', async () => {
    await lan.addHost('squatter', { address: '192.168.88.54/24' })
    const client = await udhcpc('squatted', 4, '-a', '-A', '1')
    await dhcp.waitFor(/"received":"decline"[^\n]*"silent":"declined"/)
    await dhcp.waitFor(/"received":"discover"[^\n]*"silent":"address-quarantined"/)
    await client.stop()
  })

  test('a machine without a record gets not one packet', async () => {
    const stranger = await udhcpc('stranger', 9, '-n', '-t', '3')
    assert.notEqual((await stranger.ended).code, 0)
    assert.equal(dhcp.output.includes(mac(9)), false)
  })

  test('any datagram is counted and dropped, and machines go on being served', async () => {
    const noise = await lan.addHost('noise', { address: '192.168.88.99/24' })
    await noise.run(process.execPath, '-e', SEND_NOISE)
    const client = await udhcpc('after-noise', 2, '-q')
    await client.waitFor(/event=bound /)
    const metrics = await server.run(process.execPath, '-e', PRINT_METRICS)
    const counted = /^reboots_dhcp_packets_total\{port="67",received="malformed",outcome="malformed"\} (\d+)$/m.exec(
      metrics,
    )
    assert.equal(counted?.[1], '6')
  })

  test('with the control plane gone machines go on being served', async () => {
    await Promise.all(controlPlane.map((running) => running.stop()))
    const client = await udhcpc('survivor', 2, '-q')
    const bound = variables(await client.waitFor(/event=bound (.*)/))
    assert.equal(bound['ip'], '192.168.88.52')
  })

  test('tshark finds nothing malformed in all of it', async () => {
    await capture.stop('SIGINT')
    const tshark = (...args: string[]) => run({ command: 'tshark', args: ['-n', '-r', file('dhcp.pcap'), ...args] })
    const types = await tshark('-Y', `ip.src == ${SERVER}`, '-T', 'fields', '-e', 'dhcp.option.dhcp')
    assert.deepEqual(new Set(types.trim().split('\n')), new Set(['2', '5']))
    assert.equal(await tsharkFaults(file('dhcp.pcap'), `ip.src == ${SERVER}`), '')
    const toStranger = `ip.src == ${SERVER} and dhcp.hw.mac_addr == ${mac(9)}`
    assert.equal(await tshark('-Y', toStranger), '')
  })
})
