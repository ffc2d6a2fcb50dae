/** Captured frames as a pcap file (little-endian, microseconds, Ethernet), for tshark to read. */
export function pcapFile(frames: readonly { readonly at: number; readonly bytes: Uint8Array }[]): Uint8Array {
  const header = Uint32Array.of(0xa1b2c3d4, 0x0004_0002, 0, 0, 262_144, 1)
  const records = frames.flatMap(({ at, bytes }) => {
    const micros = Math.round((at % 1000) * 1000)
    return [octetsOf(Uint32Array.of(Math.floor(at / 1000), micros, bytes.length, bytes.length)), bytes]
  })
  return Buffer.concat([octetsOf(header), ...records])
}

function octetsOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer)
}
