/** A part of a file: octets `start` to `end`, both included. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * What a Range header asks of a file of `size` octets (RFC 9110 §14): one range, `unsatisfiable` (416), or undefined when the
 * whole file is to be sent: no header, another unit, not well-formed, or several ranges (a server may ignore those, §14.2).
 */
export function byteRange(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined {
  const asked = /^\s*bytes\s*=\s*(\d*)-(\d*)\s*$/i.exec(header ?? '')
  if (!asked || (asked[1] === '' && asked[2] === '')) return undefined
  if (asked[1] === '') return suffix(Number(asked[2]), size)
  const start = Number(asked[1])
  const last = asked[2] === '' ? size - 1 : Number(asked[2])
  if (last < start && asked[2] !== '') return undefined
  return start >= size ? 'unsatisfiable' : { start, end: Math.min(last, size - 1) }
}

function suffix(length: number, size: number): ByteRange | 'unsatisfiable' {
  return length === 0 || size === 0 ? 'unsatisfiable' : { start: Math.max(0, size - length), end: size - 1 }
}
