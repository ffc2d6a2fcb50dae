import { relayAgentInformation, withOptions, type DhcpMessage } from '@reboots/protocol/dhcp'
import { UNSPECIFIED, type Instant, type Ipv4Address, type MacAddress } from '@reboots/protocol/net'
import { Latest } from '@reboots/runtime'

/** As long as somebody may look at a menu. */
const KNOWN_MS = 3_600_000
/** Clients that are remembered at least; a few hundred octets each. */
const REMEMBERED = 16_384

interface Way {
  readonly giaddr: Ipv4Address
  readonly option82: Uint8Array | undefined
  readonly until: Instant
}

/**
 * By which relay agent each client was heard last. On port 4011 a client speaks for itself, and what the agent says of its place (giaddr, option 82)
 * is missing: rules and records that go by that have to come to the same answer there. A relay agent tells every replica, so each knows it.
 */
export class RelayWays {
  readonly #ways = new Latest<MacAddress, Way>(REMEMBERED)

  /** A client begins: the way that this message came by is its way now. */
  note({ giaddr, options }: DhcpMessage, mac: MacAddress, now: Instant): void {
    const option82 = options.get(relayAgentInformation.code)
    if (giaddr === UNSPECIFIED && option82 === undefined) this.#ways.delete(mac)
    else this.#ways.set(mac, { giaddr, option82: option82?.slice(), until: (now + KNOWN_MS) as Instant })
  }

  /** The message as it would have come by the relay agent of its client. */
  recall(message: DhcpMessage, mac: MacAddress, now: Instant): DhcpMessage {
    if (message.giaddr !== UNSPECIFIED || message.options.has(relayAgentInformation.code)) return message
    const way = this.#ways.get(mac)
    if (way === undefined || now >= way.until) return message
    const { giaddr, option82 } = way
    const relayed = { ...message, giaddr }
    return option82 === undefined ? relayed : withOptions(relayed, new Map([[relayAgentInformation.code, option82]]))
  }
}
