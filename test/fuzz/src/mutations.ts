import { AT, addressOctets, join, optionOctets, placesIn, setAddress, spliced } from './octets.ts'
import type { Random } from './random.ts'

/** Spoils a message; may write into what it is given, and returns what is to be sent instead. */
export type Mutation = (bytes: Uint8Array, random: Random, corpus: readonly Uint8Array[]) => Uint8Array

/** No datagram is longer (RFC 768 in an IPv4 packet). */
const LONGEST = 65_507
/** Codes that somebody here reads, and a few that nobody does. */
const CODES = [
  1, 3, 6, 12, 15, 43, 43, 50, 51, 52, 52, 53, 54, 55, 57, 60, 61, 66, 67, 77, 80, 81, 82, 82, 90, 93, 94, 97, 108, 116,
  118, 119, 121, 124, 125, 150, 175, 175, 209, 210, 220, 221, 249, 254,
]
/** Addresses that mean something: nobody, everybody, ourselves, the relay, pools, reservations, loopback, multicast. */
const ADDRESSES = [
  0, 0xffffffff, 0xc0a84d01, 0xc0a84d57, 0xc0a84d00, 0xc0a84dff, 0xc0a84d14, 0xc0a84d64, 0xc0a84df0, 0x0a090001,
  0x0a090101, 0x0a09000a, 0x0a050001, 0x0a050065, 0xac1f0001, 0x7f000001, 0xe0000001, 0x00000001,
]
const LENGTHS = [0, 1, 2, 3, 4, 5, 7, 8, 16, 17, 32, 63, 64, 128, 253, 254, 255]

/** By name, for the table of a campaign. Each is as likely as any other. */
export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  'bit flips': (bytes, random) => {
    for (let i = random.below(8); bytes.length > 0 && i >= 0; i--)
      bytes[random.below(bytes.length)]! ^= 1 << random.below(8)
    return bytes
  },
  'octets of chance': (bytes, random) => {
    if (bytes.length === 0) return bytes
    const at = random.below(bytes.length)
    bytes.set(random.octets(Math.min(1 + random.below(16), bytes.length - at)), at)
    return bytes
  },
  'cut short': (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  'junk behind the end': (bytes, random) => join(bytes, random.octets(random.below(64))),
  'END moved': (bytes, random) => {
    if (bytes.length > AT.options) bytes[AT.options + random.below(bytes.length - AT.options)] = 255
    return bytes
  },
  'END taken out': (bytes, random) => {
    const places = placesIn(bytes)
    return bytes.subarray(0, places.at(-1)?.end ?? random.below(bytes.length + 1))
  },
  'a length that lies': (bytes, random) => {
    const place = somePlace(bytes, random)
    if (place !== undefined) bytes[place.at + 1] = random.oneIn(2) ? random.of(LENGTHS) : bytes[place.at + 1]! + 1
    return bytes
  },
  'an option more': (bytes, random) => withOption(bytes, random, anyOption(random)),
  'an option less': (bytes, random) => {
    const place = somePlace(bytes, random)
    return place === undefined ? bytes : spliced(bytes, place.at, place.end, new Uint8Array(0))
  },
  'an option of other length': (bytes, random) => {
    const place = somePlace(bytes, random)
    if (place === undefined) return bytes
    return spliced(bytes, place.at, place.end, optionOctets(place.code, random.octets(random.of(LENGTHS))))
  },
  'an option again and again': (bytes, random) => {
    const place = somePlace(bytes, random)
    if (place === undefined) return bytes
    const one = bytes.slice(place.at, place.end)
    const many = Array.from({ length: 1 + random.below(random.oneIn(10) ? 200 : 4) }, () => one)
    return withOption(bytes, random, join(...many))
  },
  'two options changed over': (bytes, random) => {
    const [one, other] = [somePlace(bytes, random), somePlace(bytes, random)]
    if (one === undefined || other === undefined || one.at >= other.at) return bytes
    const middle = bytes.slice(one.end, other.at)
    const swapped = join(bytes.slice(other.at, other.end), middle, bytes.slice(one.at, one.end))
    return spliced(bytes, one.at, other.end, swapped)
  },
  overload: (bytes, random) => {
    if (bytes.length < AT.cookie) return bytes
    for (const [at, end] of [
      [AT.file, AT.cookie],
      [AT.sname, AT.file],
    ] as const)
      if (random.oneIn(2)) fillField(bytes, at, end, random)
    const value = random.oneIn(8) ? random.octets(random.below(3)) : Uint8Array.of(1 + random.below(3))
    return withOption(bytes, random, optionOctets(52, value))
  },
  'option 82': (bytes, random) => withOption(bytes, random, optionOctets(82, subOptions(random, RELAY_CODES))),
  'option 82 in other words': (bytes, random) => {
    const place = placesIn(bytes).find(({ code }) => code === 82)
    if (place === undefined || place.end === place.at + 2) return bytes
    bytes[place.at + 2 + random.below(place.end - place.at - 2)] = random.of(LENGTHS)
    return bytes
  },
  'vendor options': (bytes, random) => withOption(bytes, random, optionOctets(43, subOptions(random, VENDOR_CODES))),
  'iPXE options': (bytes, random) => withOption(bytes, random, optionOctets(175, subOptions(random, IPXE_CODES))),
  'a parameter request list': (bytes, random) => {
    const all = Uint8Array.from({ length: 255 }, (_, code) => code)
    return withOption(bytes, random, optionOctets(55, random.oneIn(2) ? all : random.octets(random.below(256))))
  },
  'a message size': (bytes, random) => {
    const size = random.of([0, 1, 299, 300, 575, 576, 577, 600, 1024, 1472, 1500, 1501, 65_280, 65_535])
    return withOption(bytes, random, optionOctets(57, Uint8Array.of(size >> 8, size)))
  },
  'a long chain': (bytes, random) => {
    const room = random.oneIn(200) ? LONGEST : 1472
    const links: Uint8Array[] = []
    for (let length = bytes.length; length < room - 40;) {
      const link = chainLink(random)
      links.push(link)
      length += link.length
    }
    return withOption(bytes, random, join(...links))
  },
  'pads in between': (bytes, random) => withOption(bytes, random, new Uint8Array(1 + random.below(40))),
  'a field of the header': (bytes, random) => {
    if (bytes.length < AT.options) return bytes
    const at = random.of([
      AT.op,
      AT.htype,
      AT.hlen,
      AT.hlen,
      AT.hops,
      AT.secs,
      AT.flags,
      AT.flags,
      AT.chaddr,
      AT.cookie,
    ])
    bytes[at] = random.oneIn(2) ? random.of([0, 1, 2, 6, 15, 16, 17, 32, 128, 255]) : random.below(256)
    return bytes
  },
  'an address of the header': (bytes, random) => {
    if (bytes.length < AT.options) return bytes
    setAddress(
      bytes,
      random.of([AT.ciaddr, AT.ciaddr, AT.yiaddr, AT.siaddr, AT.giaddr, AT.giaddr]),
      someAddress(random),
    )
    return bytes
  },
  'an address in an option': (bytes, random) =>
    withOption(bytes, random, optionOctets(random.of([50, 54, 118]), addressOctets(someAddress(random)))),
  'another message type': (bytes, random) => {
    const place = placesIn(bytes).find(({ code }) => code === 53)
    if (place !== undefined && place.end > place.at + 2)
      bytes[place.at + 2] = random.oneIn(8) ? random.below(256) : random.below(19)
    return bytes
  },
  'the tail of another message': (bytes, random, corpus) => {
    const other = random.of(corpus)
    const at = AT.options + random.below(64)
    return join(
      bytes.subarray(0, Math.min(at, bytes.length)),
      other.subarray(Math.min(AT.options + random.below(64), other.length)),
    )
  },
  'the options of another message': (bytes, random, corpus) => {
    const [place] = placesIn(random.of(corpus))
    const other = random.of(corpus)
    return join(bytes.subarray(0, AT.options), other.subarray(Math.min(place?.at ?? AT.options, other.length)))
  },
}

const RELAY_CODES = [1, 1, 2, 2, 5, 5, 6, 9, 10, 11, 11, 12, 19, 19, 151, 152, 255]
const VENDOR_CODES = [6, 7, 8, 9, 10, 69, 71, 71, 71, 116, 255, 0]
const IPXE_CODES = [1, 8, 18, 19, 21, 36, 176, 177, 189, 190, 235, 235, 255]

/** A list of sub-options, one in three of which is not as long as it says, nested in some. */
function subOptions(random: Random, codes: readonly number[], depth = 0): Uint8Array {
  const parts = Array.from({ length: random.below(6) }, () => {
    const nested = depth < 2 && random.oneIn(4)
    const value = nested ? subOptions(random, codes, depth + 1) : random.octets(random.of([0, 1, 2, 3, 4, 4, 4, 7, 16]))
    return optionOctets(random.of(codes), value, random.oneIn(3) ? random.of(LENGTHS) : value.length)
  })
  const whole = join(...parts)
  return whole.length > 255 ? whole.subarray(0, 255) : whole
}

function anyOption(random: Random): Uint8Array {
  return optionOctets(random.oneIn(4) ? random.below(256) : random.of(CODES), random.octets(random.of(LENGTHS)))
}

function chainLink(random: Random): Uint8Array {
  if (random.oneIn(3)) return Uint8Array.of(random.of(CODES), 0)
  return optionOctets(random.of(CODES), random.octets(random.below(4)))
}

/** Options of chance, or nothing that makes sense, in the place of a name. */
function fillField(bytes: Uint8Array, from: number, end: number, random: Random): void {
  for (let at = from; at < end;) {
    const octets = random.oneIn(6) ? random.octets(8) : optionOctets(random.of(CODES), random.octets(random.below(9)))
    bytes.set(octets.subarray(0, end - at), at)
    at += octets.length
  }
}

function withOption(bytes: Uint8Array, random: Random, octets: Uint8Array): Uint8Array {
  const at = somePlace(bytes, random)?.at ?? Math.min(AT.options, bytes.length)
  const whole = spliced(bytes, at, at, octets)
  return whole.length > LONGEST ? whole.subarray(0, LONGEST) : whole
}

function somePlace(bytes: Uint8Array, random: Random) {
  const places = placesIn(bytes)
  return places.length === 0 ? undefined : random.of(places)
}

function someAddress(random: Random): number {
  return random.oneIn(4) ? random.below(0x1_0000_0000) : (random.of(ADDRESSES) + random.below(4)) >>> 0
}
