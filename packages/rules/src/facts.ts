import type { Instant } from '@reboots/protocol/net'
import type { BootClient } from '@reboots/protocol/pxe'
import type { BootHistory } from './boot-history.ts'

/** Everything a rule may look at. One evaluation sees one set of facts, all of them plain values. */
export interface Facts {
  readonly client: ClientFacts
  readonly network: NetworkFacts
  readonly machine: MachineFacts
  readonly now: Instant
  /** The machine's network boots; absent: it has had none, or no rule asks (`Policy.readsHistory`). */
  readonly history?: BootHistory | undefined
}

/** The client as it shows itself on the wire; absent values are empty text, never undefined. */
export interface ClientFacts {
  readonly mac: string
  /** First three octets of the MAC, `aa:bb:cc`. */
  readonly oui: string
  /** Architecture type of RFC 4578 option 93. */
  readonly arch: number
  readonly firmware: string
  readonly transport: string
  readonly loader: string
  readonly uuid: string
  readonly vendorClass: string
  readonly userClass: readonly string[]
  readonly ipxe: { readonly version: string; readonly features: readonly string[]; readonly busId: string }
}

/** Where the client's packet came from; addresses as dotted quads, empty text when there is none. */
export interface NetworkFacts {
  readonly link: string
  readonly giaddr: string
  /** Relay agent sub-options 1 and 2 (RFC 3046) in lower-case hexadecimal. */
  readonly circuitId: string
  readonly remoteId: string
  /** RFC 5010: how the client's packet reached the relay agent, `unicast` or `broadcast`; empty if no agent says. */
  readonly relayFlags: readonly string[]
  /** `192.0.2.0/24`, the network the machine is on, as far as it is known. */
  readonly subnet: string
}

/** The hardware record as rules see it: the machine, and of its interfaces the one that is asking. Every field is always there. */
export interface MachineFacts {
  /** False for a machine without a record; then every other field is empty. */
  readonly known: boolean
  readonly id: string
  readonly name: string
  readonly arch: string
  readonly facility: string
  readonly agentId: string
  readonly state: string
  readonly labels: Readonly<Record<string, string>>
  readonly tags: readonly string[]
  readonly metadata: Readonly<Record<string, unknown>>
  readonly interface: {
    readonly mac: string
    readonly name: string
    readonly uefi: boolean
    readonly isoUrl: string
    readonly address: string
    readonly hostname: string
    readonly vlanId: string
  }
  readonly netboot: {
    readonly allowPxe: boolean
    readonly allowWorkflow: boolean
    readonly ipxe: { readonly url: string; readonly contents: string; readonly binary: string }
    readonly osie: {
      readonly baseUrl: string
      readonly kernel: string
      readonly initrd: string
      readonly kernelParams: readonly string[]
    }
  }
}

export type { BootClient }
