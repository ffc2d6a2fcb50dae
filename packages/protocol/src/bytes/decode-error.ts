/** Why octets from a peer could not be read. A closed set, so that it can be a metric label. */
export type DecodeReason =
  | 'truncated'
  | 'bad-magic-cookie'
  | 'bad-opcode'
  | 'bad-length'
  | 'bad-hardware-address'
  | 'bad-option'
  | 'bad-text'

/** The peer sent octets that are not the message they claim to be. Decoders throw this and nothing else. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError'
  readonly reason: DecodeReason
  /** Octets from the start of the datagram to the place that could not be read. */
  readonly offset: number

  constructor(reason: DecodeReason, offset: number) {
    super(`${reason} at octet ${offset}`)
    this.reason = reason
    this.offset = offset
  }
}
