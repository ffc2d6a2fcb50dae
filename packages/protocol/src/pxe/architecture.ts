import type { Firmware } from './boot-client.ts'

/** One row of the IANA registry "Processor Architecture Types" (RFC 5970 §6, begun by RFC 4578 §2.1). */
export interface Architecture {
  readonly type: number
  readonly name: string
  /** Which boot file suits it. `other`: nothing that Reboots knows how to hand out. */
  readonly firmware: Firmware
  /** How firmware that says this type loads its boot file. Option 60 has the last word (see `identifyClient`). */
  readonly transport: 'tftp' | 'http'
}

/** What `BootClient.arch` holds when neither option 93 nor option 60 names a type; not assigned by IANA. */
export const UNKNOWN_ARCHITECTURE = 0xffff

/**
 * The row of an architecture type, or undefined when IANA has none.
 *
 * Deviation: type 9 is EBC in the registry. RFC 4578 had 7 and 9 the wrong way round in its first printings, so 64-bit
 * firmware of those years sends 9; EBC-only machines never existed. 9 and its HTTP twin 17 are served as x64.
 */
export function architecture(type: number): Architecture | undefined {
  return BY_TYPE.get(type)
}

/** `x64-uefi`, or `unknown(9999)` for a type that is not in the registry. */
export function formatArchitecture(type: number): string {
  return BY_TYPE.get(type)?.name ?? `unknown(${type})`
}

export const ARCHITECTURES: readonly Architecture[] = [
  { type: 0, name: 'x86-bios', firmware: 'bios', transport: 'tftp' },
  { type: 1, name: 'nec-pc98', firmware: 'other', transport: 'tftp' },
  { type: 2, name: 'itanium', firmware: 'other', transport: 'tftp' },
  { type: 3, name: 'dec-alpha', firmware: 'other', transport: 'tftp' },
  { type: 4, name: 'arc-x86', firmware: 'other', transport: 'tftp' },
  { type: 5, name: 'intel-lean-client', firmware: 'bios', transport: 'tftp' },
  { type: 6, name: 'x86-uefi', firmware: 'uefi-ia32', transport: 'tftp' },
  { type: 7, name: 'x64-uefi', firmware: 'uefi-x64', transport: 'tftp' },
  { type: 8, name: 'xscale-efi', firmware: 'other', transport: 'tftp' },
  { type: 9, name: 'ebc', firmware: 'uefi-x64', transport: 'tftp' },
  { type: 10, name: 'arm32-uefi', firmware: 'uefi-arm32', transport: 'tftp' },
  { type: 11, name: 'arm64-uefi', firmware: 'uefi-arm64', transport: 'tftp' },
  { type: 12, name: 'powerpc-open-firmware', firmware: 'other', transport: 'tftp' },
  { type: 13, name: 'powerpc-epapr', firmware: 'other', transport: 'tftp' },
  { type: 14, name: 'power-opal-v3', firmware: 'other', transport: 'tftp' },
  { type: 15, name: 'x86-uefi-http', firmware: 'uefi-ia32', transport: 'http' },
  { type: 16, name: 'x64-uefi-http', firmware: 'uefi-x64', transport: 'http' },
  { type: 17, name: 'ebc-http', firmware: 'uefi-x64', transport: 'http' },
  { type: 18, name: 'arm32-uefi-http', firmware: 'uefi-arm32', transport: 'http' },
  { type: 19, name: 'arm64-uefi-http', firmware: 'uefi-arm64', transport: 'http' },
  { type: 20, name: 'x86-bios-http', firmware: 'bios', transport: 'http' },
  { type: 21, name: 'arm32-u-boot', firmware: 'u-boot', transport: 'tftp' },
  { type: 22, name: 'arm64-u-boot', firmware: 'u-boot', transport: 'tftp' },
  { type: 23, name: 'arm32-u-boot-http', firmware: 'u-boot', transport: 'http' },
  { type: 24, name: 'arm64-u-boot-http', firmware: 'u-boot', transport: 'http' },
  { type: 25, name: 'riscv32-uefi', firmware: 'other', transport: 'tftp' },
  { type: 26, name: 'riscv32-uefi-http', firmware: 'other', transport: 'http' },
  { type: 27, name: 'riscv64-uefi', firmware: 'uefi-riscv64', transport: 'tftp' },
  { type: 28, name: 'riscv64-uefi-http', firmware: 'uefi-riscv64', transport: 'http' },
  { type: 29, name: 'riscv128-uefi', firmware: 'other', transport: 'tftp' },
  { type: 30, name: 'riscv128-uefi-http', firmware: 'other', transport: 'http' },
  { type: 31, name: 's390-basic', firmware: 'other', transport: 'tftp' },
  { type: 32, name: 's390-extended', firmware: 'other', transport: 'tftp' },
  { type: 33, name: 'mips32-uefi', firmware: 'other', transport: 'tftp' },
  { type: 34, name: 'mips64-uefi', firmware: 'other', transport: 'tftp' },
  { type: 35, name: 'sunway32-uefi', firmware: 'other', transport: 'tftp' },
  { type: 36, name: 'sunway64-uefi', firmware: 'other', transport: 'tftp' },
  { type: 37, name: 'loongarch32-uefi', firmware: 'other', transport: 'tftp' },
  { type: 38, name: 'loongarch32-uefi-http', firmware: 'other', transport: 'http' },
  { type: 39, name: 'loongarch64-uefi', firmware: 'uefi-loongarch64', transport: 'tftp' },
  { type: 40, name: 'loongarch64-uefi-http', firmware: 'uefi-loongarch64', transport: 'http' },
  { type: 41, name: 'raspberry-pi', firmware: 'rpi', transport: 'tftp' },
]

const BY_TYPE: ReadonlyMap<number, Architecture> = new Map(ARCHITECTURES.map((row) => [row.type, row]))
