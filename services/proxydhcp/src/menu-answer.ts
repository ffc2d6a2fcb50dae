import type { DhcpMessage } from '@reboots/protocol/dhcp'
import type { Instant, Ipv4Address } from '@reboots/protocol/net'
import {
  bootItemAck,
  encodeMenu,
  LOCAL_BOOT,
  showsMenu,
  type BootClient,
  type BootItem,
  type Discovery,
} from '@reboots/protocol/pxe'
import { bootMenuOf, type Boots, type Menu } from '@reboots/rules'
import { NOTHING_CHOSEN } from './choices.ts'
import { targetOf, type Decided } from './find-target.ts'
import type { Silence, Silent } from './outcome.ts'
import type { Ports } from './ports.ts'

/**
 * The menu that the firmware of this client is to show, if the policy says so and the client can. UEFI loads what is chosen from the boot server that it
 * has asked, whatever that one says (OVMF): where TFTP is at another host than `us`, iPXE shows the menu.
 */
export function menuFor({ verdict, servers }: Decided, client: BootClient, us: Ipv4Address): Menu | undefined {
  const { decision } = verdict
  if (decision.kind !== 'menu' || !showsMenu(client)) return undefined
  return client.firmware === 'bios' || servers.tftp.address === us ? decision.menu : undefined
}

/**
 * Option 43 with the entries that this client can have: never one that promises what port 4011 cannot keep. Nothing at all if that is true
 * of the default, because another entry would take its place.
 */
export function vendorMenu(decided: Decided, menu: Menu, us: Ipv4Address, ports: Ports): Uint8Array | Silent {
  const entries = []
  for (const [index, entry] of menu.entries.entries()) {
    const target = entry.boots.kind === 'boot' ? targetOf(decided, index + 1) : undefined
    if (target === undefined || !('silent' in target)) entries.push(entry)
    else if (index === 0) return target
  }
  return encodeMenu(bootMenuOf({ ...menu, entries }, us, discoveryOf(decided.client, ports)))
}

/** UEFI that asks everybody takes what the site's own DHCP server says to it for the boot server's answer, and fails (OVMF beside Kea). */
function discoveryOf({ firmware }: BootClient, { settings: { discovery } }: Ports): Discovery {
  return firmware === 'bios' ? discovery : { ...discovery, broadcast: false }
}

/** The answer on port 4011 to a client that has chosen an entry, which is remembered for the iPXE that comes then. */
export function itemAnswer(
  request: DhcpMessage,
  decided: Decided,
  menu: Menu,
  chosen: BootItem,
  server: Ipv4Address,
  ports: Ports,
  now: Instant,
): { readonly reply: DhcpMessage; readonly chosen: string } | Silent {
  const index = menu.entries.findIndex(({ type }) => type === chosen.type)
  const entry = menu.entries[index]
  const silent = whyNot(chosen, entry?.boots)
  const { client, verdict } = decided
  if (entry === undefined || silent !== undefined) return { silent: silent ?? 'unknown-boot-item', verdict }
  const target = targetOf(decided, index + 1)
  if ('silent' in target) return target
  const file = entry.boots.kind === 'file' ? fileOf(entry.boots, chosen.layer) : undefined
  // A file may be an iPXE of the site's own, which would be sent to itself again and again.
  if (entry.boots.kind === 'boot') ports.choices.choose(client.mac, menu.name, index + 1, now)
  else ports.choices.forget(client.mac)
  const ofLayer = file === undefined ? target : { ...target, file }
  return { reply: bootItemAck(request, client, ofLayer, server, chosen), chosen: entry.title }
}

function whyNot({ type, layer, credentials }: BootItem, boots: Boots | undefined): Silence | undefined {
  if (credentials) return 'credentials-wanted'
  if (boots === undefined) return 'unknown-boot-item'
  if (boots.kind === 'elsewhere') return 'boot-item-of-other-server'
  const isServed = layer === 0 || (boots.kind === 'file' && fileOf(boots, layer) !== undefined)
  if (!isServed) return 'unknown-boot-item'
  return type === LOCAL_BOOT ? 'local-disk-chosen' : undefined
}

/** Layer 0 is what is loaded first, and the others what that asks for by the same type (PXE 2.1 §2.2.5). */
function fileOf({ file, layers = [] }: Extract<Boots, { kind: 'file' }>, layer: number): string | undefined {
  return layer === 0 ? file : layers[layer - 1]
}

/** iPXE comes after a menu of its firmware, and who was told what was chosen has the first word: another replica of this service. */
export function isLeftToReplica({ client, verdict }: Decided, xid: number, ports: Ports, now: Instant): boolean {
  const { decision } = verdict
  if (decision.kind !== 'menu' || client.loader !== 'ipxe') return false
  return ports.choices.leftToOthers(client.mac, decision.menu.name, xid, now)
}

/**
 * What was chosen from the menu that this machine's firmware has shown: where iPXE goes without asking again. UEFI that leaves the menu for
 * the local disk may come by HTTP boot first, and has to be refused then: what it has chosen is `NOTHING_CHOSEN`.
 */
export function chosenBefore({ client, verdict }: Decided, ports: Ports, now: Instant): number | undefined {
  const { decision } = verdict
  if (decision.kind !== 'menu' || (client.loader === 'firmware' && client.transport === 'tftp')) return undefined
  const item = ports.choices.of(client.mac, decision.menu.name, now)
  return client.loader === 'ipxe' && item === NOTHING_CHOSEN ? undefined : item
}
