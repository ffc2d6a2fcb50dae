import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { HOST_LINK, Lan, requireTools, run, type Host, type Running } from '@reboots/testkit'

/*
 * Stock DHCP clients whose records have no MAC, against services/dhcp, and a policy that gives them classes:
 *
 *     clients without addresses ──── 192.168.90.1 hardware, rules-engine, dhcp
 */
const skip = requireTools({ root: true, commands: ['ip', 'tcpdump', 'dhclient', 'udhcpc', 'tshark'] }) ?? false

const SERVER = '192.168.90.1'
const mac = (last: number) => `52:54:00:90:dd:0${last}`

const CONFIG = {
  // Silences are everyday.
  log: { level: 'debug' },
  links: { interfaces: [HOST_LINK] },
  hardware: { files: ['hardware.yaml'] },
  rules: { policy: 'policy.yaml' },
  dhcp: {
    options: { 'domain-name': 'all.example' },
    classes: {
      printers: { options: { 'domain-name': 'printers.example' }, leaseSeconds: { default: 300 } },
    },
  },
}
const POLICY = `apiVersion: reboots/v1
kind: BootPolicy
rules:
  - { name: printers, when: client.vendorClass == "printer", also: { class: printers } }
  - { name: misspelt, when: 'true', also: { class: printer } }
otherwise: ignore
`

function record(name: string, last: number, match: object): unknown {
  const dhcp = { ip: { address: `192.168.90.5${last}`, netmask: '255.255.255.0' }, lease_time: 3600 }
  const metadata = { name, namespace: 'default' }
  return { apiVersion: 'tinkerbell.org/v1alpha1', kind: 'Hardware', metadata, spec: { interfaces: [{ dhcp, match }] } }
}

const RECORDS = [
  record('text', 1, { clientId: 'node-1' }),
  record('octets', 2, { clientId: '0x000badcafe' }),
  record('printer', 3, { when: 'client.vendorClass == "printer" && client.loader == ""' }),
]

const DHCLIENT_SCRIPT = `#!/bin/sh
[ -n "$new_ip_address" ] && ip address replace "$new_ip_address/$new_subnet_mask" dev "$interface"
echo "event=$reason $(env | grep '^new_' | sort | tr '\\n' ';')"
`
const UDHCPC_SCRIPT = `#!/bin/sh
[ -n "$ip" ] && ip address replace "$ip/$mask" dev "$interface"
echo "event=$1 $(env | sort | tr '\\n' ';')"
`
const DHCLIENT_CONF = 'send dhcp-client-identifier "node-1";\nrequest subnet-mask, domain-name;\ntimeout 20;\n'

function variables(event: RegExpExecArray): Readonly<Record<string, string>> {
  const pairs = event[1]!.split(';').map((pair) => pair.split('=') as [string, ...string[]])
  return Object.fromEntries(pairs.map(([name, ...value]) => [name, value.join('=')]))
}

describe('stock DHCP clients that are found by something else than their MAC', { skip, timeout: 180_000 }, () => {
  let directory: string
  let lan: Lan
  let server: Host
  let dhcp: Running
  let capture: Running
  const file = (name: string) => path.join(directory, name)

  function service(name: string): Running {
    const main = fileURLToPath(new URL(`../../services/${name}/src/main.ts`, import.meta.url))
    const env = { REBOOTS_CONFIG: file('reboots.yaml') }
    return server.start(name, { command: process.execPath, args: [main], env })
  }

  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'dh-match-'))
    await Promise.all([
      writeFile(file('hardware.yaml'), RECORDS.map((record) => JSON.stringify(record)).join('\n---\n')),
      writeFile(file('policy.yaml'), POLICY),
      writeFile(file('reboots.yaml'), JSON.stringify(CONFIG)),
      writeFile(file('dhclient.sh'), DHCLIENT_SCRIPT, { mode: 0o755 }),
      writeFile(file('udhcpc.sh'), UDHCPC_SCRIPT, { mode: 0o755 }),
      writeFile(file('dhclient.conf'), DHCLIENT_CONF),
    ])
    lan = await Lan.open({ prefix: 'rv' })
    server = await lan.addHost('server', { address: `${SERVER}/24` })
    const args = ['-i', HOST_LINK, '-U', '-w', file('dhcp.pcap'), 'udp port 67 or udp port 68']
    capture = server.start('tcpdump', { command: 'tcpdump', args })
    await capture.waitFor(/listening on/)
    service('hardware')
    service('rules-engine')
    dhcp = service('dhcp')
    await dhcp.waitFor(/"replica":"machines"[^\n]*"msg":"synced"/, 60_000)
    await dhcp.waitFor(/"replica":"policy"[^\n]*"msg":"synced"/, 60_000)
  })

  after(async () => {
    await lan?.close()
    if (directory) await rm(directory, { recursive: true })
  })

  async function udhcpc(name: string, last: number, ...more: string[]): Promise<Running> {
    return udhcpcOn(await lan.addHost(name, { mac: mac(last) }), ...more)
  }

  function udhcpcOn(host: Host, ...more: string[]): Running {
    const args = ['-f', '-i', HOST_LINK, '-s', file('udhcpc.sh'), '-t', '10', '-T', '1', ...more]
    return host.start('udhcpc', { command: 'udhcpc', args })
  }

  async function boundBy(client: Running): Promise<Readonly<Record<string, string>>> {
    return variables(await client.waitFor(/event=bound (.*)/))
  }

  test('dhclient sends its identifier as text, and gets the address of that', async () => {
    const host = await lan.addHost('dhclient', { mac: mac(1) })
    const files = ['-sf', 'dhclient.sh', '-cf', 'dhclient.conf', '-lf', 'leases', '-pf', 'pid']
    const args = ['-4', '-d', ...files.map((word) => (word.startsWith('-') ? word : file(word))), HOST_LINK]
    const bound = variables(
      await host.start('dhclient', { command: 'dhclient', args }).waitFor(/event=(?:BOUND|REBOOT) (.*)/),
    )
    const found = [bound['new_ip_address'], bound['new_domain_name'], bound['new_dhcp_lease_time']]
    assert.deepEqual(found, ['192.168.90.51', 'all.example', '3600'])
    await dhcp.waitFor(/"sent":"ack"[^\n]*"found":"default\/text by client-id"/)
  })

  test('udhcpc with one as octets is renewed, and another network card with it takes over when the first is gone', async () => {
    const identifier = ['-C', '-x', '0x3d:000badcafe']
    const host = await lan.addHost('first', { mac: mac(2) })
    const first = udhcpcOn(host, ...identifier)
    assert.equal((await boundBy(first))['ip'], '192.168.90.52')
    process.kill(first.pid, 'SIGUSR1')
    assert.equal(variables(await first.waitFor(/event=renew (.*)/))['ip'], '192.168.90.52')
    await first.stop('SIGKILL')
    const other = await lan.addHost('second', { mac: mac(3) })
    assert.notEqual((await udhcpcOn(other, '-n', '-t', '2', ...identifier).ended).code, 0)
    await dhcp.waitFor(new RegExp(`"silent":"address-in-use"[^\\n]*192\\.168\\.90\\.52 is at ${mac(2)}`))
    await host.ip('link', 'set', HOST_LINK, 'down')
    assert.equal((await boundBy(udhcpcOn(other, '-q', ...identifier)))['ip'], '192.168.90.52')
  })

  test('udhcpc that a condition is true of has that address, and the class that the policy gives', async () => {
    const bound = await boundBy(await udhcpc('printer', 4, '-q', '-V', 'printer', '-O', 'domain'))
    assert.deepEqual([bound['ip'], bound['domain'], bound['lease']], ['192.168.90.53', 'printers.example', '300'])
  })

  test('one that nothing is true of gets no answer', async () => {
    const nobody = await udhcpc('nobody', 5, '-n', '-t', '2')
    assert.notEqual((await nobody.ended).code, 0)
    assert.match(dhcp.output, /"received":"discover"[^\n]*"silent":"unknown-machine"/)
  })

  test('a class that is not configured was warned of once', () => {
    const warnings = dhcp.output.match(/"class":"printer",[^\n]*did you mean \\"printers\\"\?"/g)
    assert.equal(warnings?.length, 1)
  })

  test('tshark finds nothing malformed in all of it', async () => {
    await capture.stop('SIGINT')
    const problems = `ip.src == ${SERVER} and (_ws.malformed or _ws.expert.severity >= 0x600000)`
    assert.equal(await run({ command: 'tshark', args: ['-n', '-r', file('dhcp.pcap'), '-Y', problems, '-V'] }), '')
  })
})
