import type { Seconds } from '../net/index.ts'
import { MAX_BLKSIZE } from './packet.ts'

/** What a transfer runs with. RFC 1350 alone means a blksize of 512 and a windowsize of 1. */
export interface TransferOptions {
  /** Octets in every DATA packet but the last, RFC 2348. */
  readonly blksize: number
  /** DATA packets sent before an ACK is awaited, RFC 7440. */
  readonly windowsize: number
  /** Seconds until the first retransmission, RFC 2349. */
  readonly timeout: Seconds
}

export interface Negotiated {
  readonly use: TransferOptions
  /** What the OACK says; empty means that there is none, and DATA 1 answers the request. */
  readonly oack: ReadonlyMap<string, string>
}

/** A value a client may ask for, both ends included, and the answer it gets; undefined when this server does not do it. */
interface OptionRow {
  readonly section: string
  readonly min: number
  readonly max: number
  answer(asked: number, limits: TransferOptions, size: number | undefined): number | undefined
}

/** The options a read request can carry, by name in lower case. */
const TFTP_OPTIONS: Readonly<Record<string, OptionRow>> = {
  blksize: {
    section: 'RFC 2348',
    min: 8,
    max: MAX_BLKSIZE,
    answer: (asked, limits) => Math.min(asked, limits.blksize),
  },
  timeout: { section: 'RFC 2349', min: 1, max: 255, answer: (asked) => asked },
  tsize: { section: 'RFC 2349', min: 0, max: Number.MAX_SAFE_INTEGER, answer: (_asked, _limits, size) => size },
  windowsize: {
    section: 'RFC 7440 §3',
    min: 1,
    max: 65535,
    answer: (asked, limits) => Math.min(asked, limits.windowsize),
  },
}

/**
 * What a read request gets (RFC 2347): of the options it asked for those that are known and in range, in the order asked,
 * none of them raised; `blksize` and `windowsize` lowered to `limits`.
 *
 * One policy for every value out of range or not a number: as if the option had not been asked for. The client sees that
 * from the OACK and goes on with the default, where ERROR 8 would end its boot.
 *
 * `size` is the number of octets to come; undefined when it is not known beforehand (netascii), then `tsize` is not answered.
 * `limits.timeout` is used when the client names none.
 */
export function negotiate(
  asked: ReadonlyMap<string, string>,
  size: number | undefined,
  limits: TransferOptions,
): Negotiated {
  const oack = new Map<string, string>()
  const granted: Record<string, number> = {}
  for (const [name, text] of asked) {
    const row = Object.hasOwn(TFTP_OPTIONS, name) ? TFTP_OPTIONS[name] : undefined
    const value = row && inRange(text, row) ? row.answer(Number(text), limits, size) : undefined
    if (value === undefined) continue
    oack.set(name, String(value))
    granted[name] = value
  }
  const use = {
    blksize: granted['blksize'] ?? 512,
    windowsize: granted['windowsize'] ?? 1,
    timeout: (granted['timeout'] ?? limits.timeout) as Seconds,
  }
  return { use, oack }
}

function inRange(text: string, row: OptionRow): boolean {
  if (!/^\d{1,16}$/.test(text)) return false
  const value = Number(text)
  return value >= row.min && value <= row.max
}
