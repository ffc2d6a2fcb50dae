import { DecodeError } from '../bytes/index.ts'
import {
  clientMachineIdentifier,
  clientSystemArchitecture,
  ipxeEncapsulated,
  macOf,
  option,
  userClasses,
  vendorClass,
  type DhcpMessage,
} from '../dhcp/index.ts'
import type { MacAddress } from '../net/index.ts'
import { architecture, UNKNOWN_ARCHITECTURE } from './architecture.ts'
import type { BootClient, Firmware, IpxeFeatures } from './boot-client.ts'
import { formatGuid } from './guid.ts'
import { decodeIpxeOptions, ipxeFeatures } from './ipxe-options.ts'

/**
 * The network-boot client that sent a message, or undefined when it is not one: option 60 has to start with `PXEClient` or
 * `HTTPClient` (PXE 2.1 §2.2.1, UEFI 2.10 §24.7). Total: an option that cannot be read counts as not sent.
 *
 * Options 93, 94 and 97 are not demanded although RFC 4578 does: U-Boot sends no 97, some ROMs no 93.
 */
export function identifyClient(message: DhcpMessage): BootClient | undefined {
  const vendor = option(message, vendorClass)
  const transport = vendor && transportOf(vendor)
  if (!vendor || !transport) return undefined

  const mac = macOf(message)
  const archs = architecturesOf(message, vendor)
  const arch = archs.find((type) => architecture(type)) ?? archs[0] ?? UNKNOWN_ARCHITECTURE
  const userClass = userClasses(message)
  const encapsulated = option(message, ipxeEncapsulated)
  const uuid = uuidOf(message)
  const ipxe = encapsulated && featuresOf(encapsulated)
  return {
    mac,
    arch,
    archs,
    firmware: firmwareOf(arch, mac),
    transport,
    // FlexBoot is an iPXE that sends option 175 but no user class; our own builds may say Tinkerbell.
    loader: encapsulated || userClass.some((name) => IPXE_USER_CLASSES.has(name)) ? 'ipxe' : 'firmware',
    vendorClass: vendor,
    userClass,
    ...(uuid !== undefined && { uuid }),
    ...(ipxe && { ipxe }),
  }
}

/** What programs of ours and iPXE itself put into option 77; `Tinkerbell` is the iPXE that Smee ships. */
const IPXE_USER_CLASSES: ReadonlySet<string> = new Set(['iPXE', 'Tinkerbell'])

/** Blocks of addresses the IEEE has given to Raspberry Pi; 3a:35:41 is a company id, kept for boards with a local address. */
export const RASPBERRY_PI_OUIS: ReadonlySet<string> = new Set([
  'b8:27:eb',
  'dc:a6:32',
  'e4:5f:01',
  '28:cd:c1',
  'd8:3a:dd',
  '2c:cf:67',
  '88:a2:9e',
  '3a:35:41',
])

function transportOf(vendor: string): BootClient['transport'] | undefined {
  if (vendor.startsWith('PXEClient')) return 'tftp'
  if (vendor.startsWith('HTTPClient')) return 'http'
  return undefined
}

/** Option 93 is a list (RFC 4578 §2.1); without it the `Arch:00007` of option 60 (PXE 2.1) has to do. */
function architecturesOf(message: DhcpMessage, vendor: string): readonly number[] {
  const listed = option(message, clientSystemArchitecture)
  if (listed) return listed
  const named = Number(/:Arch:(\d{5})(?::|$)/.exec(vendor)?.[1])
  return named <= 0xffff ? [named] : []
}

/** A Raspberry Pi calls itself a BIOS; only its hardware address gives it away. One that runs UEFI says so and is believed. */
function firmwareOf(arch: number, mac: MacAddress): Firmware {
  if (arch === 0 && RASPBERRY_PI_OUIS.has(mac.slice(0, 8))) return 'rpi'
  return architecture(arch)?.firmware ?? 'other'
}

function uuidOf(message: DhcpMessage): string | undefined {
  const identifier = option(message, clientMachineIdentifier)
  return identifier && formatGuid(identifier)
}

function featuresOf(encapsulated: Uint8Array): IpxeFeatures | undefined {
  try {
    return ipxeFeatures(decodeIpxeOptions(encapsulated))
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}
