import { ipxeEncapsulated, vendorClass, vendorSpecific } from '../dhcp/index.ts'
import type { BootClient } from './boot-client.ts'
import { encodeIpxeOptions, IPXE_OPTIONS } from './ipxe-options.ts'
import { DISCOVERY_CONTROL, encodeVendorOptions, type VendorOptions } from './vendor-options.ts'

/**
 * How a boot answer has to be worded. Not the same as the architecture: iPXE reads an answer its own way on every machine.
 *
 * - `ipxe`: iPXE runs already and wants the URL of a script.
 * - `http`: UEFI HTTP boot, wants a URI and the word HTTPClient.
 * - `bios`: a PXE 2.1 ROM, wants option 43 to tell it that it need not look for boot servers.
 * - `rpi`: the Raspberry Pi's ROM, wants its own name in a boot menu.
 * - `uefi`: UEFI PXE and whatever else says PXEClient: asks port 4011 when a proxy answered, else boots `file`.
 */
export type Dialect = 'ipxe' | 'http' | 'bios' | 'rpi' | 'uefi'

export function dialectOf(client: BootClient): Dialect {
  if (client.loader === 'ipxe') return 'ipxe'
  if (client.transport === 'http') return 'http'
  if (client.firmware === 'bios' || client.firmware === 'rpi') return client.firmware
  return 'uefi'
}

/** Options that go along with the boot file, encoded once: by code. */
export type Answer = readonly (readonly [code: number, value: Uint8Array])[]

const pxeClient = [vendorClass.code, vendorClass.encode('PXEClient')] as const
const httpClient = [vendorClass.code, vendorClass.encode('HTTPClient')] as const

const bootFileDirectly = inVendorOptions({ discoveryControl: DISCOVERY_CONTROL.bootFileDirectly })

/** The Pi's ROM goes on only when it finds this description in the menu; it follows neither type nor prompt. */
const raspberryPiBoot = inVendorOptions({
  discoveryControl: DISCOVERY_CONTROL.bootFileDirectly,
  bootMenu: [{ type: 0, description: 'Raspberry Pi Boot' }],
  menuPrompt: { timeout: 0, prompt: 'PXE' },
})

const noPxeDhcp = inIpxeOptions(IPXE_OPTIONS.noPxeDhcp, 1)

/** What others say has 0: iPXE takes the highest, and the last of several that are alike. */
const ourPriority = inIpxeOptions(IPXE_OPTIONS.priority, 1)

function inIpxeOptions(code: number, value: number): readonly [number, Uint8Array] {
  return [ipxeEncapsulated.code, encodeIpxeOptions(new Map([[code, Uint8Array.of(value)]]))]
}

function inVendorOptions(options: VendorOptions): readonly [number, Uint8Array] {
  return [vendorSpecific.code, encodeVendorOptions(options)]
}

/**
 * Beside a site's own DHCP server. Always with option 60, or no client takes the offer for a proxy's.
 *
 * - `ipxe`: no 43. With `siaddr` and a file in the offer iPXE does not ask port 4011, and a 43 without bit 8 would make it
 *   look for boot servers, 1 + 2 + 4 s for each. The priority in 175 lets it take this offer whatever another server says of booting,
 *   and in whatever order they come.
 * - `uefi`: no 43. OVMF 2025.02 would take {6: 8} and boot at once, but older EDK2 drops such an offer when it is the only one.
 */
export const PROXY: Readonly<Record<Dialect, Answer>> = {
  ipxe: [pxeClient, ourPriority],
  http: [httpClient],
  bios: [pxeClient, bootFileDirectly],
  rpi: [pxeClient, raspberryPiBoot],
  uefi: [pxeClient],
}

/**
 * From the server that gives the address too.
 *
 * - `ipxe`: 175 tells it not to wait 2 s for a proxy's offer.
 * - `http`: without HTTPClient in the answer OVMF throws it away.
 * - `uefi`: no 60. With PXEClient and no 43 OVMF asks port 4011, where nobody need be listening; with PXEClient and 43 {6: 8}
 *   it boots, but no better than without both.
 */
export const FULL: Readonly<Record<Dialect, Answer>> = {
  ipxe: [noPxeDhcp],
  http: [httpClient],
  bios: [pxeClient, bootFileDirectly],
  rpi: [pxeClient, raspberryPiBoot],
  uefi: [],
}
