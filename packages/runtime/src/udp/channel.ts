/** Datagrams that have been read and wait to be looked at; what comes on top waits in the kernel. */
export const IN_SLOTS = 256
/** Replies that wait to be sent. */
export const OUT_SLOTS = 1024

/**
 * What one socket's two threads share: a ring of datagrams each way. Each ring has one thread that fills it and one that empties it, so
 * two counters are all they need, which only ever grow (modulo 2³²): slot = counter modulo size.
 */
export interface ChannelMemory {
  readonly fd: number
  readonly link: string
  readonly words: SharedArrayBuffer
  /** `control` of its slots. */
  readonly in: SharedArrayBuffer
  /** Milliseconds of the wall clock at which each datagram of `in` was read: Float64Array. */
  readonly times: SharedArrayBuffer
  readonly out: SharedArrayBuffer
  /** For each slot of `out`: whether it is for a MAC, and the MAC. Eight octets. */
  readonly macs: SharedArrayBuffer
}

/** Where the words are. Those that one thread writes and the other reads have a cache line for themselves. */
export const WORD = {
  /** Written by the I/O thread. */
  inFilled: 0,
  outEmptied: 16,
  sent: 17,
  unsent: 18,
  /** Of the last failure: errno, and whom it was for. */
  sendErrno: 19,
  sendAddress: 20,
  sendPort: 21,
  receiveErrno: 22,
  neighbourErrno: 23,
  /** Written by the main thread. */
  inEmptied: 32,
  outFilled: 48,
  /** Written by both: the main thread waits for room in `out`. */
  outWanted: 64,
  /** The I/O thread waits for room in `in`. */
  inWanted: 80,
} as const

export const WORDS = 96

/** What the two threads share besides: who sleeps, and has to be woken by its bell. */
export interface ThreadMemory {
  readonly words: SharedArrayBuffer
  readonly mainBell: number
  readonly ioBell: number
}

/** 1: asleep, asleep, there are orders. */
export const THREAD_WORD = { mainSleeps: 0, ioSleeps: 16, orders: 32 } as const
export const THREAD_WORDS = 48

/** Orders to the I/O thread, which come by postMessage. */
export type IoOrder =
  | { readonly kind: 'open'; readonly id: number; readonly channel: ChannelMemory }
  /** What waits is sent first. */
  | { readonly kind: 'close'; readonly id: number }
  /** The interface is another one now. */
  | { readonly kind: 'forget-neighbours'; readonly id: number }
  | { readonly kind: 'end' }

export interface IoReply {
  readonly kind: 'closed'
  readonly id: number
}
