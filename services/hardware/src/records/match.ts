import type { hardware } from '@reboots/api'
import { parseGuid } from '@reboots/protocol/pxe'
import { compileMatch, ExpressionError } from '@reboots/rules'
import { nearest } from '@reboots/runtime'
import type { Cursor } from './cursor.ts'
import { lines } from './fields.ts'
import { octets } from './octets.ts'
import { quote } from './problem.ts'

const KEYS = ['circuitId', 'clientId', 'remoteId', 'uuid', 'when']

/**
 * `match` of an interface, our own addition to every format: by what else than its MAC it is found. Nothing in it is passed over: a
 * machine that is not found gets another address, or none.
 */
export function match(field: Cursor): hardware.Match | undefined {
  if (field.absent) return undefined
  for (const { key } of field.entries()) if (!KEYS.includes(String(key))) refuseKey(field.at(String(key)))
  const found = {
    clientIds: clientIds(field.at('clientId')),
    circuitId: octets(field.at('circuitId')).hex,
    remoteId: octets(field.at('remoteId')).hex,
    uuid: uuid(field.at('uuid')),
    when: condition(field.at('when')),
  }
  if (isEmpty(found) && !field.refused) field.refuse(`names nothing; write one of ${KEYS.join(', ')}`)
  return found
}

function isEmpty({ clientIds, circuitId, remoteId, uuid, when }: hardware.Match): boolean {
  return clientIds.length === 0 && circuitId === '' && remoteId === '' && uuid === '' && when === ''
}

function refuseKey(field: Cursor): void {
  const meant = nearest(String(field.key), KEYS)
  field.refuse(`unknown field${meant === undefined ? `; there are ${KEYS.join(', ')}` : `, did you mean ${meant}?`}`)
}

/** RFC 2132 §9.14 puts a type in front, which is 0 for what is no hardware address: text is sent with it and without. */
function clientIds(field: Cursor): string[] {
  const { hex, isText } = octets(field)
  if (hex.length === 2) field.refuse('is one octet; a client identifier has two at least')
  return hex === '' ? [] : isText ? [hex, `00${hex}`] : [hex]
}

function uuid(field: Cursor): string {
  if (field.absent) return ''
  const written = lines(field).trim()
  if (parseGuid(written) === undefined) {
    field.refuse(`${quote(written)} is no UUID; write it as firmware prints it, 4c4c4544-0033-3010-8052-b4c04f564231`)
  } else if (/^(?:[0-]*|[f-]*)$/i.test(written)) {
    field.refuse(`${quote(written)} is what firmware without a UUID sends; leave it out`)
  }
  return written.toLowerCase()
}

function condition(field: Cursor): string {
  const { value } = field
  if (value === undefined) return ''
  if (typeof value !== 'string') {
    field.refuse(`must be a condition, not ${quote(value)}`)
    return ''
  }
  try {
    compileMatch(value)
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    field.refuse(`${error.message} (character ${error.offset + 1} of the condition)`)
  }
  return value
}
