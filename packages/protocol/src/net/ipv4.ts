import type { Brand } from './brand.ts'

/** An IPv4 address as an unsigned 32-bit number, first octet highest: pools do arithmetic with it. */
export type Ipv4Address = Brand<number, 'ipv4'>

export const UNSPECIFIED = 0 as Ipv4Address
export const LIMITED_BROADCAST = 0xffffffff as Ipv4Address

const DOTTED_QUAD = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.|$)){4}$/

/** Dotted quad (no leading zeros, nothing else) to address; undefined for any other text. */
export function parseIpv4(text: string): Ipv4Address | undefined {
  if (!DOTTED_QUAD.test(text) || text.endsWith('.')) return undefined
  const [a, b, c, d] = text.split('.') as [string, string, string, string]
  return (((Number(a) << 24) | (Number(b) << 16) | (Number(c) << 8) | Number(d)) >>> 0) as Ipv4Address
}

export function formatIpv4(address: Ipv4Address): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`
}

/** Mask of a prefix length 0…32. */
export function maskOfPrefix(length: number): Ipv4Address {
  return (length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0) as Ipv4Address
}

/** Prefix length of a mask; undefined if its one bits are not contiguous from the left. */
export function prefixOfMask(mask: Ipv4Address): number | undefined {
  const length = Math.clz32(~mask >>> 0)
  return maskOfPrefix(length) === mask ? length : undefined
}

export function networkOf(address: Ipv4Address, mask: Ipv4Address): Ipv4Address {
  return ((address & mask) >>> 0) as Ipv4Address
}

export function broadcastOf(address: Ipv4Address, mask: Ipv4Address): Ipv4Address {
  return ((address | ~mask) >>> 0) as Ipv4Address
}

export function inSubnet(address: Ipv4Address, network: Ipv4Address, mask: Ipv4Address): boolean {
  return ((address ^ network) & mask) === 0
}
