import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { HOST_LINK, Lan, requireTools, type Host, type Running } from '@reboots/testkit'
import { discover, select } from './src/client.ts'
import { datagramOf, type Request } from './src/wire/request.ts'
import { answers, Wire } from './src/wire/wire.ts'

/*
 * Hosts that use addresses of a pool and have no lease, and stock clients that come after them:
 *
 *     squatter 10.90.100.100 ─┐
 *     clients without address ┼── 10.90.0.1 hardware, rules-engine, dhcp; pools 10.90.100.100 and 10.91.0.100 and up
 *     500 known machines ─────┤
 *                             └── 10.90.0.2 relay agent (dnsmasq) 10.91.0.1 ──┬── squatter 10.91.0.100
 *                                                                             └── client without address
 */
const skip = requireTools({ root: true, commands: ['ip', 'dnsmasq', 'dhclient', 'udhcpc', 'setpriv', 'curl'] }) ?? false

const SERVER = '10.90.0.1'
const KNOWN = 500
const known = (i: number) => ({
  mac: `52:54:00:90:${(i >> 8).toString(16).padStart(2, '0')}:${(i & 255).toString(16).padStart(2, '0')}`,
  address: `10.90.${1 + (i >> 7)}.${1 + (i & 127)}`,
})
const config = (waitMilliseconds: number) => ({
  links: { interfaces: [HOST_LINK] },
  hardware: { files: ['hardware.yaml'] },
  dhcp: {
    unknownMachines: 'serve',
    conflictProbe: { waitMilliseconds },
    subnets: [
      { subnet: '10.90.0.0/16', pools: [{ range: '10.90.100.100-10.90.100.199' }] },
      { subnet: '10.91.0.0/24', pools: [{ range: '10.91.0.100-10.91.0.199' }] },
    ],
  },
})
const record = (i: number) => ({
  apiVersion: 'tinkerbell.org/v1alpha1',
  kind: 'Hardware',
  metadata: { name: `known-${i}`, namespace: 'default' },
  spec: {
    interfaces: [
      { dhcp: { mac: known(i).mac, ip: { address: known(i).address, netmask: '255.255.0.0' } }, netboot: {} },
    ],
  },
})

const CLIENT_SCRIPT = `#!/bin/sh
echo "event=\${1:-$reason} address=\${ip:-$new_ip_address}"
`

describe('addresses that somebody uses', { skip, timeout: 180_000 }, () => {
  let directory: string
  let lan: Lan
  let server: Host
  let relay: Host
  let dhcp: Running
  let squatter: Host
  const file = (name: string) => path.join(directory, name)

  function service(name: string, configuration: string, ...wrapper: readonly string[]): Running {
    const main = fileURLToPath(new URL(`../../services/${name}/src/main.ts`, import.meta.url))
    const [command, ...args] = [...wrapper, process.execPath, main]
    return server.start(name, { command, args, env: { REBOOTS_CONFIG: file(configuration) } })
  }

  async function startDhcp(configuration: string, ...wrapper: readonly string[]): Promise<void> {
    await dhcp?.stop()
    await rm(file('state'), { recursive: true, force: true })
    dhcp = service('dhcp', configuration, ...wrapper)
    await dhcp.waitFor(/"replica":"machines"[^\n]*"msg":"synced"/, 60_000)
    await dhcp.waitFor(/"replica":"policy"[^\n]*"msg":"synced"/, 60_000)
  }

  /** A host on the far side of the relay agent. */
  async function addFarHost(name: string, address?: string): Promise<Host> {
    const host = await lan.addHost(name)
    await host.ip('link', 'set', HOST_LINK, 'down')
    const there = await namespaceOf(host)
    await relay.ip('link', 'add', `p-${name}`, 'type', 'veth', 'peer', 'name', 'far0', 'netns', there)
    await relay.ip('link', 'set', `p-${name}`, 'master', 'br1', 'up')
    await host.ip('link', 'set', 'far0', 'up')
    if (address !== undefined) {
      await host.ip('address', 'add', `${address}/24`, 'dev', 'far0')
      await host.ip('route', 'add', 'default', 'via', '10.91.0.1')
    }
    return host
  }

  async function udhcpc(host: Host, link = HOST_LINK): Promise<string | undefined> {
    const args = ['-f', '-q', '-i', link, '-s', file('client.sh'), '-t', '10', '-T', '3']
    return (await host.start('udhcpc', { command: 'udhcpc', args }).waitFor(/event=bound address=(.*)/))[1]
  }

  const counted = (outcome: string, method: string) =>
    new RegExp(`^reboots_dhcp_probes_total\\{[^}]*method="${method}",outcome="${outcome}"\\} (\\d+)$`, 'm')
  const metrics = () => server.run('curl', '--silent', '--fail', 'http://127.0.0.1:7067/metrics')

  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'dh-probe-'))
    const records = Array.from({ length: KNOWN }, (_, i) => JSON.stringify(record(i)))
    await Promise.all([
      writeFile(file('hardware.yaml'), records.join('\n---\n')),
      writeFile(file('reboots.yaml'), JSON.stringify(config(400))),
      writeFile(file('patient.yaml'), JSON.stringify(config(5000))),
      writeFile(file('client.sh'), CLIENT_SCRIPT, { mode: 0o755 }),
      writeFile(file('dhclient.conf'), 'timeout 20;\n'),
    ])
    lan = await Lan.open({ prefix: 'pb' })
    server = await lan.addHost('server', { address: `${SERVER}/16` })
    squatter = await lan.addHost('squatter', { address: '10.90.100.100/16' })
    relay = await lan.addHost('relay', { address: '10.90.0.2/16' })
    await relay.ip('link', 'add', 'br1', 'type', 'bridge', 'forward_delay', '0', 'stp_state', '0')
    await relay.ip('address', 'add', '10.91.0.1/24', 'dev', 'br1')
    await relay.ip('link', 'set', 'br1', 'up')
    await relay.run('sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward')
    await server.ip('route', 'add', '10.91.0.0/24', 'via', '10.90.0.2')
    const args = ['--no-daemon', '--port=0', '--user=root', '--pid-file=', '--conf-file=/dev/null']
    const agent = relay.start('dnsmasq', { command: 'dnsmasq', args: [...args, `--dhcp-relay=10.91.0.1,${SERVER}`] })
    await agent.waitFor(/DHCP relay from/)
    service('hardware', 'reboots.yaml')
    service('rules-engine', 'reboots.yaml')
    await startDhcp('reboots.yaml')
  })

  after(async () => {
    await lan?.close()
    if (directory) await rm(directory, { recursive: true })
  })

  test('it is said how addresses are probed', () => {
    assert.match(dhcp.output, /"msg":"ready:[^\n]*probed first: ARP on eth0, ICMP"/)
  })

  test('dhclient is not offered the address of the squatter, but the next one', async () => {
    const host = await lan.addHost('dhclient')
    const files = ['-sf', 'client.sh', '-cf', 'dhclient.conf', '-lf', 'leases', '-pf', 'pid']
    const args = ['-4', '-d', ...files.map((word) => (word.startsWith('-') ? word : file(word))), HOST_LINK]
    const client = host.start('dhclient', { command: 'dhclient', args })
    const [, address] = await client.waitFor(/event=BOUND address=(.*)/)
    assert.equal(address, '10.90.100.101')
    await client.stop('SIGKILL')
    const warning = new RegExp(`"level":"warn"[^\n]*"conflicts":\\["10.90.100.100 is at ${await squatter.mac()}"\\]`)
    assert.match(dhcp.output, warning)
    assert.match(await metrics(), counted('in-use', 'arp'))
  })

  test('the address is in quarantine: udhcpc gets the one after that without anybody asking for it again', async () => {
    assert.equal(await udhcpc(await lan.addHost('udhcpc')), '10.90.100.102')
    assert.equal(counted('in-use', 'arp').exec(await metrics())?.[1], '1')
  })

  test('behind a relay agent a squatter answers a ping', async () => {
    await addFarHost('far-squatter', '10.91.0.100')
    assert.equal(await udhcpc(await addFarHost('far-client'), 'far0'), '10.91.0.101')
    assert.match(dhcp.output, /"level":"warn"[^\n]*"conflicts":\["10.91.0.100 answers a ping"\]/)
    assert.match(await metrics(), counted('in-use', 'icmp'))
  })

  test(`while a newcomer is parked, ${KNOWN} machines have their addresses in four messages each`, async () => {
    await startDhcp('patient.yaml')
    const crowd = await lan.addHost('crowd')
    const wire = new Wire(await namespaceOf(crowd), HOST_LINK)
    const destinationMac = 'ff:ff:ff:ff:ff:ff'
    const way = { destinationMac, from: '0.0.0.0', fromPort: 68, to: '255.255.255.255', toPort: 67 }
    const send = (xid: number, request: Request) => {
      wire.send({ ...way, sourceMac: request.chaddr!, payload: datagramOf({ ...request, xid, flags: 0x8000 }) })
      return wire.take(answers(xid), 60_000)
    }
    try {
      const newcomer = send(KNOWN, discover({ mac: '52:54:00:90:ff:01' }))
      const acks = await Promise.all(
        Array.from({ length: KNOWN }, async (_, i) => {
          const offer = await send(i, discover(known(i)))
          return send(i, select(known(i), offer))
        }),
      )
      // Whoever comes first is answered first: had the newcomer been answered it would have been seen.
      const early = await Promise.race([newcomer, Promise.resolve('nobody')])
      assert.equal(early, 'nobody')
      assert.deepEqual(
        acks.map((ack) => ack.yiaddr),
        Array.from({ length: KNOWN }, (_, i) => known(i).address),
      )
      assert.equal((await newcomer).yiaddr, '10.90.100.101')
    } finally {
      await wire.close()
    }
  })

  test('an interface that was down is probed on when it is up again', async () => {
    await startDhcp('reboots.yaml')
    await server.ip('link', 'set', HOST_LINK, 'down')
    await server.ip('link', 'set', HOST_LINK, 'up')
    assert.equal(await udhcpc(await lan.addHost('up-again')), '10.90.100.101')
  })

  test('it is switched off while the service runs', async () => {
    const { dhcp: settings, ...others } = config(400)
    const off = { ...others, dhcp: { ...settings, conflictProbe: { enabled: false } } }
    await startDhcp('reboots.yaml')
    await writeFile(file('reboots.yaml'), JSON.stringify(off))
    await dhcp.waitFor(/"msg":"new configuration in force"/)
    assert.equal(await udhcpc(await lan.addHost('off')), '10.90.100.100')
    await writeFile(file('reboots.yaml'), JSON.stringify(config(400)))
  })

  test('a check of the configuration says whether the privilege is there', async () => {
    const check = (...wrapper: readonly string[]) => {
      const main = fileURLToPath(new URL('../../services/dhcp/src/main.ts', import.meta.url))
      const command = [...wrapper, process.execPath, main, '--check'].join(' ')
      return server.run('sh', '-c', `REBOOTS_CONFIG=${file('reboots.yaml')} ${command}`)
    }
    assert.equal(await check(), 'dhcp: the configuration is in order\n')
    const lacking = await check('setpriv', '--bounding-set=-net_raw')
    assert.match(lacking, /cannot be probed before they are offered: CAP_NET_RAW is missing/)
    assert.match(
      await check('env', 'REBOOTS_KOFFI=off'),
      /cannot be probed before they are offered: koffi is not available/,
    )
  })

  test('without the privilege nothing is probed, which is said once, and clients are served', async () => {
    await startDhcp('reboots.yaml', 'setpriv', '--bounding-set=-net_raw')
    assert.match(dhcp.output, /"level":"warn"[^\n]*CAP_NET_RAW is missing[^\n]*offered without asking who uses them/)
    assert.match(dhcp.output, /"msg":"ready:[^\n]*not probed before they are offered/)
    assert.equal(await udhcpc(await lan.addHost('unprobed')), '10.90.100.100')
    assert.match(await metrics(), counted('impossible', 'arp'))
  })
})

async function namespaceOf(host: Host): Promise<string> {
  return (await host.run('sh', '-c', 'ip netns identify $$')).trim()
}
