import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { HOST_LINK, Lan, requireTools, type Capture, type Host, type Running } from '@reboots/testkit'

/*
 * Servers that others wrote, in order and not, on one LAN with services/proxydhcp, each with a client of its own:
 *
 *     client ── LAN ─┬─ 10.94.0.1 proxydhcp, hardware, rules-engine
 *                    └─ 10.94.0.11 … dnsmasq or Kea, one after the other
 */
const skip = requireTools({ root: true, commands: ['ip', 'tcpdump', 'dnsmasq', 'kea-dhcp4', 'udhcpc', 'curl'] })

const OURS = '10.94.0.1'
const ASK_AGAIN_AFTER_MS = 200
const WITHIN_MS = 20_000

type ServerRow = Readonly<Record<string, unknown>>

interface Found {
  readonly finding: string
  /** Of the remedy. */
  readonly says: RegExp
}

interface Row {
  readonly name: string
  readonly start: (host: Host, address: string, directory: string) => Promise<Running>
  readonly looksLike?: string
  readonly found: readonly Found[]
}

/** A dnsmasq that gives addresses, or whatever `range` says. */
function dnsmasq(options: readonly string[], range = '10.94.0.100,10.94.0.150,255.255.255.0,600'): Row['start'] {
  return async (host, _address, directory) => {
    const fixed =
      '--no-daemon --conf-file=/dev/null --pid-file= --user=root --port=0 --log-dhcp --bind-interfaces --no-ping'
    const files = [`--interface=${HOST_LINK}`, `--dhcp-leasefile=${path.join(directory, `${host.name}.leases`)}`]
    const args = [...fixed.split(' '), ...files, `--dhcp-range=${range}`, '--dhcp-authoritative', ...options]
    const server = host.start('dnsmasq', { command: 'dnsmasq', args })
    await server.waitFor(/DHCP, (?:IP range|proxy)/)
    return server
  }
}

function kea(options: Readonly<Record<string, unknown>>): Row['start'] {
  return async (host, _address, directory) => {
    const file = path.join(directory, `${host.name}.json`)
    const Dhcp4 = {
      'interfaces-config': { interfaces: [HOST_LINK], 'dhcp-socket-type': 'raw' },
      'lease-database': { type: 'memfile', persist: false },
      'valid-lifetime': 600,
      subnet4: [{ id: 1, subnet: '10.94.0.0/24', pools: [{ pool: '10.94.0.160 - 10.94.0.199' }] }],
      loggers: [{ name: 'kea-dhcp4', severity: 'INFO', output_options: [{ output: 'stdout' }] }],
      ...options,
    }
    await writeFile(file, JSON.stringify({ Dhcp4 }))
    const env = { KEA_PIDFILE_DIR: directory, KEA_LOCKFILE_DIR: directory }
    const server = host.start('kea-dhcp4', { command: 'kea-dhcp4', args: ['-c', file], env })
    await server.waitFor(/DHCP4_STARTED/)
    return server
  }
}

const ROWS: readonly Row[] = [
  { name: 'dnsmasq in order', start: dnsmasq([]), looksLike: 'dnsmasq', found: [] },
  { name: 'Kea in order', start: kea({}), looksLike: 'Kea', found: [] },
  {
    name: 'dnsmasq with a boot file',
    start: dnsmasq(['--dhcp-boot=foreign.0']),
    looksLike: 'dnsmasq',
    found: [{ finding: 'boot-file', says: /remove dhcp-boot/ }],
  },
  {
    name: 'Kea with a boot file',
    start: kea({ 'next-server': '10.94.0.99', 'boot-file-name': 'foreign.efi' }),
    looksLike: 'Kea',
    found: [{ finding: 'boot-file', says: /remove boot-file-name and next-server from Kea/ }],
  },
  {
    name: 'dnsmasq with option 60',
    start: dnsmasq(['--dhcp-option-force=60,PXEClient']),
    looksLike: 'dnsmasq',
    found: [{ finding: 'pxe-class', says: /remove dhcp-option=60/ }],
  },
  {
    name: 'dnsmasq as a proxy',
    start: dnsmasq(['--pxe-service=x86PC,One,foreign'], '10.94.0.0,proxy'),
    found: [{ finding: 'other-proxy', says: /proxydhcp\.otherServers\.known/ }],
  },
]

describe('other servers beside services/proxydhcp', { skip, timeout: 180_000 }, () => {
  let directory: string
  let lan: Lan
  let ours: Host
  let proxydhcp: Running
  let capture: Capture

  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'rc-others-'))
    await writeFile(path.join(directory, 'hardware.yaml'), '')
    const config = { links: { interfaces: [HOST_LINK] }, hardware: { files: ['hardware.yaml'] } }
    await writeFile(path.join(directory, 'reboots.yaml'), JSON.stringify(config))
    lan = await Lan.open({ prefix: 'rc' })
    ours = await lan.addHost('ours', { address: `${OURS}/24` })
    capture = await lan.capture()
    const service = (name: string): Running => {
      const main = fileURLToPath(new URL(`../../services/${name}/src/main.ts`, import.meta.url))
      const env = { REBOOTS_CONFIG: path.join(directory, 'reboots.yaml') }
      return ours.start(name, { command: process.execPath, args: [main], env })
    }
    service('hardware')
    service('rules-engine')
    proxydhcp = service('proxydhcp')
    await proxydhcp.waitFor(/"replica":"policy"[^\n]*"msg":"synced"/, 60_000)
  })

  after(async () => {
    await lan?.close()
    if (directory) await rm(directory, { recursive: true })
  })

  /** There is no event to wait for: /servers is asked until it has the server. */
  async function shown(server: string, isShown: (row: ServerRow) => boolean): Promise<ServerRow> {
    const until = Date.now() + WITHIN_MS
    while (Date.now() < until) {
      const text = await ours.run('curl', '--silent', '--fail', 'http://127.0.0.1:7011/servers')
      const { servers } = JSON.parse(text) as { servers: readonly ServerRow[] }
      const row = servers.find((each) => each['server'] === server)
      if (row !== undefined && isShown(row)) return row
      await setTimeout(ASK_AGAIN_AFTER_MS)
    }
    throw new Error(`${server} is not shown\n${proxydhcp.output}`)
  }

  test('a server that answers to the MAC of the client alone: what clients take from it', async () => {
    const host = await lan.addHost('quiet', { address: '10.94.0.10/24' })
    const server = await kea({})(host, '10.94.0.10', directory)
    const client = await lan.addHost('asks', { mac: '52:54:00:94:00:10' })
    client.start('udhcpc', { command: 'udhcpc', args: ['-i', HOST_LINK, '-f', '-s', '/bin/true', '-B'] })
    const { mac, addresses } = await shown('10.94.0.10', (row) => row['addresses'] !== undefined)
    assert.deepEqual([mac, addresses], [undefined, ['10.94.0.160', '10.94.0.160']])
    await server.stop()
    // From here on what it would say reaches us, too.
    await lan.start('hub', { command: 'ip', args: 'link set br0 type bridge ageing_time 0'.split(' ') }).ended
  })

  for (const [index, { name, start, looksLike, found }] of ROWS.entries()) {
    test(`${name}: ${found.map(({ finding }) => finding).join(', ') || 'nothing is said'}`, async () => {
      const address = `10.94.0.${11 + index}`
      const host = await lan.addHost(`site${index}`, { address: `${address}/24` })
      const server = await start(host, address, directory)
      const client = await lan.addHost(`client${index}`, { mac: `52:54:00:94:00:0${index}` })
      const firmware = ['-V', 'PXEClient:Arch:00000:UNDI:002001', '-x', '0x5d:0000', '-O', 'bootfile', '-B']
      client.start('udhcpc', { command: 'udhcpc', args: ['-i', HOST_LINK, '-f', '-s', '/bin/true', ...firmware] })
      const { findings, ...row } = await shown(address, (row) => row['mac'] !== undefined)
      assert.equal(row['looksLike'], looksLike)
      assert.equal(row['mac'], await host.mac())
      const names = (findings as readonly { name: string; remedy: string }[]).map((each) => each.name)
      assert.deepEqual(
        names,
        found.map(({ finding }) => finding),
      )
      await server.stop()
      const warnings = proxydhcp.output
        .split('\n')
        .filter((line) => line.includes(`server ${address} `))
        .map((line) => JSON.parse(line) as { finding: string; remedy: string })
      assert.deepEqual(
        warnings.map(({ finding }) => finding),
        found.map(({ finding }) => finding),
      )
      for (const [at, { says }] of found.entries()) assert.match(warnings[at]!.remedy, says)
    })
  }

  test('they are counted, and nothing was sent to anybody', async () => {
    const metrics = await ours.run('curl', '--silent', '--fail', 'http://127.0.0.1:7011/metrics')
    assert.match(metrics, /reboots_proxydhcp_other_servers\{link="eth0",finding="boot-file"\} 2/)
    const mac = await ours.mac()
    assert.deepEqual(
      capture.packets().filter(({ sourceMac }) => sourceMac === mac),
      [],
    )
  })
})
