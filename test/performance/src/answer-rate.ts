import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { fromHex } from '@reboots/protocol/bytes'
import {
  clientIdentifier,
  decodeMessage,
  encodeMessage,
  fitReply,
  messageTypeOption,
  parameterRequest,
  requestedAddress,
  serverIdentifier,
  withOption,
  withoutOption,
  type DhcpMessage,
} from '@reboots/protocol/dhcp'
import { parseIpv4, UNSPECIFIED } from '@reboots/protocol/net'
import { machine } from '@reboots/testkit'

/*
 * What one message costs services/dhcp without the kernel: nanoseconds and octets allocated, from octets to octets and by part.
 *
 *     node test/performance/src/answer-rate.ts [seconds per figure, default 0.3]
 *     node --cpu-prof --expose-gc test/performance/src/answer-rate.ts 2
 *
 * The one place that looks inside a service instead of running it: what is measured here is its inside.
 */
const inside = (file: string) => import(new URL(`../../../${file}.ts`, import.meta.url).href)

type Decision =
  | { readonly reply: DhcpMessage }
  | { readonly silent: string }
  | { readonly step: unknown; conclude(result: unknown): Decision }

if (globalThis.gc === undefined) {
  // Room for everything that is allocated between two looks, so that no collection comes in between.
  const flags = ['--expose-gc', '--max-semi-space-size=512', '--min-semi-space-size=512']
  const args = [...flags, fileURLToPath(import.meta.url), ...process.argv.slice(2)]
  process.exit(spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1)
}
const collect = globalThis.gc
const SLICES = 40
const seconds = Number(process.argv[2] ?? 0.3)

const { runStep } = await inside('packages/leases/src/index')
const { handle } = await inside('services/dhcp/src/handle')
// The fixture of the service's own tests: it always has what the handlers need.
const { Site, LINK } = await inside('services/dhcp/src/site.fixture')
const address = parseIpv4('192.168.1.50')!
const dhcp = { gateway: '192.168.1.254', nameServers: ['192.168.1.1'], domainName: 'lab.example' }
const record = machine({ mac: '52:54:00:aa:01:01', address: '192.168.1.50', dhcp })
const { ports: site, now } = new Site({ machines: [record] })
const reservation: unknown = site.machines.byMac(record.interfaces[0]!.mac)
/** One record for the clients of all vectors. */
const ports = { ...site, machines: { byMac: () => reservation, synced: true } }

const firmware = vector('v01-ovmf-x64-pxe-discover')
const ipxe = vector('v04-ipxe-bios-discover')
const plain = plainDiscover()
const MESSAGES: readonly (readonly [name: string, message: DhcpMessage])[] = [
  ['DISCOVER, plain', plain],
  ['REQUEST, plain', requestFor(plain)],
  ['DISCOVER, UEFI firmware (V1)', firmware],
  ['REQUEST, UEFI firmware', requestFor(firmware)],
  ['DISCOVER, iPXE (V4)', ipxe],
  ['REQUEST, iPXE', requestFor(ipxe)],
]

// The compiler has to have seen every kind of message before the first figure is taken.
for (const until = performance.now() + 1500; performance.now() < until;)
  for (const [, message] of MESSAGES) answer(encodeMessage(message))

console.log('| message | all ns | octets | decode ns | octets | decide ns | octets | encode ns | octets |')
console.log('| --- | --: | --: | --: | --: | --: | --: | --: | --: |')
for (const [name, message] of MESSAGES) {
  const bytes = encodeMessage(message)
  const decoded = decodeMessage(bytes)
  const reply = decide(decoded)
  const parts = [() => answer(bytes), () => decodeMessage(bytes), () => decide(decoded), () => encode(decoded, reply)]
  const cells = parts.map(cost).map(({ nanoseconds, octets }) => `${nanoseconds.toFixed(0)} | ${octets.toFixed(0)}`)
  console.log(`| ${name} | ${cells.join(' | ')} |`)
}

function answer(bytes: Uint8Array): Uint8Array {
  const message = decodeMessage(bytes)
  return encode(message, decide(message))
}

function decide(message: DhcpMessage): DhcpMessage {
  let decision = handle(message, { link: LINK, from: { address: UNSPECIFIED, port: 68 } }, ports, now) as Decision
  while ('step' in decision) decision = decision.conclude(runStep(ports.leases, decision.step, now))
  if (!('reply' in decision)) throw new Error(`no reply: ${decision.silent}`)
  return decision.reply
}

function encode(request: DhcpMessage, reply: DhcpMessage): Uint8Array {
  const { message, maxLength } = fitReply(reply, request)
  return encodeMessage(message, { maxLength })
}

/** The fast quarter of many short measurements: the others were disturbed, by a collection or another program. */
function cost(part: () => unknown): { readonly nanoseconds: number; readonly octets: number } {
  const until = performance.now() + seconds * 300
  let count = 0
  for (; performance.now() < until; count++) part()
  const times = Array.from({ length: SLICES }, () => time(part, Math.max(20, count / SLICES)))
  const octets = Array.from({ length: 5 }, () => octetsOf(part, 1000))
  return { nanoseconds: ordered(times)[SLICES / 4]!, octets: ordered(octets)[2]! }
}

function ordered(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b)
}

function octetsOf(part: () => unknown, count: number): number {
  collect()
  const before = allocated()
  for (let i = 0; i < count; i++) part()
  return (allocated() - before) / count
}

function time(part: () => unknown, count: number): number {
  const start = performance.now()
  for (let i = 0; i < count; i++) part()
  return ((performance.now() - start) * 1e6) / count
}

function allocated(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

function vector(name: string): DhcpMessage {
  const file = new URL(`../../../packages/protocol/vectors/${name}.hex`, import.meta.url)
  return decodeMessage(fromHex(readFileSync(file, 'utf8')))
}

/** What perfdhcp sends: 53, 55 and 61. */
function plainDiscover(): DhcpMessage {
  const base = withOption(
    { ...firmware, options: new Map<number, Uint8Array>() },
    parameterRequest,
    Uint8Array.of(1, 28, 2, 3, 15, 6, 12) as never,
  )
  return withOption(
    withOption(base, messageTypeOption, 'discover'),
    clientIdentifier,
    Uint8Array.of(1, ...firmware.chaddr),
  )
}

function requestFor(discover: DhcpMessage): DhcpMessage {
  const request = withOption(withoutOption(discover, messageTypeOption.code), messageTypeOption, 'request')
  return withOption(withOption(request, serverIdentifier, LINK.address), requestedAddress, address)
}
