import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Endpoint } from '../net/index.ts'
import { BROADCAST_FLAG, type DhcpMessage } from './message.ts'
import { ip, request } from './message.fixture.ts'
import { replyDestination, type Destination } from './reply-destination.ts'
import { ack, bootReply, nak, offer } from './reply.ts'

const SERVER = ip('192.168.77.1')
const CONFIG = { subnetMask: ip('255.255.255.0'), routers: [], domainNameServers: [], leaseTime: 3600 as never }
const GIVEN = ip('192.168.77.87')

const offered = (message: DhcpMessage): DhcpMessage => offer(message, GIVEN, CONFIG, SERVER)
const acked = (message: DhcpMessage): DhcpMessage => ack(message, GIVEN, CONFIG, SERVER)
const refused = (message: DhcpMessage): DhcpMessage => nak(message, SERVER, 'wrong network')
const proxied = (message: DhcpMessage): DhcpMessage => bootReply(message, 'offer', SERVER)
const flagged = (message: DhcpMessage): DhcpMessage => ({ ...offered(message), flags: BROADCAST_FLAG })

const RELAY = { giaddr: ip('192.168.88.1') }
const BOUND = { ciaddr: ip('192.168.77.90') }
const FLAG = { flags: BROADCAST_FLAG }
const NOBODY = { address: ip('0.0.0.0'), port: 68 }
const RELAY_PORT = { address: ip('192.168.88.1'), port: 1067 }
const INFORM = { 53: '08' }
const PORT_19 = { 82: '1300' }

const relay = (port: number): Destination => ({ kind: 'relay', to: { address: ip('192.168.88.1'), port } })
const unicast = (address: string): Destination => ({ kind: 'unicast', to: { address: ip(address), port: 68 } })
const EVERYONE: Destination = { kind: 'broadcast', to: { address: ip('255.255.255.255'), port: 68 } }
const HARDWARE: Destination = { kind: 'hardware', to: { address: GIVEN, port: 68 }, chaddr: request({}).chaddr }

/** The rows of RFC 2131 §4.1, those of the conformance checklist (A1 to A6) under their numbers. */
const ROWS: readonly [
  string,
  Record<number, string>,
  Partial<DhcpMessage>,
  (m: DhcpMessage) => DhcpMessage,
  Endpoint | undefined,
  Destination,
][] = [
  ['A1 relayed', {}, RELAY, offered, undefined, relay(67)],
  ['A1 relayed wins over ciaddr and flag', {}, { ...RELAY, ...BOUND, ...FLAG }, acked, undefined, relay(67)],
  ['A1 relayed NAK', {}, RELAY, refused, undefined, relay(67)],
  ['A1 82.19: the port the relay sent from', PORT_19, RELAY, offered, RELAY_PORT, relay(1067)],
  ['A1 82.19 without a known source', PORT_19, RELAY, offered, undefined, relay(67)],
  ['A1 82.19 from port 0', PORT_19, RELAY, offered, { ...RELAY_PORT, port: 0 }, relay(67)],
  ['A1 no 82.19: port 67 whatever the source', {}, RELAY, offered, RELAY_PORT, relay(67)],
  ['A2 renewing', {}, BOUND, acked, undefined, unicast('192.168.77.90')],
  ['A2 wins over the flag', {}, { ...BOUND, ...FLAG }, acked, undefined, unicast('192.168.77.90')],
  ['A2 INFORM', INFORM, BOUND, acked, undefined, unicast('192.168.77.90')],
  ['NAK is broadcast', {}, {}, refused, NOBODY, EVERYONE],
  ['NAK is broadcast even to a renewing client', {}, BOUND, refused, undefined, EVERYONE],
  ['A3 broadcast flag', {}, FLAG, offered, NOBODY, EVERYONE],
  ['A3 flag set by us', {}, {}, flagged, NOBODY, EVERYONE],
  ['A4 flag clear', {}, {}, offered, NOBODY, HARDWARE],
  ['A4 flag clear, no hardware address', {}, { chaddr: new Uint8Array(0) }, offered, NOBODY, EVERYONE],
  ['A6 proxy offer', {}, {}, proxied, NOBODY, EVERYONE],
  [
    'INFORM without ciaddr goes where it came from',
    INFORM,
    {},
    proxied,
    { address: GIVEN, port: 68 },
    unicast('192.168.77.87'),
  ],
  ['INFORM without ciaddr from nowhere', INFORM, {}, proxied, NOBODY, EVERYONE],
]

for (const [name, options, header, reply, from, expected] of ROWS) {
  test(`replyDestination: ${name}`, () => {
    const message = request(options, header)
    assert.deepEqual(replyDestination(message, reply(message), from), expected)
  })
}
