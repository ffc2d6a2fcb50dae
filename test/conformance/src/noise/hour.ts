import { readdirSync, readFileSync } from 'node:fs'
import { SERVER } from '../site.ts'
import type { Frame } from '../wire/frame.ts'
import { bytes, hex } from '../wire/octets.ts'
import { datagramOf } from '../wire/request.ts'
import { TALKS, type Saying } from './devices.ts'
import { Random } from './random.ts'

/** A frame, what it is, and whether it comes to a port where we listen. */
export interface Sound {
  readonly name: string
  readonly frame: Omit<Frame, 'destinationMac'>
  readonly heard: boolean
}

const EVERYBODY = '255.255.255.255'

/** What of a LAN is no DHCP: to groups and to everybody, on ports where nobody of ours listens. */
const CHATTER: readonly (readonly [name: string, perHour: number, to: string, port: number, payload: string])[] = [
  ['mDNS', 4200, '224.0.0.251', 5353, '000000000001000000000000085f6169727072696e74045f746370056c6f63616c00000c0001'],
  ['SSDP', 2400, '239.255.255.250', 1900, '4d2d534541524348202a20485454502f312e310d0a4d414e3a'],
  ['LLMNR', 900, '224.0.0.252', 5355, '1a2b0000000100000000000004777061640000010001'],
  ['NetBIOS names', 900, '192.168.77.255', 137, '8c1a01100001000000000000204648464145424545434143'],
  ['NetBIOS datagrams', 300, '192.168.77.255', 138, '110e8f2dc0a84d64008a00bb0000'],
  ['answers of the DHCP server to everybody', 1500, EVERYBODY, 68, '0201060080001122'],
  ['file synchronisation', 600, EVERYBODY, 17500, '7b2276657273696f6e223a205b322c20305d7d'],
  ['wake-on-LAN', 60, EVERYBODY, 9, 'ffffffffffff525400000001525400000001'],
  ['NTP', 120, EVERYBODY, 123, '2500000000000000000000004c4f434c'],
]
const SPOILT_PER_HOUR = 3000
const RECORDED_PER_HOUR = 600

/** The vectors that are not what a boot client asks us: all that never speak of PXEClient or HTTPClient. */
const VECTORS = new URL('../../../../packages/protocol/vectors/', import.meta.url)
const RECORDED: readonly Uint8Array[] = readdirSync(VECTORS, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.hex') && !name.startsWith('tftp-'))
  .toSorted()
  .map((name) => bytes(readFileSync(new URL(name, VECTORS), 'latin1')))
  .filter((octets) => !saysBoot(octets))

/** How many frames there are in an hour. */
export const PER_HOUR =
  [...TALKS.map(({ perHour }) => perHour), ...CHATTER.map(([, perHour]) => perHour)].reduce((sum, n) => sum + n) +
  SPOILT_PER_HOUR +
  RECORDED_PER_HOUR

/** An hour of a LAN, or several, without end if need be: what is said, in an order of chance, each as often as it is in an hour. */
export function* hours(seed: number): Generator<Sound> {
  const random = new Random(seed)
  for (;;) {
    const order = schedule()
    for (let left = order.length; left > 0; left--) {
      const at = random.below(left)
      const make = order[at]!
      order[at] = order[left - 1]!
      yield make(random)
    }
  }
}

function schedule(): ((random: Random) => Sound)[] {
  const makers: ((random: Random) => Sound)[] = []
  const add = (count: number, make: (random: Random) => Sound): void => {
    for (let i = 0; i < count; i++) makers.push(make)
  }
  for (const { name, perHour, say } of TALKS) add(perHour, (random) => soundOf(name, say(random)))
  for (const [name, perHour, to, toPort, payload] of CHATTER) {
    const octets = bytes(payload)
    add(perHour, (random) => chatter(name, random, to, toPort, octets))
  }
  add(SPOILT_PER_HOUR, spoilt)
  add(RECORDED_PER_HOUR, recorded)
  return makers
}

function soundOf(name: string, saying: Saying): Sound {
  return { name, heard: true, frame: frameOf(saying, datagramOf(saying.request)) }
}

function frameOf(
  { request, from = '0.0.0.0', fromPort = 68, to = EVERYBODY, toPort = 67 }: Saying,
  payload: Uint8Array,
) {
  return { sourceMac: request.chaddr!, from, fromPort, to, toPort, payload }
}

function chatter(name: string, random: Random, to: string, toPort: number, payload: Uint8Array): Sound {
  const from = `192.168.77.${100 + random.below(100)}`
  return { name, heard: false, frame: { sourceMac: strange(random), from, fromPort: toPort, to, toPort, payload } }
}

/** As it was recorded, or made to be odd, at one of the two ports. */
function recorded(random: Random): Sound {
  return atAnyPort('recorded messages of others', random, random.of(RECORDED))
}

/** A message of the others with octets of chance in it, cut short, with lengths that lie, or with a tail of no sense. */
function spoilt(random: Random): Sound {
  for (;;) {
    const octets = datagramOf(random.of(TALKS).say(random).request)
    for (let times = random.below(6); times >= 0; times--) octets[random.below(octets.length)] = random.below(256)
    const cut = random.below(4) === 0 ? octets.subarray(0, random.below(octets.length)) : octets
    // What speaks of booting after all is not noise; with chance alone nobody comes to say so.
    if (!saysBoot(cut)) return atAnyPort('spoilt messages', random, cut)
  }
}

function atAnyPort(name: string, random: Random, payload: Uint8Array): Sound {
  const from = `192.168.77.${100 + random.below(100)}`
  const toPort = random.of([67, 67, 67, 4011])
  const to = random.of([EVERYBODY, EVERYBODY, SERVER])
  return { name, heard: true, frame: { sourceMac: strange(random), from, fromPort: 68, to, toPort, payload } }
}

function strange(random: Random): string {
  return `02:${hex(random.octets(5)).match(/../g)!.join(':')}`
}

function saysBoot(octets: Uint8Array): boolean {
  const latin = Buffer.from(octets).toString('latin1')
  return latin.includes('PXEClient') || latin.includes('HTTPClient')
}
