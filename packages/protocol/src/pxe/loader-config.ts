import { parseMac, type MacAddress } from '../net/index.ts'

/** Boot loaders that read a configuration file from where they were loaded from. */
export type ConfiguredLoader = 'grub' | 'pxelinux'

/** Which loader's configuration a path asks for, and whose. */
export interface LoaderConfigName {
  readonly loader: ConfiguredLoader
  readonly mac: MacAddress
}

/**
 * The names that hold a MAC, 01 (Ethernet, RFC 1700) before it. Both loaders look in a directory that depends on how they were built and
 * loaded; PXELINUX tries the UUID before it, GRUB tries names of addresses behind it. With colons it is what `GRUB_POINTER` makes of it.
 */
const NAMES: Readonly<Record<ConfiguredLoader, RegExp>> = {
  grub: /(?:^|\/)grub\.cfg-01((?:[-:][0-9a-f]{2}){6})$/i,
  pxelinux: /(?:^|\/)pxelinux\.cfg\/01((?:-[0-9a-f]{2}){6})$/i,
}

/** What a path asks for, by TFTP or HTTP; undefined for any other file. */
export function loaderConfigIn(path: string): LoaderConfigName | undefined {
  for (const loader of ['grub', 'pxelinux'] as const) {
    const mac = parseMac(NAMES[loader].exec(path)?.[1]?.slice(1) ?? '')
    if (mac !== undefined) return { loader, mac }
  }
  return undefined
}

/**
 * Where GRUB finds the configuration of its machine: for one that was built to ask for grub.cfg alone, as Debian's and Ubuntu's signed one is. It
 * leaves where there is none, and firmware goes on to its next boot device.
 */
export const GRUB_POINTER = 'configfile "$prefix/grub.cfg-01-$net_default_mac"\nexit\n'

/** Whether GRUB asks for a configuration that is for every machine. */
export function isGrubConfig(path: string): boolean {
  return /(?:^|\/)grub\.cfg$/.test(path)
}

/** The shortest path that asks for it: `grub/grub.cfg-01-52-54-00-12-34-56`. */
export function loaderConfigPath({ loader, mac }: LoaderConfigName): string {
  const name = `01-${mac.replaceAll(':', '-')}`
  return loader === 'grub' ? `grub/grub.cfg-${name}` : `pxelinux.cfg/${name}`
}
