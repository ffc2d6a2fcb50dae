import type { Ipv4Address } from '../net/index.ts'
import {
  DISCOVERY_CONTROL,
  encodeVendorOptions,
  type BootMenuItem,
  type BootServer,
  type MenuPrompt,
  type VendorOptions,
} from './vendor-options.ts'

/** The type of the menu item that boots the local disk; no boot server serves it (PXE 2.1 §2.2.1). */
export const LOCAL_BOOT = 0
/** The first type that is for everybody's own use; those below belong to products of old (PXE 2.1 §2.2.1). */
export const FIRST_OWN_TYPE = 0x8000

/** How a PXE client may look for boot servers besides asking the ones in the list. */
export interface Discovery {
  /** The group that boot servers listen to. */
  readonly multicast?: Ipv4Address | undefined
  readonly broadcast: boolean
}

/** A boot menu as PXE firmware is told of it. */
export interface BootMenu {
  readonly prompt: MenuPrompt
  /** The first is the one that is taken when the time of the prompt is over. */
  readonly items: readonly BootMenuItem[]
  /** Who serves an item; one whose type is not here is found by discovery. Never of type `LOCAL_BOOT`. */
  readonly servers: readonly BootServer[]
  readonly discovery: Discovery
}

/**
 * Option 43 that makes PXE firmware show a menu (PXE 2.1 §2.2.1):
 *
 * ```
 *    6: 1 no broadcast | 2 no multicast     7: group, if there is one     8: type 2 | n 1 | n × IPv4 4 | …
 *    9: type 2 | length 1 | title | …       10: seconds 1 | prompt        255
 * ```
 *
 * Bit 3 of 6 is clear, or firmware would load a file and look at no menu. Throws RangeError when a sub-option has more than 255 octets.
 */
export function encodeMenu({ prompt, items, servers, discovery }: BootMenu): Uint8Array {
  const { multicast, broadcast } = discovery
  const options: VendorOptions = {
    discoveryControl:
      (broadcast ? 0 : DISCOVERY_CONTROL.noBroadcast) | (multicast === undefined ? DISCOVERY_CONTROL.noMulticast : 0),
    ...(multicast !== undefined && { multicastAddress: multicast }),
    ...(servers.length > 0 && { bootServers: servers }),
    bootMenu: items,
    menuPrompt: prompt,
  }
  return encodeVendorOptions(options)
}

/** How many octets `encodeMenu` makes, also of a menu that is too long for it. */
export function menuLength({ prompt, items, servers, discovery }: BootMenu): number {
  const control = 3
  const group = discovery.multicast === undefined ? 0 : 6
  const list = servers.reduce((sum, { addresses }) => sum + 3 + 4 * addresses.length, servers.length > 0 ? 2 : 0)
  const menu = items.reduce((sum, { description }) => sum + 3 + description.length, 2)
  const text = 3 + prompt.prompt.length
  const end = 1
  return control + group + list + menu + text + end
}
