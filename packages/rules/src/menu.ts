import type { Ipv4Address } from '@reboots/protocol/net'
import type { BootMenu, Discovery } from '@reboots/protocol/pxe'
import type { BootDecision } from './decision.ts'

/** A choice that is left to whoever sits at the machine, or to time. */
export interface Menu {
  readonly name: string
  /** What the screen says while there is time to press a key. */
  readonly prompt: string
  /** Whole seconds, 0 for none; `forever` waits for a key. */
  readonly timeoutSeconds: number | 'forever'
  /** At least one. The first is what happens when nobody chooses; it is never `elsewhere`. */
  readonly entries: readonly MenuEntry[]
}

export interface MenuEntry {
  /** Printable ASCII. */
  readonly title: string
  /** Type of boot server (PXE 2.1 §2.2.1): 0 for the local disk, else no two entries of a menu have the same. */
  readonly type: number
  readonly boots: Boots
}

export type Boots =
  | BootDecision
  | { readonly kind: 'local-disk' }
  /** A file that firmware loads by itself, by its name on the TFTP server; `layers` are those that it asks for later, from layer 1 on. */
  | { readonly kind: 'file'; readonly file: string; readonly layers?: readonly string[] }
  /** Other boot servers have it: those with these addresses, or whoever answers. */
  | { readonly kind: 'elsewhere'; readonly servers: readonly Ipv4Address[] }

/** Option 43 has no other word for "wait for ever" (PXE 2.1 §2.2.1, sub-option 10). */
const FOREVER = 255

/**
 * The menu as PXE firmware is told of it, where `server` is the boot server of all entries that are not `elsewhere`. Entries whose server
 * would have to be looked for are left out where clients may not look.
 */
export function bootMenuOf(menu: Menu, server: Ipv4Address, discovery: Discovery): BootMenu {
  const searchable = discovery.broadcast || discovery.multicast !== undefined
  const shown = menu.entries.filter((entry) => searchable || !isSearched(entry))
  return {
    prompt: {
      timeout: menu.timeoutSeconds === 'forever' ? FOREVER : menu.timeoutSeconds,
      prompt: menu.prompt,
    },
    items: shown.map(({ type, title }) => ({ type, description: title })),
    servers: shown.flatMap(({ type, boots }) => {
      if (boots.kind === 'local-disk') return []
      const addresses = boots.kind === 'elsewhere' ? boots.servers : [server]
      return addresses.length === 0 ? [] : [{ type, addresses }]
    }),
    discovery,
  }
}

function isSearched({ boots }: MenuEntry): boolean {
  return boots.kind === 'elsewhere' && boots.servers.length === 0
}
