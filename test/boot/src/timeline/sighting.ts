import type { DhcpMessage, MessageType } from '@reboots/protocol/dhcp'
import type { Packet } from '@reboots/testkit'

/** Something of note that was seen on the wire during a boot. */
export type Sighting = DhcpSighting | TftpSighting | HttpSighting

export interface DhcpSighting {
  readonly kind: 'dhcp'
  readonly packet: Packet
  readonly type: MessageType
  readonly message: DhcpMessage
}

export interface TftpSighting {
  readonly kind: 'tftp'
  readonly packet: Packet
  /** `complete`: the last block was sent by the server. */
  readonly what: 'request' | 'options' | 'complete' | 'error'
  readonly file: string
  /** As asked for, or as granted. */
  readonly options: ReadonlyMap<string, string>
  /** Octets of the file, once complete. */
  readonly bytes: number
  /** Text of an error. */
  readonly message: string
}

export interface HttpSighting {
  readonly kind: 'http'
  readonly packet: Packet
  readonly what: 'request' | 'answer'
  readonly method: string
  readonly path: string
  /** Of the answer; 0 in a request. */
  readonly status: number
  /** Content-Length of the answer; undefined if it names none. */
  readonly length: number | undefined
}
