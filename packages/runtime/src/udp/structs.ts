import type { Ipv4Address } from '@reboots/protocol/net'

/** Numbers of Linux, the same on every architecture that there is a koffi for (asm-generic). */
export const AF_INET = 2
export const AF_PACKET = 17
export const SOCK_DGRAM = 2
export const SOCK_RAW = 3
export const SOCK_NONBLOCK = 0o4000
export const SOCK_CLOEXEC = 0o2000000
const ARPHRD_ETHER = 1
const ATF_COM = 2

/** An int in the byte order of this machine. */
export function nativeInt(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer)
}

/** A C string. */
export function cString(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`)
}

export const SOCKADDR_LENGTH = 16

/**
 * struct sockaddr_in: family in the byte order of the machine, the rest as on the wire.
 *
 *     0      2      4          8        16
 *     |family| port | address  | zeros  |
 */
export function socketAddress(address: Ipv4Address, port: number): Uint8Array {
  const bytes = new Uint8Array(SOCKADDR_LENGTH)
  bytes.set(new Uint8Array(Uint16Array.of(AF_INET).buffer))
  const view = new DataView(bytes.buffer)
  view.setUint16(2, port)
  view.setUint32(4, address)
  return bytes
}

/**
 * struct sockaddr_ll (packet(7)), with room for what the kernel fills in; only the protocol is as on the wire.
 *
 *     0      2        4       8          10       11       12          20
 *     |family|protocol|ifindex| hardware | packet | length | address … |
 */
export function linkAddress(index: number, protocol: number): Uint8Array {
  const bytes = new Uint8Array(20)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, AF_PACKET, true)
  view.setUint16(2, protocol)
  view.setInt32(4, index, true)
  return bytes
}

/**
 * struct arpreq (arp(7)):
 *
 *     0             16                    32      36          52           68
 *     | sockaddr_in | family, MAC (≤ 14) | flags | netmask   | device     |
 */
export function arpRequest(link: string, address: Ipv4Address, mac: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(68)
  bytes.set(socketAddress(address, 0), 0)
  bytes.set(new Uint8Array(Uint16Array.of(ARPHRD_ETHER).buffer), 16)
  bytes.set(mac.subarray(0, 6), 18)
  bytes.set(nativeInt(ATF_COM), 32)
  bytes.set(new TextEncoder().encode(link).subarray(0, 15), 52)
  return bytes
}

/**
 * struct ip_mreqn (ip(7)): the interface is named by its index, so no address of it is needed.
 *
 *     0       4         8        12
 *     | group | address | index  |
 */
export function groupMembership(group: Ipv4Address, index: number): Uint8Array {
  const bytes = new Uint8Array(12)
  new DataView(bytes.buffer).setUint32(0, group)
  bytes.set(nativeInt(index), 8)
  return bytes
}
