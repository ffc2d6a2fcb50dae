import type { Cursor } from './cursor.ts'
import { quote } from './problem.ts'

export interface Octets {
  /** Lower-case hexadecimal; empty when absent or refused. */
  readonly hex: string
  /** Written as text and not in hexadecimal. */
  readonly isText: boolean
}

/** An option holds no more. */
const MOST = 255
const NONE: Octets = { hex: '', isText: false }

/**
 * Octets of an identifier: `0x01a2`, `01:a2:…` (two digits each), or any other text for the octets of its characters in UTF-8. What looks
 * like hexadecimal and is none is refused, not taken for text.
 */
export function octets(field: Cursor): Octets {
  const { value } = field
  if (value === undefined) return NONE
  if (typeof value !== 'string') {
    const number = typeof value === 'number'
    return refuse(field, number ? 'YAML read a number here: put it in quotes' : `must be text, not ${quote(value)}`)
  }
  if (value === '') return refuse(field, 'is empty; leave it out')
  const read = hexadecimal(value)
  if (read === undefined) return refuse(field, `${quote(value)} is no hexadecimal; write two digits for each octet`)
  const hex = read === 'text' ? Buffer.from(value).toString('hex') : read
  if (hex.length > 2 * MOST) return refuse(field, `is longer than ${MOST} octets`)
  return { hex, isText: read === 'text' }
}

/** Undefined for what is meant as hexadecimal and is none. */
function hexadecimal(written: string): string | undefined {
  if (/^0x/i.test(written)) return /^0x(?:[\da-f]{2})+$/i.test(written) ? written.slice(2).toLowerCase() : undefined
  if (!/^\w{1,2}(?::\w{1,2})+$/.test(written)) return 'text'
  return /^[\da-f]{2}(?::[\da-f]{2})+$/i.test(written) ? written.replaceAll(':', '').toLowerCase() : undefined
}

function refuse(field: Cursor, message: string): Octets {
  field.refuse(message)
  return NONE
}
