import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { decodeMessage, type Destination } from '@reboots/protocol/dhcp'
import { parseIpv4, parseMac, type Datagram, type Endpoint } from '@reboots/protocol/net'
import { DEFAULT_POLICY, machineFacts, parsePolicy } from '@reboots/rules'
import {
  createLog,
  createMetrics,
  openMachineReplica,
  openPolicyReplica,
  OperatorError,
  type UdpDoorOptions,
  type UdpLink,
} from '@reboots/runtime'
import { fakeHardware, fakeRules, machine } from '@reboots/testkit'
import { LINK, NOBODY, NOW, site, UEFI, vectorBytes } from '../site.fixture.ts'
import { openDoors } from './doors.ts'

const link = { ...LINK, index: 1, hardwareAddress: '02:00:00:00:00:01' } as UdpLink
const log = createLog('proxydhcp', { level: 'silent', format: 'json' })
const discover = vectorBytes('v01-ovmf-x64-pxe-discover')
const AS_SHIPPED = { port67: 'bind', delayMilliseconds: 0 } as const
const MAC = parseMac('52:54:00:aa:01:01')!
const record = machine({ mac: MAC })

interface Sent {
  readonly port: number
  readonly bytes: Uint8Array
  readonly to: Destination
}

/** Doors that lead nowhere: what is put in comes to the service, what the service sends is kept. */
class Doors {
  readonly sent: Sent[] = []
  readonly closed: number[] = []
  readonly groups = new Map<number, UdpDoorOptions['groups']>()
  readonly #opened = new Map<number, UdpDoorOptions>()

  readonly open = async (options: UdpDoorOptions) => {
    this.#opened.set(options.port, options)
    this.groups.set(options.port, options.groups)
    return {
      link: options.link,
      port: options.port,
      send: (bytes: Uint8Array, to: Destination) =>
        void this.sent.push({ port: options.port, bytes: bytes.slice(), to }),
      close: async () => void this.closed.push(options.port),
    }
  }

  receive(port: number, bytes: Uint8Array, from: Endpoint): void {
    const datagram: Datagram = { bytes, from, link: link.name, at: NOW }
    this.#opened.get(port)!.onBatch([datagram])
  }
}

test('a boot over gRPC replicas: offer, boot server, and both again with the control plane gone', async (t) => {
  const { doors, metrics, hardware, rules } = await service(t)
  doors.receive(67, discover, NOBODY)
  doors.receive(4011, discover, UEFI)
  await Promise.all([hardware.stop(), rules.stop()])
  doors.receive(67, discover, NOBODY)
  doors.receive(4011, discover, UEFI)
  assert.deepEqual(
    doors.sent.map(({ port, bytes, to }) => [port, decodeMessage(bytes).file, to.kind, to.to.port]),
    [
      [67, 'ipxe.efi', 'broadcast', 68],
      [4011, 'ipxe.efi', 'unicast', 4011],
      [67, 'ipxe.efi', 'broadcast', 68],
      [4011, 'ipxe.efi', 'unicast', 4011],
    ],
  )
  const text = await metrics.text()
  assert.match(text, /reboots_proxydhcp_packets_total\{port="67",received="discover",outcome="offer"\} 2/)
  assert.match(text, /reboots_proxydhcp_packets_total\{port="4011",received="discover",outcome="ack"\} 2/)
})

test('a record that stops allowing netboot changes the next answer', async (t) => {
  const { doors, hardware, machines, changes } = await service(t)
  doors.receive(67, discover, NOBODY)
  hardware.publish([machine({ mac: MAC, netboot: { allowPxe: false } })])
  while (machines.byMac(MAC)!.netboot.allowPxe) await once(changes, 'prepared')
  doors.receive(67, discover, NOBODY)
  assert.deepEqual(
    doors.sent.map(({ bytes }) => decodeMessage(bytes).file),
    ['ipxe.efi', '/netboot-not-allowed'],
  )
})

test('anything that is no DHCP is counted and dropped', async (t) => {
  const { doors, metrics } = await service(t)
  for (const port of [67, 4011]) {
    for (const length of [0, 1, 239, 240, 65_507]) doors.receive(port, new Uint8Array(length), UEFI)
  }
  assert.deepEqual(doors.sent, [])
  const text = await metrics.text()
  assert.match(text, /\{port="67",received="malformed",outcome="malformed"\} 5/)
  assert.match(text, /\{port="4011",received="malformed",outcome="malformed"\} 5/)
})

test('when 4011 cannot be had, 67 does not stay open', async () => {
  const doors = new Doors()
  const open = async (options: UdpDoorOptions) => {
    if (options.port === 4011) throw new OperatorError('UDP port 4011 is taken', 'stop it')
    return doors.open(options)
  }
  const opening = openDoors([link], () => site(), { log, metrics: createMetrics('proxydhcp'), open }, AS_SHIPPED)
  await assert.rejects(opening, OperatorError)
  assert.deepEqual(doors.closed, [67])
})

test('the group of discovery is heard on port 4011 only', async () => {
  const doors = new Doors()
  const multicast = parseIpv4('224.0.1.2')!
  const ports = site({ settings: { discovery: { broadcast: false, multicast } } })
  await openDoors([link], () => ports, { log, metrics: createMetrics('proxydhcp'), open: doors.open }, AS_SHIPPED)
  assert.deepEqual(
    doors.groups,
    new Map([
      [67, []],
      [4011, [multicast]],
    ]),
  )
})

async function service(t: TestContext) {
  const [hardware, rules] = await Promise.all([fakeHardware([record]), fakeRules(DEFAULT_POLICY)])
  const metrics = createMetrics('proxydhcp')
  const changes = new EventEmitter()
  const machines = openMachineReplica({
    address: hardware.address,
    prepare(record, iface) {
      setImmediate(() => changes.emit('prepared'))
      return machineFacts(record, iface)
    },
    log,
    metrics,
  })
  const compile = (document: string, version: string) => parsePolicy(document, 'policy', version)
  const policy = openPolicyReplica({ address: rules.address, compile, log, metrics })
  t.after(async () => {
    machines.close()
    policy.close()
    await Promise.all([hardware.stop(), rules.stop()])
  })
  await Promise.all([machines.whenSynced, policy.whenSynced])
  const doors = new Doors()
  const ports = { ...site(), machines, policy }
  await openDoors([link], () => ports, { log, metrics, open: doors.open }, AS_SHIPPED)
  return { doors, metrics, hardware, rules, machines, changes }
}
