import type { Ipv4Address } from './ipv4.ts'
import type { Instant } from './time.ts'

export interface Endpoint {
  readonly address: Ipv4Address
  readonly port: number
}

/** One UDP datagram as it came in. */
export interface Datagram {
  readonly bytes: Uint8Array
  readonly from: Endpoint
  /** Name of the interface it arrived on. */
  readonly link: string
  readonly at: Instant
}
