import { hex } from '../bytes/index.ts'
import type { IpxeFeatures } from './boot-client.ts'
import { decodeEncapsulated, encodeEncapsulated } from './encapsulated.ts'

/**
 * Option 175, the space of options that iPXE keeps inside one DHCP option; both directions use the same codes.
 * Raw values by code: `IPXE_OPTIONS` names the codes, `IPXE_FEATURE_NAMES` the flags 0x10…0x4f.
 */
export type IpxeOptions = ReadonlyMap<number, Uint8Array>

/** Codes as in iPXE's own list of encapsulated options; the value's form behind each. */
export const IPXE_OPTIONS = {
  /** Signed octet: the offer with the highest number wins. */
  priority: 0x01,
  yiaddr: 0x02,
  siaddr: 0x03,
  keepSan: 0x08,
  skipSanBoot: 0x09,
  /** Text: a command to run instead of the boot file. */
  scriptlet: 0x51,
  syslogs: 0x55,
  trust: 0x5a,
  cert: 0x5b,
  key: 0x5c,
  crossCert: 0x5d,
  /** One octet, 1: do not wait for a ProxyDHCP offer. */
  noPxeDhcp: 0xb0,
  /** From the client: `type (1) · vendor (2) · device (2)`. */
  busId: 0xb1,
  useCached: 0xb2,
  sanRetry: 0xbb,
  sanFilename: 0xbc,
  sanDrive: 0xbd,
  username: 0xbe,
  password: 0xbf,
  reverseUsername: 0xc0,
  reversePassword: 0xc1,
  /** From the client: `major (1) · minor (1) · patch (1)`. */
  version: 0xeb,
} as const

/** Flags that tell what the client's build can do, one octet each, 0 when it cannot after all. */
const IPXE_FEATURE_NAMES: ReadonlyMap<number, string> = new Map([
  [0x10, 'pxeext'],
  [0x11, 'iscsi'],
  [0x12, 'aoe'],
  [0x13, 'http'],
  [0x14, 'https'],
  [0x15, 'tftp'],
  [0x16, 'ftp'],
  [0x17, 'dns'],
  [0x18, 'bzimage'],
  [0x19, 'multiboot'],
  [0x1a, 'slam'],
  [0x1b, 'srp'],
  [0x20, 'nbi'],
  [0x21, 'pxe'],
  [0x22, 'elf'],
  [0x23, 'comboot'],
  [0x24, 'efi'],
  [0x25, 'fcoe'],
  [0x26, 'vlan'],
  [0x27, 'menu'],
  [0x28, 'sdi'],
  [0x29, 'nfs'],
])

/** Throws DecodeError when a length runs past the end. */
export function decodeIpxeOptions(bytes: Uint8Array): IpxeOptions {
  return decodeEncapsulated(bytes)
}

/** By ascending code. iPXE does not want a closing 255 and sends none. Throws RangeError when a value does not fit. */
export function encodeIpxeOptions(options: IpxeOptions): Uint8Array {
  return encodeEncapsulated([...options].sort(([a], [b]) => a - b)).finish()
}

/** What a client says of itself in option 175. A value of the wrong length is as good as none. */
export function ipxeFeatures(options: IpxeOptions): IpxeFeatures {
  const version = options.get(IPXE_OPTIONS.version)
  const busId = options.get(IPXE_OPTIONS.busId)
  return {
    features: [...options].filter(isFeature).map(([code]) => featureName(code)),
    ...(version?.length === 3 && { version: version.join('.') }),
    ...(busId?.length === 5 && { busId: formatBusId(busId) }),
  }
}

function isFeature([code, value]: readonly [number, Uint8Array]): boolean {
  return code >= 0x10 && code <= 0x4f && value[0] !== 0
}

function featureName(code: number): string {
  return IPXE_FEATURE_NAMES.get(code) ?? `feature-${code}`
}

/** `pci:1af4:1000`; a bus without a name prints as `bus-9:…`. */
function formatBusId(value: Uint8Array): string {
  const bus = BUSES[value[0]!] ?? `bus-${value[0]}`
  return `${bus}:${hex(value.subarray(1, 3))}:${hex(value.subarray(3))}`
}

/** Bus types as iPXE numbers them. */
const BUSES: readonly (string | undefined)[] = [
  undefined,
  'pci',
  'isapnp',
  'eisa',
  'mca',
  'isa',
  'tap',
  'efi',
  'xen',
  'hv',
  'usb',
]
