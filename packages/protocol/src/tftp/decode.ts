import { ByteReader, DecodeError, latin1, untilNul } from '../bytes/index.ts'
import { MAX_BLKSIZE, MAX_REQUEST_LENGTH, OPCODES, type TftpPacket } from './packet.ts'

/**
 * One datagram as a TFTP packet. Throws DecodeError and nothing else.
 *
 * Strict where a mistake would change the meaning (a text without its NUL, an empty file name or mode), lenient where it
 * would not: zeros behind a request are padding, octets behind an ACK are ignored, and an ERROR needs no NUL, since not
 * understanding it would only make a client wait that has already given up.
 */
export function decodePacket(bytes: Uint8Array): TftpPacket {
  const reader = new ByteReader(bytes)
  switch (reader.u16()) {
    case OPCODES.rrq:
      return decodeRequest('rrq', bytes, reader)
    case OPCODES.wrq:
      return decodeRequest('wrq', bytes, reader)
    case OPCODES.data:
      return decodeData(reader)
    case OPCODES.ack:
      return { op: 'ack', block: reader.u16() }
    case OPCODES.error:
      return { op: 'error', code: reader.u16(), message: untilNul(reader.take(reader.remaining)) }
    case OPCODES.oack:
      return { op: 'oack', options: decodeOptions(bytes, reader) }
    default:
      throw new DecodeError('bad-opcode', 0)
  }
}

function decodeRequest(op: 'rrq' | 'wrq', bytes: Uint8Array, reader: ByteReader): TftpPacket {
  const filename = textBeforeNul(bytes, reader)
  if (filename === '') throw new DecodeError('bad-text', 2)
  const modeAt = reader.offset
  const mode = textBeforeNul(bytes, reader)
  if (mode === '') throw new DecodeError('bad-text', modeAt)
  const options = decodeOptions(bytes, reader)
  if (reader.offset > MAX_REQUEST_LENGTH) throw new DecodeError('bad-length', MAX_REQUEST_LENGTH)
  return { op, filename, mode, options }
}

function decodeData(reader: ByteReader): TftpPacket {
  const block = reader.u16()
  if (reader.remaining > MAX_BLKSIZE) throw new DecodeError('bad-length', reader.offset)
  return { op: 'data', block, data: reader.take(reader.remaining) }
}

/** RFC 2347: an option is given once; of several with one name (in any case) the first holds. An empty name ends the list. */
function decodeOptions(bytes: Uint8Array, reader: ByteReader): ReadonlyMap<string, string> {
  const options = new Map<string, string>()
  while (reader.remaining > 0) {
    const name = textBeforeNul(bytes, reader).toLowerCase()
    if (name === '') break
    const value = textBeforeNul(bytes, reader)
    if (!options.has(name)) options.set(name, value)
  }
  return options
}

function textBeforeNul(bytes: Uint8Array, reader: ByteReader): string {
  const end = bytes.indexOf(0, reader.offset)
  if (end < 0) throw new DecodeError('truncated', bytes.length)
  const text = latin1(reader.take(end - reader.offset))
  reader.u8()
  return text
}
