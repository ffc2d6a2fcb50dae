import { hex } from '@reboots/protocol/bytes'
import { clientMachineIdentifier, option, relayAgent, type DhcpMessage } from '@reboots/protocol/dhcp'
import { formatGuid } from '@reboots/protocol/pxe'
import type { Traits } from '../replica/match-index.ts'

/** What a relay agent says of where a message came from, RFC 3046. */
export interface RelayIds {
  readonly circuitId?: Uint8Array | undefined
  readonly remoteId?: Uint8Array | undefined
}

/** What a message shows of its sender besides the MAC. Each is read when it is asked for: most records name one of them, if any. */
export class MessageTraits<F> implements Traits<F> {
  readonly #message: DhcpMessage
  readonly #facts: () => F
  #relay: RelayIds | undefined

  /** `relay`: what is known of the place if the message itself is not to be asked. */
  constructor(message: DhcpMessage, facts: () => F, relay?: RelayIds) {
    this.#message = message
    this.#facts = facts
    this.#relay = relay
  }

  get clientId(): string {
    return hexOf(this.#message.options.get(61))
  }

  get circuitId(): string {
    return hexOf(this.#relayIds().circuitId)
  }

  get remoteId(): string {
    return hexOf(this.#relayIds().remoteId)
  }

  get uuid(): string {
    const identifier = option(this.#message, clientMachineIdentifier)
    return (identifier && formatGuid(identifier)) ?? ''
  }

  get facts(): F {
    return this.#facts()
  }

  #relayIds(): RelayIds {
    return (this.#relay ??= relayAgent(this.#message) ?? {})
  }
}

function hexOf(value: Uint8Array | undefined): string {
  return value === undefined ? '' : hex(value)
}
