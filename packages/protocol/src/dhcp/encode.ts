import { octets } from '../bytes/index.ts'
import { dataOf, layoutOptions, plainLength, type Layout, type Piece } from './layout.ts'
import { CHADDR, END, FILE, HEADER_LENGTH, MAGIC_COOKIE, MINIMUM_LENGTH, SNAME, type DhcpMessage } from './message.ts'

/** What the receiver can take, and where to write. */
export interface Limit {
  /** Octets of UDP payload. */
  readonly maxLength: number
  /** Memory to write into, for a sender that is done with one reply before it writes the next; too short, and it is not used. */
  readonly into?: Uint8Array
}

/**
 * A message as the octets of a datagram: options in ascending order with 82 last (RFC 3046 §2.2), values over 255
 * octets split (RFC 3396), then END, then zeros up to 300 octets in all.
 *
 * Without a limit nothing is overloaded. With one, a message that is too long puts options into `file` and `sname` when
 * those hold no name (option 52, RFC 2132 §9.3), never 82; RangeError names the codes for which that is not enough:
 * `fitReply` is the one who trims. RangeError too for a header field that does not fit its width (`chaddr` 16,
 * `sname` 64, `file` 128 octets): cut names boot the wrong thing.
 */
export function encodeMessage(message: DhcpMessage, limit?: Limit): Uint8Array {
  const length = plainLength(message)
  const maxLength = limit?.maxLength ?? Infinity
  if (length > maxLength) return encodeOverloaded(message, maxLength)
  const bytes = zeros(paddedLength(length, maxLength), limit?.into)
  writeHeader(bytes, message)
  writeNames(bytes, message)
  let at = HEADER_LENGTH
  const options = dataOf(message.options)
  for (let i = 0; i < options.size; i++) at = writeOption(bytes, at, options.codeAt(i), options.valueAt(i))
  bytes[at] = END
  return bytes
}

/** New memory of this size costs more than everything that is written into it. */
function zeros(length: number, into: Uint8Array | undefined): Uint8Array {
  return into === undefined || into.length < length ? new Uint8Array(length) : into.subarray(0, length).fill(0)
}

function encodeOverloaded(message: DhcpMessage, maxLength: number): Uint8Array {
  const layout = layoutOptions(message, maxLength)
  if (layout.left.length > 0) {
    throw new RangeError(`options ${layout.left.join(', ')} do not fit into ${maxLength} octets`)
  }
  const length = HEADER_LENGTH + 1 + layout.options.reduce((sum, piece) => sum + piece.value.length + 2, 0)
  const bytes = new Uint8Array(paddedLength(length, maxLength))
  writeHeader(bytes, message)
  writeNames(bytes, message)
  writeAreas(bytes, layout)
  return bytes
}

function paddedLength(length: number, maxLength: number): number {
  return Math.max(length, Math.min(MINIMUM_LENGTH, maxLength))
}

function writeAreas(bytes: Uint8Array, layout: Layout): void {
  writePieces(bytes, HEADER_LENGTH, layout.options)
  if (layout.file.length > 0) writePieces(bytes, FILE.at, layout.file)
  if (layout.sname.length > 0) writePieces(bytes, SNAME.at, layout.sname)
}

function writePieces(bytes: Uint8Array, from: number, pieces: readonly Piece[]): void {
  let at = from
  for (const { code, value } of pieces) at = writeOption(bytes, at, code, value)
  bytes[at] = END
}

/** One option, in as many instances as its length asks for (an empty value is one instance). Returns where the next one goes. */
function writeOption(bytes: Uint8Array, from: number, code: number, value: Uint8Array): number {
  let at = from
  let done = 0
  do {
    const end = Math.min(done + 255, value.length)
    bytes[at++] = code
    bytes[at++] = end - done
    // Values are short: a loop beats the call of `set` on the way to each of them.
    while (done < end) bytes[at++] = value[done++]!
  } while (done < value.length)
  return at
}

function writeHeader(bytes: Uint8Array, message: DhcpMessage): void {
  const { chaddr, chaddrTail } = message
  if (chaddr.length > CHADDR.width) throw new RangeError(`chaddr has ${chaddr.length} octets, at most 16 fit`)
  bytes[0] = message.op === 'bootrequest' ? 1 : 2
  bytes[1] = message.htype
  bytes[2] = chaddr.length
  bytes[3] = message.hops
  writeU32(bytes, 4, message.xid)
  bytes[8] = message.secs >>> 8
  bytes[9] = message.secs
  bytes[10] = message.flags >>> 8
  bytes[11] = message.flags
  writeU32(bytes, 12, message.ciaddr)
  writeU32(bytes, 16, message.yiaddr)
  writeU32(bytes, 20, message.siaddr)
  writeU32(bytes, 24, message.giaddr)
  bytes.set(chaddr, CHADDR.at)
  if (chaddrTail !== undefined)
    bytes.set(chaddrTail.subarray(0, CHADDR.width - chaddr.length), CHADDR.at + chaddr.length)
  writeU32(bytes, 236, MAGIC_COOKIE)
}

function writeNames(bytes: Uint8Array, message: DhcpMessage): void {
  if (message.sname !== '') writeName(bytes, 'sname', SNAME, message.sname)
  if (message.file !== '') writeName(bytes, 'file', FILE, message.file)
}

function writeName(
  bytes: Uint8Array,
  name: string,
  field: { readonly at: number; readonly width: number },
  text: string,
) {
  if (text.length > field.width) throw new RangeError(`${name} has ${text.length} octets, at most ${field.width} fit`)
  bytes.set(octets(text), field.at)
}

function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}
