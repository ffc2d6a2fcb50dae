import type { Frame } from './pcap.ts'

/** Of https://www.tcpdump.org/linktypes.html: what the first octet of a frame belongs to. */
const LINK_TYPES = { ethernet: 1, ip: 101 } as const

/** Captured frames as a pcap file (little-endian, microseconds), for tshark to read. */
export function pcapFile(frames: readonly Frame[], linkType: keyof typeof LINK_TYPES = 'ethernet'): Uint8Array {
  const header = Uint32Array.of(0xa1b2c3d4, 0x0004_0002, 0, 0, 262_144, LINK_TYPES[linkType])
  const records = frames.flatMap(({ at, bytes }) => {
    const micros = Math.round((at % 1000) * 1000)
    return [octetsOf(Uint32Array.of(Math.floor(at / 1000), micros, bytes.length, bytes.length)), bytes]
  })
  return Buffer.concat([octetsOf(header), ...records])
}

function octetsOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer)
}
