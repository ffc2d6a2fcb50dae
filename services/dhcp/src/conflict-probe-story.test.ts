import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runStep, type LeaseStep, type StepResult } from '@reboots/leases'
import { decodeMessage, encodeMessage, macOf, messageType, SERVER_PORT, type DhcpMessage } from '@reboots/protocol/dhcp'
import { formatIpv4, type Instant, type Ipv4Address, type MacAddress, type Seconds } from '@reboots/protocol/net'
import {
  createLog,
  createMetrics,
  Prober,
  serveDhcpWithStore,
  type Asker,
  type UdpDoorOptions,
  type UdpLink,
} from '@reboots/runtime'
import { VirtualClock, VirtualWire } from '@reboots/testkit'
import * as fc from 'fast-check'
import { handle } from './handle.ts'
import type { Outcome } from './outcome.ts'
import { levelOf, remarksOf } from './packet-line.ts'
import { ip, LINK, message, NOBODY, Site } from './site.fixture.ts'

const PROBING = { enabled: true, waitMilliseconds: 400, atOnce: 64 }
const SQUATTER = '52:54:00:77:00:99' as MacAddress
const client = (last: number) => `52:54:00:ee:00:${last.toString(16).padStart(2, '0')}` as MacAddress
const pool = (range: string) => [{ subnet: '192.168.1.0/24', pools: [{ range }] }]

/** The service with its door, its books and its prober on a wire in simulated time. */
class Town {
  readonly clock: VirtualClock
  readonly wire: VirtualWire
  readonly metrics = createMetrics('dhcp')
  /** Replies, in the order in which they left. */
  readonly sent: DhcpMessage[] = []
  #door!: UdpDoorOptions

  private constructor(clock: VirtualClock, wire: VirtualWire) {
    this.clock = clock
    this.wire = wire
  }

  static async open(range: string, atOnce = 64): Promise<Town> {
    const [town] = await Town.openReplicas(1, range, atOnce)
    return town!
  }

  /** Services that share the wire and the books. */
  static openReplicas(replicas: number, range: string, atOnce = 64): Promise<Town[]> {
    const clock = new VirtualClock()
    const wire = new VirtualWire(clock)
    const site = new Site({ unknown: true, dhcp: { subnets: pool(range) }, settings: { conflictProbe: PROBING } })
    const towns = Array.from({ length: replicas }, () => new Town(clock, wire).#openOne(site, atOnce))
    return Promise.all(towns)
  }

  async #openOne(site: Site, atOnce: number): Promise<Town> {
    const { clock, wire, metrics } = this
    const asker: Asker = wire.attach((address, occupant) => prober.answered(asker, address, occupant))
    const budget = { waitMilliseconds: 400, atOnce, rememberSeconds: 60 as Seconds }
    const now = () => clock.now as Instant
    const prober = new Prober({ askerFor: () => asker, count: () => {}, now, later: clock.later }, budget)
    await serveDhcpWithStore<Outcome, LeaseStep, StepResult>({
      name: 'dhcp',
      links: [LINK as UdpLink],
      doors: [[SERVER_PORT, (asked, arrival, now) => handle(asked, arrival, site.ports, now)]],
      run: async (steps) => steps.map((step) => runStep(site.ports.leases, step, now())),
      probe: prober.probe,
      level: levelOf,
      remarks: remarksOf,
      log: createLog('dhcp', { level: 'silent', format: 'json' }),
      metrics,
      open: async (options) => {
        this.#door = options
        const send = (bytes: Uint8Array) => void this.sent.push(decodeMessage(bytes.slice()))
        return { link: LINK as UdpLink, port: SERVER_PORT, send, close: async () => {} }
      },
    })
    return this
  }

  /** Messages that come in together; what needs no probe is answered when this is over. */
  async receive(...messages: readonly DhcpMessage[]): Promise<void> {
    const at = this.clock.now as Instant
    this.#door.onBatch(messages.map((asked) => ({ bytes: encodeMessage(asked), from: NOBODY, link: LINK.name, at })))
    await settled()
  }

  async pass(milliseconds: number): Promise<void> {
    for (let passed = 0; passed < milliseconds; passed++) {
      this.clock.pass(1)
      await settled()
    }
  }

  /** The replies that have left since the last time: type, xid, client's last octet, address. */
  news(): string[] {
    return this.sent
      .splice(0)
      .map((reply) => `${messageType(reply)} ${reply.xid} to ${macOf(reply).slice(-2)}: ${formatIpv4(reply.yiaddr)}`)
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))
const discover = (last: number, xid: number) => message('discover', { mac: client(last), xid })
const select = (last: number, xid: number, requested: string) =>
  message('request', { mac: client(last), xid, requested, server: '192.168.1.1' })

test('a host squats on the first address: the newcomer gets the next, and everybody else is served meanwhile', async () => {
  const town = await Town.open('192.168.1.10-192.168.1.40')
  town.wire.hosts.set(ip('192.168.1.10'), SQUATTER)
  await town.receive(discover(1, 1))
  assert.deepEqual(town.news(), [])
  // Who has an address renews it, and the store is free for all of them, although DISCOVERs are parked.
  await town.receive(select(2, 2, '192.168.1.20'), discover(3, 3), select(4, 4, '192.168.1.21'))
  assert.deepEqual(town.news(), ['ack 2 to 02: 192.168.1.20', 'ack 4 to 04: 192.168.1.21'])
  await town.pass(399)
  await town.receive(select(2, 5, '192.168.1.20'))
  assert.deepEqual(town.news(), ['ack 5 to 02: 192.168.1.20'])
  await town.pass(2)
  assert.deepEqual(town.news(), ['offer 3 to 03: 192.168.1.11', 'offer 1 to 01: 192.168.1.12'])
  assert.match(await town.metrics.text(), /received="discover",outcome="offer"} 2/)
})

test('a client that says DISCOVER again while it is probed for has one probe, and an offer for what it said last', async () => {
  const town = await Town.open('192.168.1.10-192.168.1.40')
  await town.receive(discover(1, 1))
  await town.pass(100)
  await town.receive(discover(1, 2), discover(1, 3))
  await town.receive(discover(1, 4))
  await town.pass(300)
  assert.deepEqual(town.news(), ['offer 1 to 01: 192.168.1.10', 'offer 4 to 01: 192.168.1.10'])
  assert.deepEqual(town.wire.asked, [ip('192.168.1.10'), ip('192.168.1.10')])
  assert.match(await town.metrics.text(), /outcome="superseded"} 2/)
})

test('two replicas probe for the same newcomer, take each other for nobody, and offer the same', async () => {
  const [one, other] = (await Town.openReplicas(2, '192.168.1.10-192.168.1.40')) as [Town, Town]
  one.wire.hosts.set(ip('192.168.1.10'), SQUATTER)
  await Promise.all([one.receive(discover(1, 1)), other.receive(discover(1, 1))])
  await one.pass(402)
  assert.deepEqual([one.news(), other.news()], [['offer 1 to 01: 192.168.1.11'], ['offer 1 to 01: 192.168.1.11']])
})

test('a site that is switched on as a whole is not slowed down: beyond the budget offers leave at once', async () => {
  const town = await Town.open('192.168.1.101-192.168.1.250', 10)
  const discovers = Array.from({ length: 150 }, (_, i) => discover(i, i))
  for (const first of [0, 50, 100]) await town.receive(...discovers.slice(first, first + 50))
  assert.equal(town.news().length, 140)
  await town.pass(400)
  assert.equal(town.news().length, 10)
})

test('whoever squats where, no newcomer is offered an address that was seen in use, and no two the same', async () => {
  const asked = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.constantFrom(0, 1, 150, 600))
  await fc.assert(
    fc.asyncProperty(
      fc.array(asked, { maxLength: 15 }),
      fc.uniqueArray(fc.integer({ min: 10, max: 19 }), { maxLength: 7 }),
      async (discovers, used) => {
        const town = await Town.open('192.168.1.10-192.168.1.19')
        const occupied = new Set(used.map((last) => (ip('192.168.1.0') + last) as Ipv4Address))
        for (const address of occupied) town.wire.hosts.set(address, SQUATTER)
        for (const [xid, [last, pause]] of discovers.entries()) {
          await town.receive(discover(last, xid))
          await town.pass(pause)
        }
        await town.pass(1500)
        const holders = new Map(town.sent.map((offer) => [offer.yiaddr, macOf(offer)]))
        for (const { yiaddr, chaddr } of town.sent) {
          assert.ok(!occupied.has(yiaddr), `${formatIpv4(yiaddr)} is in use`)
          assert.equal(holders.get(yiaddr)?.endsWith(chaddr.at(-1)!.toString(16).padStart(2, '0')), true)
        }
      },
    ),
    { numRuns: 25 },
  )
})
