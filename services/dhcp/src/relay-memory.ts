import { clientKey, relayAgent, type DhcpMessage } from '@reboots/protocol/dhcp'
import { UNSPECIFIED, type Ipv4Address, type MacAddress } from '@reboots/protocol/net'
import { Latest } from '@reboots/runtime'

/** Where a message came past, as rules see it. */
export interface RelayFacts {
  readonly giaddr: Ipv4Address
  readonly circuitId?: Uint8Array | undefined
  readonly remoteId?: Uint8Array | undefined
  /** How this very message reached the relay agent, RFC 5010; nothing to remember. */
  readonly flags?: number | undefined
}

/** So many machines are remembered for certain; of more, some that were relayed longest ago are forgotten. */
const REMEMBERED = 65_536

/**
 * What relay agents said of machines. A renewal goes straight to the server, past no relay agent (RFC 2131 §4.4.5), and is to be classed
 * like the message that the lease began with.
 */
export class RelayMemory {
  readonly #facts: Latest<string, RelayFacts>

  constructor(remembered = REMEMBERED) {
    this.#facts = new Latest(remembered)
  }

  /** Those of the message if it was relayed, which are kept; else those kept, if the client has its address already. */
  factsOf(message: DhcpMessage, mac: MacAddress): RelayFacts {
    const { giaddr } = message
    return giaddr === UNSPECIFIED ? this.recall(message, mac) : this.#keep(mac, giaddr, message)
  }

  /** The same, and nothing is kept. */
  recall(message: DhcpMessage, mac: MacAddress): RelayFacts {
    const { giaddr } = message
    if (giaddr !== UNSPECIFIED) return { giaddr, ...identifiersOf(message) }
    const kept = message.ciaddr === UNSPECIFIED ? undefined : this.#facts.get(keyOf(message, mac))
    return kept ?? { giaddr, ...identifiersOf(message) }
  }

  #keep(mac: MacAddress, giaddr: Ipv4Address, message: DhcpMessage): RelayFacts {
    const { circuitId, remoteId, flags } = identifiersOf(message)
    // Copies: what was read is part of a much larger buffer.
    const facts = { giaddr, circuitId: circuitId?.slice(), remoteId: remoteId?.slice() }
    const key = keyOf(message, mac)
    this.#facts.set(key, facts)
    return flags === undefined ? facts : { ...facts, flags }
  }
}

/** RFC 4390 §2.1: over InfiniBand there is no hardware address, and the client identifier is all there is. */
function keyOf(message: DhcpMessage, mac: MacAddress): string {
  return mac === '' ? clientKey(message) : mac
}

function identifiersOf(message: DhcpMessage): Omit<RelayFacts, 'giaddr'> {
  const relay = relayAgent(message)
  return { circuitId: relay?.circuitId, remoteId: relay?.remoteId, flags: relay?.flags }
}
