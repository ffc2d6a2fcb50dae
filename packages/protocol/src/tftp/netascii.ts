import type { Content } from './content.ts'

const CR = 0x0d
const LF = 0x0a
const NUL = 0x00

/** Where in the source the translation stands; `held` is the second octet of a pair that the last block had no room for. */
interface Checkpoint {
  readonly at: number
  readonly held: number | undefined
}

/**
 * A content as netascii (RFC 1350 §1, RFC 764): a line feed becomes CR LF, a carriage return CR NUL.
 *
 * A translated offset says nothing about the source's, so the place in the source is noted at the end of every block handed
 * out; a transfer goes back by a window of `windowsize` blocks at most and finds its place again. The size is known only at
 * the end. Throws RangeError for an offset that is not the start of one of those blocks.
 */
export function netasciiContent(source: Content, windowsize: number): Content {
  const checkpoints = new Map<number, Checkpoint>([[0, { at: 0, held: undefined }]])

  return {
    read(offset, length) {
      const start = checkpoints.get(offset)
      if (!start) throw new RangeError(`netascii is read block after block, not from octet ${offset}`)
      const input = source.read(start.at, length)
      if (!input) return undefined
      const { block, end } = translate(start, input, length)
      checkpoints.set(offset + block.length, end)
      if (checkpoints.size > windowsize + 2) checkpoints.delete(checkpoints.keys().next().value!)
      return block
    },
  }
}

function translate(start: Checkpoint, input: Uint8Array, length: number): { block: Uint8Array; end: Checkpoint } {
  const block = new Uint8Array(length)
  let filled = 0
  let taken = 0
  let held = start.held
  while (filled < length) {
    if (held !== undefined) {
      block[filled++] = held
      held = undefined
      continue
    }
    if (taken === input.length) break
    const octet = input[taken++]!
    block[filled++] = octet === LF ? CR : octet
    if (octet === LF) held = LF
    if (octet === CR) held = NUL
  }
  return { block: block.subarray(0, filled), end: { at: start.at + taken, held } }
}
