import { END, FILE, HEADER_LENGTH, OVERLOAD, PAD, SNAME, type DhcpMessage } from './message.ts'
import { LONGEST, OptionSet, type Options } from './option-set.ts'

/** One instance of an option as it goes on the wire: at most 255 octets of its value (RFC 3396 §5). */
export interface Piece {
  readonly code: number
  readonly value: Uint8Array
}

/** Which instance is written in which area. `left` names the codes for which there was no room. */
export interface Layout {
  readonly options: readonly Piece[]
  readonly file: readonly Piece[]
  readonly sname: readonly Piece[]
  readonly left: readonly number[]
}

const RELAY_AGENT_INFORMATION = 82

/** Placed before the rest when fields are overloaded: what a client reads before it has understood option 52. */
const FIRST = new Set([RELAY_AGENT_INFORMATION, 53, 54, 51, 1, 3])

/**
 * Where the options of a message go when at most `maxLength` octets may be sent. Everything stays in the options area
 * as long as it fits there; else `file` and then `sname` are used, if they hold no name (RFC 2131 §4.1, option 52).
 */
export function layoutOptions(message: DhcpMessage, maxLength: number): Layout {
  const pieces = Array.from(dataOf(message.options)).flatMap(([code, value]) => split(code, value))
  if (plainLength(message) <= maxLength) return { options: pieces, file: [], sname: [], left: [] }
  return overloaded(message, pieces, maxLength)
}

/** Octets of the whole message when no field is overloaded, before padding. */
export function plainLength(message: DhcpMessage): number {
  return HEADER_LENGTH + dataOf(message.options).wireLength + 1
}

/** In the order of writing, without 0, 52 and 255, which are framing. RangeError for a number that is no option code. */
export function dataOf(options: Options): OptionSet {
  const isData = options instanceof OptionSet && !options.has(PAD) && !options.has(OVERLOAD) && !options.has(END)
  if (isData) return options
  const data = OptionSet.of(options)
  for (const code of [PAD, OVERLOAD, END]) data.delete(code)
  return data
}

function byWireOrder(a: number, b: number): number {
  return rank(a) - rank(b)
}

function rank(code: number): number {
  return code === RELAY_AGENT_INFORMATION ? 255 : code
}

function split(code: number, value: Uint8Array): Piece[] {
  if (value.length <= LONGEST) return [{ code, value }]
  const pieces: Piece[] = []
  for (let at = 0; at < value.length; at += LONGEST) pieces.push({ code, value: value.subarray(at, at + LONGEST) })
  return pieces
}

interface Area {
  room: number
  readonly pieces: Piece[]
}

/** First fit, longest first, over options, file, sname; every area keeps one octet for its own END. */
function overloaded(message: DhcpMessage, pieces: readonly Piece[], maxLength: number): Layout {
  const area = (room: number): Area => ({ room: room - 1, pieces: [] })
  const options = area(maxLength - HEADER_LENGTH - 3)
  const file = area(message.file === '' ? FILE.width : 1)
  const sname = area(message.sname === '' ? SNAME.width : 1)
  const left = new Set<number>()
  // A reader joins instances in the order options, file, sname, so no instance may stand in an earlier area than the one before it.
  let previous: { code: number; area: number } = { code: 0, area: 0 }
  for (const piece of placingOrder(message, pieces)) {
    const areas = piece.code === RELAY_AGENT_INFORMATION ? [options] : [options, file, sname]
    const from = previous.code === piece.code ? previous.area : 0
    const at = areas.findIndex((candidate, index) => index >= from && candidate.room >= piece.value.length + 2)
    if (at < 0) left.add(piece.code)
    else place(areas[at]!, piece)
    previous = { code: piece.code, area: Math.max(at, from) }
  }
  const used = (file.pieces.length > 0 ? 1 : 0) | (sname.pieces.length > 0 ? 2 : 0)
  if (used > 0) options.pieces.push({ code: OVERLOAD, value: Uint8Array.of(used) })
  for (const { pieces } of [options, file, sname]) pieces.sort((a, b) => byWireOrder(a.code, b.code))
  return { options: options.pieces, file: file.pieces, sname: sname.pieces, left: [...left] }
}

/** The instances of one code stay together, in their order. */
function placingOrder(message: DhcpMessage, pieces: readonly Piece[]): readonly Piece[] {
  const size = ({ code }: Piece): number => (FIRST.has(code) ? Infinity : message.options.get(code)!.length)
  return pieces.toSorted((a, b) => (size(a) === size(b) ? byWireOrder(a.code, b.code) : size(b) - size(a)))
}

function place(area: Area, piece: Piece): void {
  area.pieces.push(piece)
  area.room -= piece.value.length + 2
}
