export { memoryContent, type Content } from './content.ts'
export { decodePacket } from './decode.ts'
export { encodePacket } from './encode.ts'
export { negotiate, type Negotiated, type TransferOptions } from './negotiate.ts'
export { netasciiContent } from './netascii.ts'
export {
  MAX_BLKSIZE,
  MAX_REQUEST_LENGTH,
  OPCODES,
  TFTP_ERRORS,
  transferMode,
  type TftpAck,
  type TftpData,
  type TftpError,
  type TftpOptionAck,
  type TftpPacket,
  type TftpRequest,
} from './packet.ts'
export { ReadTransfer, type Step, type TransferEnd } from './read-transfer.ts'
export { DEFAULT_RETRY, type RetryPolicy } from './retransmission.ts'
