import type { Endpoint } from '@reboots/protocol/net'

/** Where a reply goes (RFC 2131 §4.1), as `replyDestination` of protocol/dhcp says it. */
export type Destination =
  | { readonly kind: 'relay' | 'unicast' | 'broadcast'; readonly to: Endpoint }
  /** To an address that its owner does not have yet: addressed to `chaddr` on the wire, without asking by ARP. */
  | { readonly kind: 'hardware'; readonly to: Endpoint; readonly chaddr: Uint8Array }
