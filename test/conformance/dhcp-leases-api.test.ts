import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { HOST_LINK, Lan, requireTools, type Host, type Running } from '@reboots/testkit'

/*
 * The lease API and `reboots leases`, while stock clients get their addresses from services/dhcp:
 *
 *     udhcpc, dhclient ──┬── 192.168.91.1 hardware, rules-engine, dhcp (leases in SQLite; then in Redis, which is here as well)
 *                        └── 192.168.91.2 dhcp, with the same Redis
 */
const skip = requireTools({ root: true, commands: ['ip', 'dhclient', 'udhcpc', 'redis-server'] }) ?? false

const mac = (last: number) => `52:54:00:91:dd:0${last}`
const at = (last: number) => `192.168.91.${last}`
const place = (file: string) => fileURLToPath(new URL(`../../${file}`, import.meta.url))

const UDHCPC_SCRIPT = `#!/bin/sh
[ -n "$ip" ] && ip address replace "$ip/$mask" dev "$interface"
echo "event=$1 ip=$ip;"
`
const DHCLIENT_SCRIPT = `#!/bin/sh
[ -n "$new_ip_address" ] && ip address replace "$new_ip_address/$new_subnet_mask" dev "$interface"
echo "event=$reason ip=$new_ip_address;"
`

function configuration(leases: object): string {
  return JSON.stringify({
    links: { interfaces: [HOST_LINK] },
    control: { hardware: `${at(1)}:42113`, rules: `${at(1)}:42115` },
    hardware: { files: ['hardware.yaml'], listen: `${at(1)}:42113` },
    rules: { listen: `${at(1)}:42115` },
    dhcp: {
      unknownMachines: 'serve',
      offerSeconds: 1,
      subnets: [{ subnet: '192.168.91.0/24', pools: [{ range: `${at(100)}-${at(103)}` }] }],
      leases,
    },
  })
}

/** What the command prints as JSON lines, one of them for each address. */
interface Row {
  readonly address: string
  readonly state: string
  readonly client: string
  readonly event?: string
  readonly reservation: { readonly client: string; readonly until: string | null } | null
}

class Site {
  readonly directory: string
  readonly lan: Lan
  #hosts = 0

  private constructor(directory: string, lan: Lan) {
    this.directory = directory
    this.lan = lan
  }

  static async open(leases: object): Promise<Site> {
    const site = new Site(await mkdtemp(path.join(tmpdir(), 'la-')), await Lan.open({ prefix: 'la' }))
    await Promise.all([
      writeFile(site.file('hardware.yaml'), ''),
      writeFile(site.file('reboots.yaml'), configuration(leases)),
      writeFile(site.file('udhcpc.sh'), UDHCPC_SCRIPT, { mode: 0o755 }),
      writeFile(site.file('dhclient.sh'), DHCLIENT_SCRIPT, { mode: 0o755 }),
    ])
    return site
  }

  async close(): Promise<void> {
    await this.lan.close()
    await rm(this.directory, { recursive: true })
  }

  file = (name: string) => path.join(this.directory, name)

  service(host: Host, name: string): Running {
    const args = [place(`services/${name}/src/main.ts`)]
    return host.start(name, { command: process.execPath, args, env: { REBOOTS_CONFIG: this.file('reboots.yaml') } })
  }

  async dhcp(host: Host): Promise<Running> {
    const dhcp = this.service(host, 'dhcp')
    for (const replica of ['machines', 'policy']) {
      await dhcp.waitFor(new RegExp(`"replica":"${replica}"[^\\n]*"msg":"synced"`), 60_000)
    }
    return dhcp
  }

  async udhcpc(last: number, ...more: string[]): Promise<Running> {
    const host = await this.lan.addHost(`c${++this.#hosts}`, { mac: mac(last) })
    const args = ['-f', '-i', HOST_LINK, '-s', this.file('udhcpc.sh'), '-t', '10', '-T', '1', ...more]
    return host.start('udhcpc', { command: 'udhcpc', args })
  }

  async dhclient(host: Host): Promise<Running> {
    const files = ['-sf', 'dhclient.sh', '-lf', 'leases', '-pf', 'pid'].map((word) =>
      word.startsWith('-') ? word : this.file(word),
    )
    return host.start('dhclient', { command: 'dhclient', args: ['-4', '-d', ...files, HOST_LINK] })
  }
}

const bound = async (client: Running) => (await client.waitFor(/event=(?:bound|BOUND) ip=([\d.]+);/))[1]

function leases(host: Host, ...args: string[]): Running {
  return host.start('leases', {
    command: process.execPath,
    args: [place('packages/cli/src/main.ts'), 'leases', ...args],
  })
}

/** The exit code and what was printed. */
async function command(host: Host, ...args: string[]): Promise<readonly [code: number | null, output: string]> {
  const running = leases(host, ...args)
  const { code } = await running.ended
  return [code, running.output]
}

async function rows(host: Host, ...args: string[]): Promise<Row[]> {
  const [code, output] = await command(host, ...args, '--json')
  assert.equal(code, 0, output)
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)
}

const brief = ({ address, state, client, reservation }: Row) =>
  [address, state, client, ...(reservation === null ? [] : [reservation.client])].join(' ')

describe('reboots leases, with SQLite', { skip, timeout: 180_000 }, () => {
  let site: Site
  let server: Host
  let dhcp: Running
  let watching: Running
  let first: Host
  before(async () => {
    site = await Site.open({ store: 'sqlite' })
    server = await site.lan.addHost('a', { address: `${at(1)}/24` })
    site.service(server, 'hardware')
    site.service(server, 'rules-engine')
    dhcp = await site.dhcp(server)
    watching = leases(server, 'watch', '--json')
    await watching.waitFor(/"event":"reset"/)
  })
  after(() => site?.close())

  test('the list shows what a client was given, for people and for programs', async () => {
    first = await site.lan.addHost('first', { mac: mac(1) })
    const client = await site.dhclient(first)
    assert.equal(await bound(client), at(100))
    await client.waitFor(/bound to .* renewal in/)
    await client.stop('SIGKILL')
    assert.deepEqual((await rows(server)).map(brief), [`${at(100)} bound ${mac(1)}`])
    const [code, table] = await command(server, 'list', '--state', 'bound', '--text', '91:DD:01')
    assert.equal(code, 0)
    assert.match(
      table,
      new RegExp(`^ADDRESS +STATE +CLIENT +ENDS +RESERVED\\n${at(100)}  bound  ${mac(1)}  in 23 h\\n$`),
    )
    const [, shown] = await command(server, 'show', mac(1).replaceAll(':', '-').toUpperCase())
    assert.match(shown, /^state +bound\nclient +52:54:00:91:dd:01\nsince .* \(.* ago\)\n/m)
  })

  test('a reserved address is given to nobody but its client, also after kill -9', async () => {
    const [code, said] = await command(server, 'reserve', at(101), '5254.0091.dd09', '--for', '7d')
    assert.match(said, new RegExp(`^${at(101)} is reserved for ${mac(9)} until `))
    assert.equal(code, 0)
    await dhcp.stop('SIGKILL')
    dhcp = await site.dhcp(server)
    await watching.waitFor(/"event":"reset"[^]*"event":"reset"/)
    assert.equal(await bound(await site.udhcpc(2, '-q')), at(102))
    assert.equal(await bound(await site.udhcpc(9, '-q')), at(101))
    assert.deepEqual((await rows(server)).map(brief), [
      `${at(100)} bound ${mac(1)}`,
      `${at(101)} bound ${mac(9)} ${mac(9)}`,
      `${at(102)} bound ${mac(2)}`,
    ])
  })

  test('what cannot be reserved or released is refused in a sentence, with exit code 1', async () => {
    const refused: readonly (readonly [args: readonly string[], says: RegExp])[] = [
      [['reserve', at(100), mac(7)], /100 is leased to 52:54:00:91:dd:01 until .*; release it first/],
      [['reserve', at(101), mac(7)], /101 is leased to 52:54:00:91:dd:09/],
      [['reserve', at(50), mac(7)], /50 is in 192\.168\.91\.0\/24, but in none of its pools/],
      [['reserve', '10.0.0.1', mac(7)], /10\.0\.0\.1 is in no subnet of the configuration; see dhcp\.subnets/],
      [
        ['release', at(100), '--client', mac(7)],
        /100 is leased to 52:54:00:91:dd:01 until .*, not 52:54:00:91:dd:07’s/,
      ],
      [['release', at(103)], /103 is free, there is nothing to release/],
      [['show', mac(7)], /no lease, quarantine or reservation of 52:54:00:91:dd:07/],
    ]
    const answers = await Promise.all(refused.map(([args]) => command(server, ...args)))
    for (const [index, [args, says]] of refused.entries()) {
      assert.equal(answers[index]![0], 1, args.join(' '))
      assert.match(answers[index]![1], says)
    }
  })

  test('release frees an address for the next client', async () => {
    assert.equal(await bound(await site.udhcpc(3, '-q')), at(103))
    const late = await site.udhcpc(4, '-n', '-t', '2')
    assert.notEqual((await late.ended).code, 0)
    // Else a probe finds it in use.
    await first.ip('address', 'flush', 'dev', HOST_LINK)
    assert.deepEqual(await command(server, 'release', at(100)), [0, `${at(100)} is no more ${mac(1)}'s\n`])
    assert.equal(await bound(await site.udhcpc(4, '-q')), at(100))
    const [, history] = await command(server, 'history', at(100))
    const events = [...history.matchAll(/\) +(\w+) +192\.168\.91\.100 +(\S+)/g)].map(
      ([, kind, who]) => `${kind} ${who}`,
    )
    assert.deepEqual(events, [`bound ${mac(4)}`, `released ${mac(1)}`, `bound ${mac(1)}`])
  })

  test('watch has printed all of it, over the restart too', async () => {
    await watching.waitFor(new RegExp(`"event":"bound","address":"${at(100)}","client":"${mac(4)}"`))
    const lines = watching.output.split('\n').filter((line) => line.startsWith('{'))
    const told = lines
      .map((line) => JSON.parse(line) as Row)
      .map(({ event, address, client }) =>
        event === 'reset' ? event : `${event} ${address.split('.')[3]} ${client.slice(-1)}`,
      )
    const events = [
      'bound 100 1',
      'reserved 101 9',
      'bound 102 2',
      'bound 101 9',
      'bound 103 3',
      'released 100 1',
      'bound 100 4',
    ]
    assert.deepEqual(
      told.filter((line) => !/^(?:reset|current)/.test(line)),
      events,
    )
    assert.equal(told.filter((line) => line === 'reset').length, 2)
    assert.match(watching.output, /^lost: no dhcp service answers at 127\.0\.0\.1:42117 .*; trying again$/m)
    await watching.stop('SIGINT')
  })

  test('without the service: what, where, what to do, exit code 2', async () => {
    await dhcp.stop()
    const [code, said] = await command(server)
    assert.equal(code, 2)
    assert.match(
      said,
      /no dhcp service answers at 127\.0\.0\.1:42117 \(connect ECONNREFUSED 127\.0\.0\.1:42117\)\n.*--address/,
    )
  })
})

describe('reboots leases, with two replicas on Redis', { skip, timeout: 180_000 }, () => {
  let site: Site
  let hosts: readonly [Host, Host]
  let redis: Running
  const startRedis = async () => {
    const args = ['--bind', at(1), '--protected-mode', 'no', '--dir', site.directory, '--save', '']
    const durable = ['--appendonly', 'yes', '--appendfsync', 'always']
    redis = hosts[0].start('redis', { command: 'redis-server', args: [...args, ...durable] })
    await redis.waitFor(/Ready to accept connections/)
  }
  before(async () => {
    site = await Site.open({ store: 'redis', redis: { address: `${at(1)}:6379` } })
    const open = (name: string, last: number) => site.lan.addHost(name, { address: `${at(last)}/24` })
    hosts = [await open('a', 1), await open('b', 2)]
    await startRedis()
    site.service(hosts[0], 'hardware')
    site.service(hosts[0], 'rules-engine')
    await Promise.all(hosts.map((host) => site.dhcp(host)))
  })
  after(() => site?.close())

  test('what is reserved or released at one replica is so at both, and every watcher hears of it', async () => {
    const watching = hosts.map((host) => leases(host, 'watch', '--json'))
    await Promise.all(watching.map((one) => one.waitFor(/"event":"reset"/)))
    const [one, other] = hosts
    assert.equal((await command(one, 'reserve', at(100), mac(9)))[0], 0)
    assert.equal((await command(other, 'reserve', at(100), mac(9), '--for', '1h'))[0], 0)
    const [code, said] = await command(other, 'reserve', at(100), mac(8))
    assert.deepEqual([code, /100 is reserved for 52:54:00:91:dd:09 until/.test(said)], [1, true], said)
    assert.equal(await bound(await site.udhcpc(1, '-q')), at(101))
    assert.equal(await bound(await site.udhcpc(9, '-q')), at(100))
    const listed = await Promise.all(hosts.map((host) => rows(host)))
    const expected = [`${at(100)} bound ${mac(9)} ${mac(9)}`, `${at(101)} bound ${mac(1)}`]
    assert.deepEqual(
      listed.map((list) => list.map(brief)),
      [expected, expected],
    )
    assert.equal((await command(other, 'release', at(101)))[0], 0)
    assert.equal((await command(one, 'release', at(100), '--reservation'))[0], 0)
    await Promise.all(watching.map((watch) => watch.waitFor(/"event":"unreserved"/)))
    const told = watching.map((watch) =>
      [...watch.output.matchAll(/"event":"(\w+)","address":"[\d.]+\.(\d+)"/g)].map(
        ([, kind, last]) => `${kind} ${last}`,
      ),
    )
    const events = ['reserved 100', 'reserved 100', 'bound 101', 'bound 100', 'released 101', 'unreserved 100']
    assert.deepEqual(
      told.map((list) => list.filter((line) => !/^(?:renewed|current)/.test(line))),
      [events, events],
    )
  })

  test('without Redis both say so; with Redis back the reservation is still there', async () => {
    const [one, other] = hosts
    assert.equal((await command(one, 'reserve', at(102), mac(9)))[0], 0)
    await redis.stop('SIGKILL')
    const [code, said] = await command(other, 'reserve', at(103), mac(8))
    assert.deepEqual([code, /nothing was changed: .*Redis cannot be asked/.test(said)], [1, true], said)
    assert.match((await command(other))[1], /Redis cannot be asked/)
    await startRedis()
    const again = async (): Promise<Row[]> => {
      const [status, output] = await command(other, '--json', '--state', 'reserved')
      return status === 0
        ? output
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line) as Row)
        : again()
    }
    assert.deepEqual((await again()).map(brief), [`${at(102)} free  ${mac(9)}`])
  })
})
