import { hardware } from '@reboots/api'
import { formatOrigin, type Entry } from '../records/entry.ts'
import type { Revision } from './journal.ts'

/** An encoded WatchResponse. */
export type Frame = Uint8Array

/** Largest response; a quarter of what gRPC clients take by default. */
const FRAME_BYTES = 1024 * 1024
/** Room in a frame for everything but machines. */
const ENVELOPE_BYTES = 1024
/** Field 4 of WatchResponse, `upserted`, length-delimited. */
const UPSERTED_TAG = (4 << 3) | 2

interface Envelope {
  readonly epoch: string
  readonly revision: bigint
  readonly reset: boolean
  readonly synced: boolean
}

/** All machines, in parts. Parts before the last have revision 0: whoever resumes from there has to begin again. */
export function* snapshotFrames(epoch: string, revision: bigint, entries: readonly Entry[]): Generator<Frame> {
  let reset = true
  for (const { part, last } of parts(entries)) {
    yield frame({ epoch, revision: last ? revision : 0n, reset, synced: last }, part)
    reset = false
  }
}

/**
 * One change, in parts. Parts before the last say that the replica is complete up to the revision before, which is so: with some of
 * the change applied already. Whoever resumes from there is sent the change again.
 */
export function* changeFrames(epoch: string, { revision, upserted, deletedIds }: Revision): Generator<Frame> {
  for (const { part, last } of parts([...deletedIds, ...upserted])) {
    yield frame({ epoch, revision: last ? revision : revision - 1n, reset: false, synced: true }, part)
  }
}

/** Nothing was missed: tells a watcher that resumed that it is up to date. */
export function currentFrame(epoch: string, revision: bigint): Frame {
  return frame({ epoch, revision, reset: false, synced: true }, [])
}

/** The id of a machine that is gone, or one to put in. */
type Item = string | Entry

/** A WatchResponse around machines that are encoded already: each is its octets and, behind them, its origin. */
function frame(envelope: Envelope, items: readonly Item[]): Frame {
  const deletedIds = items.filter((item) => typeof item === 'string')
  const writer = hardware.WatchResponse.encode({ ...envelope, deletedIds, upserted: [] })
  for (const item of items) {
    if (typeof item === 'string') continue
    writer.uint32(UPSERTED_TAG).bytes(Buffer.concat([item.bytes, originField(formatOrigin(item.origin))]))
  }
  return writer.finish()
}

/** A Machine that has nothing but an origin: put behind the rest of one, protobuf reads the two as one message. */
function originField(origin: string): Uint8Array {
  return hardware.Machine.encode({ ...NOTHING, origin }).finish()
}

const NOTHING = hardware.Machine.decode(new Uint8Array(0))

/** The items in runs of at most FRAME_BYTES, or of one item; at least one run, maybe empty. */
function* parts<T extends Item>(items: readonly T[]): Generator<{ readonly part: T[]; readonly last: boolean }> {
  let part: T[] = []
  let size = ENVELOPE_BYTES
  for (const item of items) {
    const more = sizeOf(item)
    if (part.length > 0 && size + more > FRAME_BYTES) {
      yield { part, last: false }
      part = []
      size = ENVELOPE_BYTES
    }
    part.push(item)
    size += more
  }
  yield { part, last: true }
}

/** An upper bound, with field headers and three octets for each UTF-16 unit. */
function sizeOf(item: Item): number {
  return typeof item === 'string' ? item.length * 3 + 8 : item.bytes.length + item.origin.file.length * 3 + 64
}
