/** What iPXE calls itself in `${platform}-${buildarch}`, and the architecture type that firmware which loads it has. */
const BUILDS: ReadonlyMap<string, number> = new Map([
  ['pcbios-i386', 0],
  ['pcbios-x86_64', 0],
  ['efi-i386', 6],
  ['efi-x86_64', 7],
  ['efi-arm32', 10],
  ['efi-arm64', 11],
  ['efi-riscv32', 25],
  ['efi-riscv64', 27],
  ['efi-loong64', 39],
])

/**
 * The architecture type that the URL of a script says: as the number that DHCP answers of Reboots write, or in the words of iPXE itself,
 * where another DHCP server has given a URL with settings in it. Undefined for anything else.
 */
export function archInQuery(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  return /^\d{1,5}$/.test(text) ? Number(text) : BUILDS.get(text)
}
