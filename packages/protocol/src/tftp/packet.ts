/**
 * A TFTP packet (RFC 1350 §5, RFC 2347). File names, modes and option texts are one character per octet.
 *
 * ```
 *   RRQ, WRQ   | opcode 1, 2 (2) | filename | 0 | mode | 0 | name | 0 | value | 0 | …
 *   DATA       | opcode 3 (2)    | block (2)      | 0 to blksize octets
 *   ACK        | opcode 4 (2)    | block (2)      |
 *   ERROR      | opcode 5 (2)    | error code (2) | message | 0 |
 *   OACK       | opcode 6 (2)    | name | 0 | value | 0 | …
 * ```
 *
 * Option names are in lower case here: they are compared without regard to case (RFC 2347).
 */
export type TftpPacket = TftpRequest | TftpData | TftpAck | TftpError | TftpOptionAck

export interface TftpRequest {
  readonly op: 'rrq' | 'wrq'
  readonly filename: string
  /** As it was sent; `transferMode` reads it. */
  readonly mode: string
  readonly options: ReadonlyMap<string, string>
}
export interface TftpData {
  readonly op: 'data'
  readonly block: number
  readonly data: Uint8Array
}
export interface TftpAck {
  readonly op: 'ack'
  readonly block: number
}
export interface TftpError {
  readonly op: 'error'
  readonly code: number
  readonly message: string
}
export interface TftpOptionAck {
  readonly op: 'oack'
  readonly options: ReadonlyMap<string, string>
}

/** Opcodes: RFC 1350 §5, the last RFC 2347. */
export const OPCODES = { rrq: 1, wrq: 2, data: 3, ack: 4, error: 5, oack: 6 } as const

/** Error codes: RFC 1350 appendix, the last RFC 2347. */
export const TFTP_ERRORS = {
  notDefined: { code: 0, name: 'not defined, see the message', section: 'RFC 1350 appendix' },
  fileNotFound: { code: 1, name: 'file not found', section: 'RFC 1350 appendix' },
  accessViolation: { code: 2, name: 'access violation', section: 'RFC 1350 appendix' },
  diskFull: { code: 3, name: 'disk full or allocation exceeded', section: 'RFC 1350 appendix' },
  illegalOperation: { code: 4, name: 'illegal TFTP operation', section: 'RFC 1350 appendix' },
  unknownTransferId: { code: 5, name: 'unknown transfer ID', section: 'RFC 1350 appendix' },
  fileExists: { code: 6, name: 'file already exists', section: 'RFC 1350 appendix' },
  noSuchUser: { code: 7, name: 'no such user', section: 'RFC 1350 appendix' },
  optionNegotiation: { code: 8, name: 'option negotiation failed', section: 'RFC 2347' },
} as const

/** RFC 2347: a request, options and all, has at most this many octets. */
export const MAX_REQUEST_LENGTH = 512

/** RFC 2348: the largest block a DATA packet carries. */
export const MAX_BLKSIZE = 65464

/** The transfer mode in lower case, or undefined for one that RFC 1350 §1 does not have (or `mail`, which it calls obsolete). */
export function transferMode(request: TftpRequest): 'octet' | 'netascii' | undefined {
  const mode = request.mode.toLowerCase()
  return mode === 'octet' || mode === 'netascii' ? mode : undefined
}
