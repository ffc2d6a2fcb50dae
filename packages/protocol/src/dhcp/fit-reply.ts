import { octets } from '../bytes/index.ts'
import { option } from './option.ts'
import { maxMessageSize } from './options.ts'
import { OptionSet } from './option-set.ts'
import { layoutOptions, plainLength } from './layout.ts'
import { FILE, SNAME, type DhcpMessage } from './message.ts'

/** Octets of an IPv4 and a UDP header: option 57 counts them, a UDP payload does not. */
const IP_AND_UDP = 28
/** RFC 2131 §2: what every client must take. */
const LEAST = 576
/** An Ethernet frame's worth. Nothing larger is sent, whatever option 57 says: fragments do not reach firmware. */
const MOST = 1500

/**
 * Options a reply gives up last, from the one that goes first to the one that stays longest. With these gone as well
 * what is left (53, 54, the lease and its mask) is under 100 octets and always fits.
 */
const KEPT_LONGEST = [249, 175, 121, 66, 97, 3, 43, 60, 67, 61, 82]
const ALWAYS = new Set([1, 51, 53, 54, 58, 59])

export interface Fitted {
  readonly message: DhcpMessage
  /** Codes that were left out, in the order they went. */
  readonly dropped: readonly number[]
  /** UDP payload octets the client takes: hand it to `encodeMessage`, which overloads `file` and `sname` if need be. */
  readonly maxLength: number
}

/**
 * Octets of UDP payload a reply to this request may have: option 57 less the IP and UDP headers, but at least
 * 576 − 28 = 548 (RFC 2132 §9.10) and at most 1500 − 28 = 1472. Without 57 it is 548 (RFC 2131 §2).
 *
 * Deviation: 57 is a hint. UEFI sends 65280 in its REQUEST, and to believe it would make fragments.
 */
export function maxReplyLength(request: DhcpMessage): number {
  const asked = option(request, maxMessageSize) ?? LEAST
  return Math.min(Math.max(asked, LEAST), MOST) - IP_AND_UDP
}

/**
 * A reply that `encodeMessage(message, { maxLength })` can write for this client, whatever it was composed of.
 *
 * A `file` or `sname` too long for its field and the NUL behind it moves to option 67 or 66. If the options then fit
 * in no way, `file` and `sname` included, they are dropped one by one: any that would not even fit alone; then those the
 * client did not ask for, highest code first; then those it asked for, the last of its list first (RFC 2132 §9.8: the
 * list may be in order of preference); then those that booting and relaying rest on, ending with 82 (RFC 3046 §2.2).
 * One that fits again once others are gone comes back. Never fails, and `dropped` is for the log.
 */
export function fitReply(reply: DhcpMessage, request: DhcpMessage): Fitted {
  const maxLength = maxReplyLength(request)
  const named = withFittingNames(reply)
  if (plainLength(named) <= maxLength) return { message: named, dropped: [], maxLength }
  const options = OptionSet.of(named.options)
  const message: DhcpMessage = { ...named, options }
  const dropped: number[] = []
  for (const code of [...hopeless(named, maxLength), ...dropOrder(named, request)]) {
    if (layoutOptions(message, maxLength).left.length === 0) break
    if (options.delete(code)) dropped.push(code)
  }
  // A long one that went late may have made room for a short one that went early.
  for (const code of dropped.toReversed()) {
    options.set(code, named.options.get(code)!)
    if (layoutOptions(message, maxLength).left.length > 0) options.delete(code)
  }
  return { message, dropped: dropped.filter((code) => !options.has(code)), maxLength }
}

/** Codes whose value would not even fit alone: they go at once, instead of taking all others with them. */
function hopeless(reply: DhcpMessage, maxLength: number): number[] {
  const fixed = [...reply.options].filter(([code]) => ALWAYS.has(code))
  return [...reply.options]
    .filter((entry) => layoutOptions({ ...reply, options: OptionSet.of([...fixed, entry]) }, maxLength).left.length > 0)
    .map(([code]) => code)
}

function dropOrder(reply: DhcpMessage, request: DhcpMessage): number[] {
  const asked = request.options.get(55) ?? new Uint8Array(0)
  const place = (code: number): number => {
    const index = asked.indexOf(code)
    return index < 0 ? Infinity : index
  }
  const optional = [...reply.options.keys()].filter((code) => !ALWAYS.has(code) && !KEPT_LONGEST.includes(code))
  optional.sort((a, b) => (place(a) === place(b) ? b - a : place(b) - place(a)))
  return [...optional, ...KEPT_LONGEST.filter((code) => reply.options.has(code))]
}

function withFittingNames(reply: DhcpMessage): DhcpMessage {
  if (reply.file.length < FILE.width && reply.sname.length < SNAME.width) return reply
  const options = OptionSet.of(reply.options)
  const fits = { file: reply.file.length < FILE.width, sname: reply.sname.length < SNAME.width }
  if (!fits.file && !options.has(67)) options.set(67, octets(reply.file))
  if (!fits.sname && !options.has(66)) options.set(66, octets(reply.sname))
  return { ...reply, file: fits.file ? reply.file : '', sname: fits.sname ? reply.sname : '', options }
}
