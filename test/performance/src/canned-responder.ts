import { fromHex } from '@reboots/protocol/bytes'
import { createLog, createMetrics, findLinks, openUdpDoor } from '@reboots/runtime'
import { parseIpv4, type Datagram, type Ipv4Address } from '@reboots/protocol/net'

/*
 * What ceiling.c does, through a UDP door: shows what runtime/udp costs with no DHCP behind it.
 *
 *     canned-responder.ts <interface> <server address> <first address of the clients>
 */
const [name = '', server = '', first = ''] = process.argv.slice(2)
/** 1 3 6, 15 `lab.example`, 28 51 53 54 58 59. */
const OPTIONS = fromHex(
  '0104ffff0000 03040a4d0002 06040a4d0002 0f0b6c61622e6578616d706c65 1c040a4dffff 330400015180 350100 360400000000 3a040000a8c0 3b0400012750',
)
const TYPE_AT = 240 + OPTIONS.indexOf(53, 43) + 2
const firstAddress = parseIpv4(first)!
const reply = new Uint8Array(314)
const view = new DataView(reply.buffer)
reply[0] = 2
reply.set([0x63, 0x82, 0x53, 0x63, ...OPTIONS], 236)
view.setUint32(TYPE_AT + 3, parseIpv4(server)!)

const log = createLog('canned-responder', { level: 'warn', format: 'json' })
const door = await openUdpDoor({
  link: findLinks([name])[0]!,
  port: 67,
  onBatch: (batch) => batch.forEach(answer),
  log,
  metrics: createMetrics('canned-responder'),
})
console.log('ready')

function answer({ bytes }: Datagram): void {
  if (bytes.length < 262 || bytes[240] !== 53) return
  reply.set(bytes.subarray(1, 12), 1)
  reply[3] = 0
  view.setUint32(16, firstAddress + (bytes[31]! << 16) + (bytes[32]! << 8) + bytes[33]!)
  reply.set(bytes.subarray(24, 44), 24)
  reply[TYPE_AT] = bytes[242] === 1 ? 2 : 5
  reply.set(bytes.subarray(bytes.length - 10, bytes.length), 240 + OPTIONS.length)
  const giaddr = ((bytes[24]! << 24) | (bytes[25]! << 16) | (bytes[26]! << 8) | bytes[27]!) >>> 0
  door.send(reply, { kind: 'relay', to: { address: giaddr as Ipv4Address, port: 67 } })
}
