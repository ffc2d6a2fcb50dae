/** One captured frame. */
export interface Frame {
  /** Milliseconds since the epoch, with a fraction. */
  readonly at: number
  /** The octets captured, from the Ethernet header on; fewer than were on the wire if the capture cuts frames. */
  readonly bytes: Uint8Array
}

const FILE_HEADER = 24
const RECORD_HEADER = 16
const MICROSECONDS = 0xa1b2c3d4
const NANOSECONDS = 0xa1b23c4d
const ETHERNET = 1

/**
 * Reads a capture in pcap format from a stream, whole frames as they become complete.
 *
 * ```
 *    file header   | magic (4) | version (4) | zone (4) | accuracy (4) | snaplen (4) | link type (4) |
 *    each record   | seconds (4) | fraction (4) | captured length (4) | length (4) | octets …        |
 * ```
 *
 * Little-endian with micro- or nanoseconds and link type Ethernet: what tcpdump writes on the machines this runs on.
 */
export class PcapReader {
  #rest = new Uint8Array(0)
  #fraction: number | undefined

  /** Adds octets of the stream and returns the frames that are complete now. Throws when it is not such a capture. */
  push(chunk: Uint8Array): Frame[] {
    const bytes = new Uint8Array(this.#rest.length + chunk.length)
    bytes.set(this.#rest)
    bytes.set(chunk, this.#rest.length)
    const view = new DataView(bytes.buffer)
    let at = 0
    if (this.#fraction === undefined) {
      if (bytes.length < FILE_HEADER) {
        this.#rest = bytes
        return []
      }
      this.#fraction = fractionsPerMillisecond(view)
      at = FILE_HEADER
    }
    const frames: Frame[] = []
    while (bytes.length - at >= RECORD_HEADER) {
      const length = view.getUint32(at + 8, true)
      const end = at + RECORD_HEADER + length
      if (end > bytes.length) break
      const time = view.getUint32(at, true) * 1000 + view.getUint32(at + 4, true) / this.#fraction
      frames.push({ at: time, bytes: bytes.subarray(at + RECORD_HEADER, end) })
      at = end
    }
    this.#rest = bytes.subarray(at)
    return frames
  }
}

/** All frames of a capture that is complete. */
export function readPcap(bytes: Uint8Array): Frame[] {
  return new PcapReader().push(bytes)
}

function fractionsPerMillisecond(header: DataView): number {
  const magic = header.getUint32(0, true)
  const linkType = header.getUint32(20, true)
  if (linkType !== ETHERNET) throw new Error(`pcap: link type ${linkType}, not Ethernet`)
  if (magic === MICROSECONDS) return 1000
  if (magic === NANOSECONDS) return 1_000_000
  throw new Error(`pcap: magic ${magic.toString(16)}`)
}
