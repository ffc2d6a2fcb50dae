import type { Instant, Ipv4Address } from '@reboots/protocol/net'
import { Latest } from '../latest.ts'

/**
 * How long an entry is trusted to be still in the kernel's table. The kernel keeps one it was given for 5 s before it asks the neighbour
 * whether it is there (delay_first_probe_time), and throws none away that is younger, however full the table.
 */
const TRUSTED_MS = 3000
/** More than the kernel holds by default (gc_thresh3 is 1024). */
const REMEMBERED = 4096

/** How long a full table is left alone: each attempt makes the kernel search all of it for something to throw away, 40 µs for nothing. */
const FULL_MS = 500

interface Entry {
  /** The six octets as a number. */
  readonly mac: number
  readonly until: Instant
}

/**
 * What was put into the neighbour table of one link lately. OFFER and ACK of one client mostly come within seconds of each other, and so
 * do the copies of a reply: a system call for each would double the cost of sending.
 */
export class Neighbours {
  readonly #entries = new Latest<Ipv4Address, Entry>(REMEMBERED)
  readonly #set: (address: Ipv4Address, mac: Uint8Array) => void
  #full: { readonly error: unknown; readonly until: Instant } | undefined

  /** `set` puts an entry into the table, and throws when it cannot. */
  constructor(set: (address: Ipv4Address, mac: Uint8Array) => void) {
    this.#set = set
  }

  /** Whether the table has had another MAC for this address: what waits to be sent there must go before it changes. */
  wouldMove(address: Ipv4Address, mac: Uint8Array): boolean {
    const entry = this.#entries.get(address)
    return entry !== undefined && entry.mac !== numberOf(mac)
  }

  /** Makes sure that the table has this MAC for the address. Throws what `set` throws, or threw when the table was found full. */
  reach(address: Ipv4Address, mac: Uint8Array, now: Instant): void {
    const known = this.#entries.get(address)
    const number = numberOf(mac)
    if (known !== undefined && known.mac === number && now < known.until) return
    if (this.#full !== undefined && now < this.#full.until) throw this.#full.error
    // Before the call: when it fails nothing is known of the entry.
    this.#entries.delete(address)
    this.#setOrFull(address, mac, now)
    this.#entries.set(address, { mac: number, until: (now + TRUSTED_MS) as Instant })
  }

  forgetAll(): void {
    this.#entries.clear()
  }

  #setOrFull(address: Ipv4Address, mac: Uint8Array, now: Instant): void {
    try {
      this.#set(address, mac)
      this.#full = undefined
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOBUFS') this.#full = { error, until: (now + FULL_MS) as Instant }
      throw error
    }
  }
}

function numberOf(mac: Uint8Array): number {
  let number = 0
  for (let i = 0; i < 6; i++) number = number * 256 + mac[i]!
  return number
}
