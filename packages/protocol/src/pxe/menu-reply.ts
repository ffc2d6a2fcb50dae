import { BROADCAST_FLAG, bootReply, vendorClass, vendorSpecific, type DhcpMessage } from '../dhcp/index.ts'
import type { Ipv4Address } from '../net/index.ts'
import type { BootClient } from './boot-client.ts'
import { dialectOf } from './boot-dialect.ts'
import { bootServerAck, identifierOf } from './boot-reply.ts'
import type { BootTarget } from './boot-target.ts'
import { encodeVendorOptions, type BootItem } from './vendor-options.ts'

/**
 * Whether this client shows the menu of option 43 by itself: the ROMs of BIOS machines and UEFI do. iPXE has scripts for it, a
 * Raspberry Pi reads nothing but its own name there, U-Boot hears no proxy, and UEFI HTTP boot has no menus.
 */
export function showsMenu(client: BootClient): boolean {
  const dialect = dialectOf(client)
  return dialect === 'bios' || (dialect === 'uefi' && client.firmware.startsWith('uefi-'))
}

/**
 * The OFFER of a proxy with a boot menu (PXE 2.1 §2.2.2); `vendor` is what `encodeMenu` made. No file: which one it is depends on what
 * is chosen. UEFI reads `siaddr` for the boot server when the menu names none.
 */
export function proxyMenuOffer(discover: DhcpMessage, vendor: Uint8Array, server: Ipv4Address): DhcpMessage {
  const reply = menuReply(discover, 'offer', vendor, server)
  return { ...reply, flags: discover.flags | BROADCAST_FLAG, siaddr: server }
}

/** The ACK from port 4011 to a client that asked without having chosen: the menu again. */
export function bootServerMenuAck(request: DhcpMessage, vendor: Uint8Array, server: Ipv4Address): DhcpMessage {
  return { ...menuReply(request, 'ack', vendor, server), ciaddr: request.ciaddr, siaddr: server }
}

/** The ACK from port 4011 to a client that has chosen: the file of the item, and the item as it came (PXE 2.1 §2.2.5). */
export function bootItemAck(
  request: DhcpMessage,
  client: BootClient,
  target: BootTarget,
  server: Ipv4Address,
  item: BootItem,
): DhcpMessage {
  const reply = bootServerAck(request, client, target, server)
  const chosen = encodeVendorOptions({ bootItem: item })
  return { ...reply, options: new Map([...reply.options, [vendorSpecific.code, chosen]]) }
}

function menuReply(request: DhcpMessage, type: 'offer' | 'ack', vendor: Uint8Array, server: Ipv4Address): DhcpMessage {
  return bootReply(request, type, server, [
    ...identifierOf(request),
    [vendorClass.code, vendorClass.encode('PXEClient')],
    [vendorSpecific.code, vendor],
  ])
}
