import assert from 'node:assert/strict'
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { HOST_LINK, Lan, requireTools, type Host, type Running } from '@reboots/testkit'

/*
 * Stock DHCP clients against services/dhcp while its configuration and its interfaces change under it:
 *
 *     clients ──┬── 192.168.88.1, later 192.168.89.1   eth0     hardware, dhcp
 *     peer0   ──┴── 192.168.90.1, later 192.168.91.1   late-0   which comes and goes
 */
const skip = requireTools({ root: true, commands: ['ip', 'dhclient', 'udhcpc'] }) ?? false

const LEASE_SECONDS = 4
const UDHCPC_SCRIPT = `#!/bin/sh
echo "event=$1 ip=$ip serverid=$serverid"
`
const DHCLIENT_SCRIPT = `#!/bin/sh
[ -n "$new_ip_address" ] && ip address replace "$new_ip_address/$new_subnet_mask" dev "$interface"
[ -z "$new_ip_address" ] && [ -n "$old_ip_address" ] && ip address flush dev "$interface"
echo "event=$reason ip=$new_ip_address"
`
const RECORD = {
  apiVersion: 'tinkerbell.org/v1alpha1',
  kind: 'Hardware',
  metadata: { name: 'elsewhere', namespace: 'default' },
  spec: {
    interfaces: [{ dhcp: { mac: '52:54:00:88:00:99', ip: { address: '192.0.2.9', netmask: '255.255.255.0' } } }],
  },
}
const CLI = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))
const PRINT_METRICS = `fetch('http://127.0.0.1:7067/metrics').then((reply) => reply.text()).then(console.log)`

function configuration(
  pool: string,
  links: object = { interfaces: [HOST_LINK, 'vlan*', 'late0'], wait: true },
): string {
  const net = (third: number) => ({
    subnet: `192.168.${third}.0/24`,
    pools: [{ range: `192.168.${third}.50-192.168.${third}.60` }],
  })
  const subnets = [{ subnet: '192.168.88.0/24', pools: [{ range: pool }] }, net(89), net(90), net(91)]
  return JSON.stringify(
    {
      links,
      hardware: { files: ['hardware.json'] },
      dhcp: {
        unknownMachines: 'serve',
        leaseSeconds: { default: LEASE_SECONDS },
        leases: { store: 'memory' },
        subnets,
      },
    },
    undefined,
    2,
  )
}

/** A host with the services on it, and a LAN for their clients. */
class Site {
  readonly #directory: string
  readonly #lan: Lan
  readonly #links: object
  readonly server: Host
  readonly dhcp: Running
  #clients = 0

  private constructor(directory: string, lan: Lan, server: Host, links: object, env: Record<string, string>) {
    this.#directory = directory
    this.#lan = lan
    this.#links = links
    this.server = server
    const service = (name: string): Running => {
      const main = fileURLToPath(new URL(`../../services/${name}/src/main.ts`, import.meta.url))
      const config = { REBOOTS_CONFIG: this.file('reboots.yaml') }
      return server.start(name, { command: process.execPath, args: [main], env: { ...config, ...env } })
    }
    service('hardware')
    this.dhcp = service('dhcp')
  }

  static async open(links: object, env: Record<string, string>): Promise<Site> {
    const directory = await mkdtemp(path.join(tmpdir(), 'cf-live-'))
    const file = (name: string) => path.join(directory, name)
    await Promise.all([
      writeFile(file('hardware.json'), JSON.stringify(RECORD)),
      writeFile(file('reboots.yaml'), configuration('192.168.88.10-192.168.88.19', links)),
      writeFile(file('udhcpc.sh'), UDHCPC_SCRIPT, { mode: 0o755 }),
      writeFile(file('dhclient.sh'), DHCLIENT_SCRIPT, { mode: 0o755 }),
      writeFile(file('dhclient.conf'), 'timeout 20;\n'),
    ])
    const lan = await Lan.open({ prefix: 'cf' })
    const server = await lan.addHost('server', { address: '192.168.88.1/24' })
    const site = new Site(directory, lan, server, links, env)
    await site.dhcp.waitFor(/"replica":"machines"[^\n]*"msg":"synced"/, 60_000)
    return site
  }

  file(name: string): string {
    return path.join(this.#directory, name)
  }

  /** Replaces the configuration as editors and Kubernetes do. */
  async configure(pool: string, change = (text: string) => text): Promise<void> {
    await writeFile(this.file('next.yaml'), change(configuration(pool, this.#links)))
    await rename(this.file('next.yaml'), this.file('reboots.yaml'))
  }

  /** What a client that has just come is given: `address by server`. */
  async newcomer(): Promise<string> {
    return this.given(await this.#lan.addHost(`c${this.#clients++}`), HOST_LINK)
  }

  async given(host: Host, link: string): Promise<string> {
    const args = ['-f', '-q', '-i', link, '-s', this.file('udhcpc.sh'), '-t', '20', '-T', '1']
    const client = host.start('udhcpc', { command: 'udhcpc', args })
    const [, ip, by] = await client.waitFor(/event=bound ip=(\S+) serverid=(\S+)/)
    return `${ip} by ${by}`
  }

  /** `reboots dhcp <action>` on the host of the services, with a file that has this text: what it prints, and its exit code. */
  async reboots(action: 'apply' | 'show', text: string): Promise<string> {
    await writeFile(this.file('given.yaml'), text)
    const file = action === 'apply' ? [this.file('given.yaml')] : []
    const command = [process.execPath, CLI, 'dhcp', action, ...file]
    return this.server.run('sh', '-c', `${command.join(' ')} 2>&1; echo exit $?`)
  }

  async dhclient(): Promise<Running> {
    const host = await this.#lan.addHost('dhclient')
    const files = ['-sf', 'dhclient.sh', '-cf', 'dhclient.conf', '-lf', 'leases', '-pf', 'pid']
    const args = ['-4', '-d', ...files.map((word) => (word.startsWith('-') ? word : this.file(word))), HOST_LINK]
    return host.start('dhclient', { command: 'dhclient', args })
  }

  async close(): Promise<void> {
    await this.#lan.close()
    await rm(this.#directory, { recursive: true })
  }
}

for (const [mode, env] of [
  ['by batches, told by the kernel', { REBOOTS_LINKS_IO_THREAD: 'off' }],
  ['with a thread of its own for the doors', { REBOOTS_LINKS_IO_THREAD: 'on' }],
  ['without koffi, by looking', { REBOOTS_KOFFI: 'off' }],
] as const) {
  describe(`while it runs, ${mode}`, { skip, timeout: 180_000 }, () => {
    let site: Site
    before(async () => {
      site = await Site.open({ interfaces: [HOST_LINK] }, env)
    })
    after(() => site?.close())

    test('a pool that is replaced: who renews is refused and gets an address of the new one', async () => {
      const { dhcp } = site
      const client = await site.dhclient()
      await client.waitFor(/event=BOUND ip=192\.168\.88\.10\n/)
      await site.configure('192.168.88.20-192.168.88.29')
      const [line] = await dhcp.waitFor(/[^\n]*"msg":"new configuration in force"/)
      assert.match(line, /"changed":\["dhcp\.subnets"\]/)
      await client.waitFor(/event=\w+ ip=192\.168\.88\.20\n/)
      assert.match(
        dhcp.output,
        /"received":"request"[^\n]*"sent":"nak"[^\n]*192\.168\.88\.10 is not an address of this network/,
      )
      await client.stop()
    })

    test('a configuration that is wrong is refused with its places, and again for who sends SIGHUP', async () => {
      const { dhcp, server } = site
      await site.configure('192.168.87.20-192.168.88.29')
      const problem = /reboots\.yaml:\d+:\d+ dhcp\.subnets\.0\.pools\.0\.range: is not within 192\.168\.88\.0\/24"\]/
      await dhcp.waitFor(new RegExp(`${problem.source},[^\\n]*"msg":"configuration refused`))
      process.kill(dhcp.pid, 'SIGHUP')
      await dhcp.waitFor(/configuration refused[^]*configuration refused/)
      assert.match(await site.newcomer(), /^192\.168\.88\.2\d by 192\.168\.88\.1$/)
      assert.match(await server.run(process.execPath, '-e', PRINT_METRICS), /^reboots_config_problems 1$/m)
    })

    test('what needs a restart is refused by its name', async () => {
      await site.configure('192.168.88.20-192.168.88.29', (text) => text.replace('"memory"', '"sqlite"'))
      await site.dhcp.waitFor(/reboots\.yaml:\d+:\d+ dhcp\.leases\.store: cannot change without a restart/)
      await site.configure('192.168.88.30-192.168.88.39')
      await site.dhcp.waitFor(/"changed":\["dhcp\.subnets"\][^]*"changed":\["dhcp\.subnets"\]/)
      assert.match(await site.newcomer(), /^192\.168\.88\.3\d by /)
    })

    test('a configuration that is handed in over the API is refused, or in force and in the file', async () => {
      const bad = await site.reboots('apply', configuration('192.168.87.40-192.168.88.49', {}))
      assert.match(bad, /reboots\.yaml:\d+:\d+ dhcp\.subnets\.0\.pools\.0\.range: is not within .*\nexit 1\n$/s)
      const text = configuration('192.168.88.40-192.168.88.49', { interfaces: [HOST_LINK] })
      assert.match(await site.reboots('apply', text), /^in force: version [0-9a-f]{12}\nexit 0\n$/)
      assert.match(await site.newcomer(), /^192\.168\.88\.4\d by /)
      assert.equal(await readFile(site.file('reboots.yaml'), 'utf8'), text)
      assert.equal(await site.reboots('show', ''), `${text}exit 0\n`)
    })

    test('an interface whose address is changed is served with the new one', async () => {
      const { dhcp, server } = site
      await server.ip('address', 'add', '192.168.89.1/24', 'broadcast', '+', 'dev', HOST_LINK)
      await server.ip('address', 'del', '192.168.88.1/24', 'dev', HOST_LINK)
      await dhcp.waitFor(/"address":"192\.168\.89\.1","before":"192\.168\.88\.1","msg":"the interface has another/)
      assert.match(await site.newcomer(), /^192\.168\.89\.5\d by 192\.168\.89\.1$/)
    })

    test('none of it was a bug, and it ends as it should', async () => {
      assert.deepEqual(await site.dhcp.stop(), { code: 0, signal: null })
      assert.doesNotMatch(site.dhcp.output, /"level":"fatal"/)
    })
  })
}

for (const interfaces of [
  [HOST_LINK, 'late-*'],
  [HOST_LINK, 'late-0'],
]) {
  describe(`interfaces that come and go: ${interfaces.join(', ')}`, { skip, timeout: 180_000 }, () => {
    let site: Site
    before(async () => {
      site = await Site.open({ interfaces, wait: true }, {})
    })
    after(() => site?.close())

    /** An interface with a client behind it. */
    async function add(address: string): Promise<void> {
      const { server } = site
      await server.ip('link', 'add', 'late-0', 'type', 'veth', 'peer', 'name', 'peer0')
      await server.ip('link', 'set', 'peer0', 'up')
      await server.ip('link', 'set', 'late-0', 'up')
      await server.ip('address', 'add', address, 'broadcast', '+', 'dev', 'late-0')
    }

    for (const third of [90, 91]) {
      test(`one that comes is served, one that goes disturbs nobody: 192.168.${third}.1`, async () => {
        const { server, dhcp } = site
        const by = `192.168.${third}.1`
        await add(`${by}/24`)
        assert.match(await site.given(server, 'peer0'), new RegExp(`^192.168.${third}.5\\d by ${by}$`))
        await server.ip('link', 'del', 'late-0')
        await dhcp.waitFor(new RegExp(`"link":"late-0","address":"${by}","msg":"the interface is gone"`))
        assert.match(await site.newcomer(), /^192\.168\.88\.1\d by /)
      })
    }

    test('none of it was a bug, and it ends as it should', async () => {
      assert.deepEqual(await site.dhcp.stop(), { code: 0, signal: null })
      assert.doesNotMatch(site.dhcp.output, /"level":"(fatal|error)".*cannot be served/)
    })
  })
}
