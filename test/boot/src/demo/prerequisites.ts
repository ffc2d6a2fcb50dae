import { findCommand, missing } from '@reboots/testkit'
import { kernelPath } from '../kernel.ts'
import { MACHINE_COMMANDS, MACHINE_FILES, type Firmware } from '../machine.ts'
import { anySiteDhcp, SITE_DHCPS, type SiteDhcp } from '../site.ts'

/** The firmware of the virtual machine that can be run; or why none can. */
export type VirtualMachine =
  | { readonly firmware: Firmware }
  | { readonly firmware: undefined; readonly because: string }

/** What the demo cannot do without, one text each; empty when all is there. */
export function obstacles(mode: 'proxy' | 'full'): string[] {
  const problems = missing({ root: true, commands: ['ip', 'tcpdump', 'curl'], files: ['/usr/lib/ipxe/ipxe.efi'] })
  if (mode === 'proxy' && anySiteDhcp() === undefined) {
    const packages = SITE_DHCPS.map((site) => site.package).join(' or ')
    problems.push(`no DHCP server found to play the one a site has already: apt-get install ${packages}`)
  }
  return problems
}

/** The stock DHCP server of a proxy demo. */
export function siteDhcp(): SiteDhcp {
  const site = anySiteDhcp()
  if (site === undefined) throw new Error('no stock DHCP server')
  return site
}

/** UEFI if there is firmware for it, since it shows more of the dialogue; else BIOS. */
export async function virtualMachine(): Promise<VirtualMachine> {
  const uefi = missing({ files: MACHINE_FILES.uefi })
  const bios = missing({ files: MACHINE_FILES.bios })
  const firmware: Firmware = uefi.length === 0 ? 'uefi' : 'bios'
  const lacking = [
    ...missing({ commands: [...MACHINE_COMMANDS, 'busybox'] }),
    ...(uefi.length > 0 && bios.length > 0 ? uefi : []),
  ]
  if (lacking.length > 0) return { firmware: undefined, because: lacking.join('; ') }
  try {
    await kernelPath()
    return { firmware }
  } catch (error) {
    return { firmware: undefined, because: `no Linux kernel to boot: ${(error as Error).message.trim()}` }
  }
}

/** An IPv6 router makes the boot quicker, and only dnsmasq can play one. */
export function hasRouter(): boolean {
  return findCommand('dnsmasq') !== undefined
}
