import { ByteWriter, octets } from '../bytes/index.ts'
import { OPCODES, type TftpPacket } from './packet.ts'

/**
 * A packet as the octets of one datagram. Throws RangeError for what has no form on the wire: a NUL inside a text, an
 * empty option name, a number that is not 16 bits wide.
 */
export function encodePacket(packet: TftpPacket): Uint8Array {
  const writer = new ByteWriter(packet.op === 'data' ? packet.data.length + 4 : 64)
  writer.u16(OPCODES[packet.op])
  switch (packet.op) {
    case 'rrq':
    case 'wrq':
      text(writer, packet.filename, 1)
      text(writer, packet.mode, 1)
      options(writer, packet.options)
      break
    case 'data':
      writer.u16(sixteenBits(packet.block)).bytes(packet.data)
      break
    case 'ack':
      writer.u16(sixteenBits(packet.block))
      break
    case 'error':
      writer.u16(sixteenBits(packet.code))
      text(writer, packet.message)
      break
    case 'oack':
      options(writer, packet.options)
      break
  }
  return writer.finish()
}

function options(writer: ByteWriter, all: ReadonlyMap<string, string>): void {
  for (const [name, value] of all) {
    text(writer, name, 1)
    text(writer, value)
  }
}

function text(writer: ByteWriter, value: string, atLeast = 0): void {
  if (value.length < atLeast || value.includes('\0')) throw new RangeError(`not a TFTP text: ${JSON.stringify(value)}`)
  writer.bytes(octets(value)).u8(0)
}

function sixteenBits(value: number): number {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff) throw new RangeError(`not a 16-bit number: ${value}`)
  return value
}
