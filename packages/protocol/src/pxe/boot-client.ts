import type { MacAddress } from '../net/index.ts'

/** What the firmware is, as far as the choice of a boot file goes. */
export type Firmware =
  | 'bios'
  | 'uefi-ia32'
  | 'uefi-x64'
  | 'uefi-arm32'
  | 'uefi-arm64'
  | 'uefi-riscv64'
  | 'uefi-loongarch64'
  | 'u-boot'
  | 'rpi'
  | 'other'

/** A machine that asks to boot from the network (RFC 4578, PXE 2.1 §2.2, UEFI HTTP boot). */
export interface BootClient {
  readonly mac: MacAddress
  /** The architecture type taken from option 93 (the first known value), or from option 60 if 93 is missing. */
  readonly arch: number
  /** Every value of option 93, in the order sent. */
  readonly archs: readonly number[]
  readonly firmware: Firmware
  /** PXEClient or HTTPClient, option 60. */
  readonly transport: 'tftp' | 'http'
  /** `ipxe` when option 77 or 175 says that iPXE is running already. */
  readonly loader: 'firmware' | 'ipxe'
  /** Option 97 as SMBIOS prints it; absent when not sent or malformed. */
  readonly uuid?: string
  readonly vendorClass: string
  readonly userClass: readonly string[]
  /** Option 175 of an iPXE client. */
  readonly ipxe?: IpxeFeatures
}

export interface IpxeFeatures {
  /** Sub-option 235, `1.21.1`. */
  readonly version?: string
  /** Names of the protocols and image formats built in: `http`, `https`, `tftp`, `efi`, … */
  readonly features: readonly string[]
  /** Sub-option 177 as text, `pci:1af4:1000`. */
  readonly busId?: string
}
