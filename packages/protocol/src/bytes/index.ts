export { DecodeError, type DecodeReason } from './decode-error.ts'
export { ByteReader } from './reader.ts'
export { ByteWriter } from './writer.ts'
export { fromHex, hex, latin1, octets, untilNul } from './text.ts'
