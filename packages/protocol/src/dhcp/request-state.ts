import { UNSPECIFIED } from '../net/index.ts'
import type { DhcpMessage } from './message.ts'

/** What a client that sends a DHCPREQUEST is doing, RFC 2131 §4.3.2. */
export type RequestState = 'selecting' | 'init-reboot' | 'renewing' | 'rebinding'

/** What only the receiver knows of a message: whether it was sent to 255.255.255.255 (or a subnet's broadcast address). */
export interface Arrival {
  readonly broadcast: boolean
}

/**
 * The state of the client, told from what is filled in:
 *
 * | 54 | ciaddr | 50 | state |
 * |----|--------|----|-------|
 * | set | any | any | selecting |
 * | –   | set | any | rebinding if it was broadcast or relayed, else renewing |
 * | –   | 0   | set | init-reboot |
 * | –   | 0   | –   | undefined: it names no address, there is nothing to answer |
 *
 * A renewing client unicasts and so comes past no relay; a rebinding one broadcasts. The two cannot be told apart from
 * the octets of an unrelayed message alone: without `arrival` it counts as renewing. Combinations the RFC forbids go
 * to the state whose answer can do no harm: 54 names the server meant, `ciaddr` an address that can be reached.
 */
export function requestState(request: DhcpMessage, arrival?: Arrival): RequestState | undefined {
  if (request.options.has(54)) return 'selecting'
  if (request.ciaddr !== UNSPECIFIED) {
    return arrival?.broadcast === true || request.giaddr !== UNSPECIFIED ? 'rebinding' : 'renewing'
  }
  return request.options.has(50) ? 'init-reboot' : undefined
}
