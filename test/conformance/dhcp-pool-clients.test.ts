import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { HOST_LINK, Lan, requireTools, tsharkFaults, type Host, type Running } from '@reboots/testkit'

/*
 * Stock DHCP clients that no hardware record knows, against services/dhcp with a pool and its leases in SQLite:
 *
 *     clients without addresses ──── 192.168.89.1 hardware, rules-engine, dhcp; pool .100 to .103
 */
const skip = requireTools({ root: true, commands: ['ip', 'tcpdump', 'dhclient', 'udhcpc', 'tshark'] }) ?? false

const SERVER = '192.168.89.1'
const mac = (last: number) => `52:54:00:89:dd:0${last}`
const POOL = /^192\.168\.89\.10[0-3]$/

const CONFIG = {
  links: { interfaces: [HOST_LINK] },
  hardware: { files: ['hardware.yaml'] },
  dhcp: {
    unknownMachines: 'serve',
    leaseSeconds: { default: 3600, firmware: 300 },
    options: { 'ntp-servers': ['192.0.2.123'] },
    subnets: [
      {
        subnet: '192.168.89.0/24',
        routers: ['192.168.89.254'],
        nameServers: ['192.0.2.53'],
        domain: 'pool.example',
        pools: [{ range: '192.168.89.100-192.168.89.103' }],
      },
    ],
  },
}
const RESERVED = {
  apiVersion: 'tinkerbell.org/v1alpha1',
  kind: 'Hardware',
  metadata: { name: 'reserved', namespace: 'default' },
  spec: {
    interfaces: [{ dhcp: { mac: mac(9), ip: { address: '192.168.89.101', netmask: '255.255.255.0' } }, netboot: {} }],
  },
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
const DHCLIENT_CONF = 'request subnet-mask, routers, domain-name, domain-name-servers, ntp-servers;\ntimeout 20;\n'

function variables(event: RegExpExecArray): Readonly<Record<string, string>> {
  const pairs = event[1]!.split(';').map((pair) => pair.split('=') as [string, ...string[]])
  return Object.fromEntries(pairs.map(([name, ...value]) => [name, value.join('=')]))
}

describe('stock DHCP clients without a record', { skip, timeout: 180_000 }, () => {
  let directory: string
  let lan: Lan
  let server: Host
  let dhcp: Running
  let capture: Running
  let udhcpcClient: Running
  const addresses: Record<string, string | undefined> = {}
  const file = (name: string) => path.join(directory, name)

  function service(name: string): Running {
    const main = fileURLToPath(new URL(`../../services/${name}/src/main.ts`, import.meta.url))
    return server.start(name, {
      command: process.execPath,
      args: [main],
      env: { REBOOTS_CONFIG: file('reboots.yaml') },
    })
  }

  async function startDhcp(): Promise<void> {
    dhcp = service('dhcp')
    await dhcp.waitFor(/"replica":"machines"[^\n]*"msg":"synced"/, 60_000)
    await dhcp.waitFor(/"replica":"policy"[^\n]*"msg":"synced"/, 60_000)
  }

  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'dh-pool-'))
    await Promise.all([
      writeFile(file('hardware.yaml'), JSON.stringify(RESERVED)),
      writeFile(file('reboots.yaml'), JSON.stringify(CONFIG)),
      writeFile(file('dhclient.sh'), DHCLIENT_SCRIPT, { mode: 0o755 }),
      writeFile(file('udhcpc.sh'), UDHCPC_SCRIPT, { mode: 0o755 }),
      writeFile(file('dhclient.conf'), DHCLIENT_CONF),
    ])
    lan = await Lan.open({ prefix: 'dp' })
    server = await lan.addHost('server', { address: `${SERVER}/24` })
    const args = ['-i', HOST_LINK, '-U', '-w', file('dhcp.pcap'), 'udp port 67 or udp port 68']
    capture = server.start('tcpdump', { command: 'tcpdump', args })
    await capture.waitFor(/listening on/)
    service('hardware')
    service('rules-engine')
    await startDhcp()
  })

  after(async () => {
    await lan?.close()
    if (directory) await rm(directory, { recursive: true })
  })

  function dhclient(host: Host): Running {
    const files = ['-sf', 'dhclient.sh', '-cf', 'dhclient.conf', '-lf', 'leases', '-pf', 'pid']
    const args = ['-4', '-d', ...files.map((word) => (word.startsWith('-') ? word : file(word))), HOST_LINK]
    return host.start('dhclient', { command: 'dhclient', args })
  }

  async function udhcpc(name: string, last: number, ...more: string[]): Promise<Running> {
    const host = await lan.addHost(name, { mac: mac(last) })
    const args = ['-f', '-i', HOST_LINK, '-s', file('udhcpc.sh'), '-t', '10', '-T', '1', ...more]
    return host.start('udhcpc', { command: 'udhcpc', args })
  }

  async function boundBy(client: Running): Promise<Readonly<Record<string, string>>> {
    return variables(await client.waitFor(/event=bound (.*)/))
  }

  let dhclientHost: Host

  test('dhclient is given an address of the pool and what the configuration says', async () => {
    dhclientHost = await lan.addHost('dhclient', { mac: mac(1) })
    const client = dhclient(dhclientHost)
    const bound = variables(await client.waitFor(/event=BOUND (.*)/))
    addresses['dhclient'] = bound['new_ip_address']
    assert.match(bound['new_ip_address']!, POOL)
    const names = ['subnet_mask', 'routers', 'domain_name', 'domain_name_servers', 'ntp_servers', 'dhcp_lease_time']
    assert.deepEqual(
      names.map((name) => bound[`new_${name}`]),
      ['255.255.255.0', '192.168.89.254', 'pool.example', '192.0.2.53', '192.0.2.123', '3600'],
    )
    await client.waitFor(/bound to .* renewal in/)
    // As in a power cut: told to stop it would release.
    await client.stop('SIGKILL')
  })

  test('udhcpc is given another one, and firmware one with a short lease', async () => {
    udhcpcClient = await udhcpc('udhcpc', 2)
    const bound = await boundBy(udhcpcClient)
    const firmware = await udhcpc('firmware', 3, '-q', '-V', 'PXEClient:Arch:00007:UNDI:003001', '-x', '0x5d:0007')
    const booting = await boundBy(firmware)
    addresses['udhcpc'] = bound['ip']
    addresses['firmware'] = booting['ip']
    assert.deepEqual([bound['lease'], booting['lease']], ['3600', '300'])
    assert.equal(new Set([...Object.values(addresses), '192.168.89.101']).size, 4)
  })

  test('when all are taken the next client gets nothing, and the reserved one is still there for its machine', async () => {
    const late = await udhcpc('late', 4, '-n', '-t', '2')
    assert.notEqual((await late.ended).code, 0)
    assert.match(dhcp.output, /"received":"discover"[^\n]*"silent":"no-free-address"/)
    const reserved = await udhcpc('reserved', 9, '-q')
    assert.equal((await boundBy(reserved))['ip'], '192.168.89.101')
  })

  test('after kill -9 the leases are there: renewed, confirmed at a reboot, and given to nobody else', async () => {
    await dhcp.stop('SIGKILL')
    await startDhcp()
    const late = await udhcpc('still-late', 5, '-n', '-t', '2')
    assert.notEqual((await late.ended).code, 0)
    process.kill(udhcpcClient.pid, 'SIGUSR1')
    const renewed = variables(await udhcpcClient.waitFor(/event=renew (.*)/))
    assert.equal(renewed['ip'], addresses['udhcpc'])
    const rebooted = dhclient(dhclientHost)
    const confirmed = variables(await rebooted.waitFor(/event=REBOOT (.*)/))
    assert.equal(confirmed['new_ip_address'], addresses['dhclient'])
    await rebooted.stop()
  })

  test('tshark finds nothing malformed in all of it', async () => {
    await capture.stop('SIGINT')
    assert.equal(await tsharkFaults(file('dhcp.pcap'), `ip.src == ${SERVER}`), '')
  })
})
