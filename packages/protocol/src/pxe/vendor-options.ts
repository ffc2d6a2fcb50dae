import { ByteReader, ByteWriter, DecodeError, latin1, octets } from '../bytes/index.ts'
import type { Ipv4Address } from '../net/index.ts'
import { decodeEncapsulated, encodeEncapsulated, END } from './encapsulated.ts'

/** What option 43 holds between PXE clients and servers (PXE 2.1 §2.2.1, RFC 4578), and what Tinkerbell put beside it. */
export interface VendorOptions extends Partial<Known> {
  /** Sub-options without a row below, kept as they came. */
  readonly other?: ReadonlyMap<number, Uint8Array>
}

interface Known {
  /** Bits of `DISCOVERY_CONTROL`. */
  readonly discoveryControl: number
  readonly multicastAddress: Ipv4Address
  readonly bootServers: readonly BootServer[]
  readonly bootMenu: readonly BootMenuItem[]
  readonly menuPrompt: MenuPrompt
  /** A W3C traceparent in 26 octets, handed on by Tinkerbell; opaque here. */
  readonly traceparent: Uint8Array
  /** What the client chose from a menu, and what the boot server answers to. */
  readonly bootItem: BootItem
  /** VLAN id in decimal digits; the iPXE that Tinkerbell builds tags its frames with it. */
  readonly vlanId: string
}

export interface BootServer {
  readonly type: number
  /** Empty: any server that answers will do. */
  readonly addresses: readonly Ipv4Address[]
}

export interface BootMenuItem {
  /** 0 boots the local disk. */
  readonly type: number
  readonly description: string
}

export interface MenuPrompt {
  /** Seconds to wait for a key: 0 takes the first item at once, 255 waits for ever. */
  readonly timeout: number
  readonly prompt: string
}

export interface BootItem {
  readonly type: number
  /** 0 is the first file of the type; 15 bits. */
  readonly layer: number
  /** Bit 15 of the layer: the client wants signed credentials (BIS), which nobody serves. */
  readonly credentials: boolean
}

/** Bits of sub-option 6. */
export const DISCOVERY_CONTROL = {
  noBroadcast: 1,
  noMulticast: 2,
  onlyListedServers: 4,
  /** Do not look for boot servers at all: load `file` from `siaddr`. */
  bootFileDirectly: 8,
} as const

/** Option 43 of a PXE client or server. Throws DecodeError when a length does not fit; unknown sub-options are kept. */
export function decodeVendorOptions(bytes: Uint8Array): VendorOptions {
  const values = decodeEncapsulated(bytes)
  const known: Record<string, unknown> = {}
  for (const [key, row] of ROWS) {
    const value = values.get(row.code)
    if (value === undefined) continue
    known[key] = row.decode(value)
    values.delete(row.code)
  }
  return values.size > 0 ? { ...known, other: values } : known
}

/** By ascending code, closed by 255 as PXE 2.1 asks. Throws RangeError for a sub-option that does not fit 255 octets. */
export function encodeVendorOptions(options: VendorOptions): Uint8Array {
  const values = new Map(options.other)
  for (const [key, row] of ROWS) {
    const value = options[key]
    if (value !== undefined) values.set(row.code, row.encode(value))
  }
  return encodeEncapsulated([...values].sort(([a], [b]) => a - b))
    .u8(END)
    .finish()
}

interface SubOption<T> {
  readonly code: number
  decode(value: Uint8Array): T
  encode(value: T): Uint8Array
}

const TABLE: { readonly [Key in keyof Known]: SubOption<Known[Key]> } = {
  discoveryControl: { code: 6, decode: (value) => exactly(1, value).u8(), encode: (bits) => Uint8Array.of(bits) },
  multicastAddress: {
    code: 7,
    decode: (value) => exactly(4, value).u32() as Ipv4Address,
    encode: (address) => new ByteWriter(4).u32(address).finish(),
  },
  bootServers: { code: 8, decode: decodeBootServers, encode: encodeBootServers },
  bootMenu: { code: 9, decode: decodeBootMenu, encode: encodeBootMenu },
  menuPrompt: { code: 10, decode: decodeMenuPrompt, encode: encodeMenuPrompt },
  traceparent: { code: 69, decode: (value) => value, encode: (value) => value },
  bootItem: { code: 71, decode: decodeBootItem, encode: encodeBootItem },
  vlanId: { code: 116, decode: latin1, encode: octets },
}

const ROWS = Object.entries(TABLE) as [keyof Known, SubOption<unknown>][]

function exactly(length: number, value: Uint8Array): ByteReader {
  if (value.length !== length) throw new DecodeError('bad-length', 0)
  return new ByteReader(value)
}

/** `type (2) · count (1) · count addresses (4 each)`, again and again. */
function decodeBootServers(value: Uint8Array): BootServer[] {
  const reader = new ByteReader(value)
  const servers: BootServer[] = []
  while (reader.remaining > 0) {
    const type = reader.u16()
    const count = reader.u8()
    servers.push({ type, addresses: Array.from({ length: count }, () => reader.u32() as Ipv4Address) })
  }
  return servers
}

function encodeBootServers(servers: readonly BootServer[]): Uint8Array {
  const writer = new ByteWriter(64)
  for (const { type, addresses } of servers) {
    writer.u16(type).u8(addresses.length)
    for (const address of addresses) writer.u32(address)
  }
  return writer.finish()
}

/** `type (2) · length (1) · description`, again and again. */
function decodeBootMenu(value: Uint8Array): BootMenuItem[] {
  const reader = new ByteReader(value)
  const items: BootMenuItem[] = []
  while (reader.remaining > 0) items.push({ type: reader.u16(), description: latin1(reader.take(reader.u8())) })
  return items
}

function encodeBootMenu(items: readonly BootMenuItem[]): Uint8Array {
  const writer = new ByteWriter(64)
  for (const { type, description } of items) writer.u16(type).u8(description.length).bytes(octets(description))
  return writer.finish()
}

/** `timeout (1) · prompt`. */
function decodeMenuPrompt(value: Uint8Array): MenuPrompt {
  const reader = new ByteReader(value)
  return { timeout: reader.u8(), prompt: latin1(reader.take(reader.remaining)) }
}

function encodeMenuPrompt({ timeout, prompt }: MenuPrompt): Uint8Array {
  return new ByteWriter(32).u8(timeout).bytes(octets(prompt)).finish()
}

/** `type (2) · layer (2)`. */
function decodeBootItem(value: Uint8Array): BootItem {
  const reader = exactly(4, value)
  const type = reader.u16()
  const layer = reader.u16()
  return { type, layer: layer & 0x7fff, credentials: layer > 0x7fff }
}

function encodeBootItem({ type, layer, credentials }: BootItem): Uint8Array {
  return new ByteWriter(4)
    .u16(type)
    .u16(layer | (credentials ? 0x8000 : 0))
    .finish()
}
