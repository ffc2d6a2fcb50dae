import { writeFile } from 'node:fs/promises'
import { pcapFile, type Frame } from '@reboots/testkit'
import type { DhcpMessage } from '@reboots/protocol/dhcp'
import type { Exchange } from './invariants.ts'
import { addressOctets, join } from './octets.ts'

/** So many replies at most go into a file for tshark. */
const MOST = 20_000
const SERVER = 0xc0a84d01
const CLIENT = 0xc0a84d64

/**
 * Every so many-th reply, for a dissector that nobody here wrote. Left out are those with an option 82, which is sent back as it came, however
 * spoilt; and with values over 255 octets: tshark reads each instance by itself, and takes the second for a broken one (RFC 3396).
 */
export class Sample {
  readonly #every: number
  readonly #frames: Frame[] = []
  #seen = 0

  constructor(every: number) {
    this.#every = every
  }

  add({ reply }: Exchange, bytes: Uint8Array): void {
    if (reply.options.has(82) || hasLongValue(reply)) return
    if (this.#seen++ % this.#every === 0 && this.#frames.length < MOST)
      this.#frames.push({ at: this.#seen, bytes: packet(bytes) })
  }

  async write(file: string): Promise<void> {
    await writeFile(file, pcapFile(this.#frames, 'ip'))
  }
}

function hasLongValue({ options }: DhcpMessage): boolean {
  for (const [, value] of options) if (value.length > 255) return true
  return false
}

/** IPv4 and UDP around a reply, without checksums. */
function packet(reply: Uint8Array): Uint8Array {
  const length = 28 + reply.length
  const ip = Uint8Array.of(0x45, 0, length >> 8, length, 0, 0, 0x40, 0, 64, 17, 0, 0)
  const udp = Uint8Array.of(0, 67, 0, 68, (length - 20) >> 8, length - 20, 0, 0)
  return join(ip, addressOctets(SERVER), addressOctets(CLIENT), udp, reply)
}
