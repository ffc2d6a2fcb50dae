import { LIMITED_BROADCAST } from '@reboots/protocol/net'
import type { SlotHeaders, SlotLayout } from './slots.ts'

/** The payload of an Ethernet frame: what is larger has to be cut into fragments, which is not done with a run. */
const LARGEST = 1472
/** Octets of a UDP datagram: a run is one until the kernel cuts it. */
const LARGEST_RUN = 65_507
/** Older kernels take no longer runs (UDP_MAX_SEGMENTS). */
const LONGEST_RUN = 64
/** A batch is sent in runs if it becomes at most a quarter as many messages; less is not worth the trouble. */
const WORTHWHILE = 4
/** Most messages of one batch. */
const MOST = 16

/**
 * Slots to send, with runs of datagrams of one length to one place put into one message each: such a run goes through routes and queues as
 * one packet, and is cut by the network card or just before it (UDP_SEGMENT, udp(7)). On the wire nothing is different. Replies to a relay
 * agent are such runs, and thousands of machines that start at once ask by relay agents as a rule. A virtual link (veth) does not cut: there a
 * relay agent that reads packets instead of datagrams, as dhcrelay does, would see the run as one, so REBOOTS_UDP_RUNS=on is for who knows.
 *
 *     mmsghdr             | name, iov, 3, control | name, iov, 2, control | …
 *                                 │       └─▶ | UDP_SEGMENT, octets of each |
 *     iovec of the slots  | 0 | 1 | 2 | 3 | 4 | …
 */
export class Runs {
  readonly #layout: SlotLayout
  readonly #headers: Uint8Array
  readonly #controls: Uint8Array
  readonly #controlsAt: bigint
  /** Of the messages, for sendmmsg(2). */
  readonly address: bigint
  /** How many slots each message covers. */
  readonly #sizes: number[] = []

  constructor(layout: SlotLayout) {
    this.#layout = layout
    this.#headers = new Uint8Array(layout.headerSize * MOST)
    this.#controls = new Uint8Array(layout.controlSize * MOST)
    this.#controlsAt = layout.addressOf(this.#controls)
    this.address = layout.addressOf(this.#headers)
  }

  /** Puts `count` slots, beginning with `first`, into messages; how many messages, or 0 when they had better be sent one by one. */
  gather(slots: SlotHeaders, first: number, count: number): number {
    const sizes = this.#sizes
    sizes.length = 0
    for (let slot = first; slot < first + count;) {
      if (sizes.length === MOST || (sizes.length + 1) * WORTHWHILE > count) return 0
      const size = runAt(slots, slot, first + count)
      sizes.push(size)
      slot += size
    }
    let slot = first
    for (let message = 0; message < sizes.length; message++) {
      this.#write(message, slots, slot, sizes[message]!)
      slot += sizes[message]!
    }
    return sizes.length
  }

  /** How many slots the first so many messages cover. */
  covered(messages: number): number {
    let slots = 0
    for (let message = 0; message < messages; message++) slots += this.#sizes[message]!
    return slots
  }

  #write(message: number, slots: SlotHeaders, slot: number, size: number): void {
    const { controlSize, headerSize } = this.#layout
    const at = message * controlSize
    if (size > 1) this.#layout.writeSegmentSize(this.#controls, at, slots.length(slot))
    const control = size > 1 ? this.#controlsAt + BigInt(at) : null
    this.#layout.writeRun(this.#headers, message * headerSize, slots.pointersTo(slot), size, control)
  }
}

/** How many slots from this one on can leave together. */
function runAt(slots: SlotHeaders, slot: number, end: number): number {
  const length = slots.length(slot)
  const [address, port] = [slots.address(slot), slots.port(slot)]
  // Clients without an address read packets, too.
  if (length > LARGEST || length === 0 || address === LIMITED_BROADCAST) return 1
  const most = Math.min(end - slot, LONGEST_RUN, Math.floor(LARGEST_RUN / length))
  let size = 1
  while (size < most && isAlike(slots, slot + size, length, address, port)) size++
  return size
}

function isAlike(slots: SlotHeaders, slot: number, length: number, address: number, port: number): boolean {
  return slots.length(slot) === length && slots.address(slot) === address && slots.port(slot) === port
}
