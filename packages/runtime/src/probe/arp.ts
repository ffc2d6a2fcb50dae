import { ByteWriter } from '@reboots/protocol/bytes'
import { bytesOfMac, macOfBytes, UNSPECIFIED, type Ipv4Address, type MacAddress } from '@reboots/protocol/net'

const ETHERTYPE_ARP = 0x0806
const ETHERNET = 1
const IPV4 = 0x0800
const REQUEST = 1
const EVERYONE = 'ff:ff:ff:ff:ff:ff' as MacAddress
const NOBODY = '00:00:00:00:00:00' as MacAddress
const LENGTH = 42

/**
 * Asks who has an address without claiming any (RFC 5227 §2.1.1): nobody's ARP cache changes, because the sender names no address.
 *
 *     0        6        12     14      16      18   19   20   22      28      32      38
 *     |to: all | from us| 0806 | hw: 1 | 0800  | 6  | 4  | op | our MAC| 0.0.0.0| zeros  | address |
 */
export function encodeArpProbe(address: Ipv4Address, from: MacAddress): Uint8Array {
  const own = bytesOfMac(from)
  const writer = new ByteWriter(LENGTH)
  writer.bytes(bytesOfMac(EVERYONE)).bytes(own).u16(ETHERTYPE_ARP)
  writer.u16(ETHERNET).u16(IPV4).u8(6).u8(4).u16(REQUEST)
  return writer.bytes(own).u32(UNSPECIFIED).bytes(bytesOfMac(NOBODY)).u32(address).finish()
}

/** Whose address the sender of an ARP frame says is its own. */
export interface ArpSender {
  readonly address: Ipv4Address
  readonly mac: MacAddress
}

/**
 * Who speaks in an ARP frame, in requests as well as in replies: both are use of the address (RFC 5227 §2.1.1). Undefined for anything
 * else, and for probes, which say nothing of who has an address.
 */
export function arpSenderIn(frame: Uint8Array): ArpSender | undefined {
  if (frame.length < LENGTH) return undefined
  const view = new DataView(frame.buffer, frame.byteOffset, LENGTH)
  const isArp = view.getUint16(12) === ETHERTYPE_ARP && view.getUint32(14) === ETHERNET * 0x10000 + IPV4
  if (!isArp || view.getUint16(18) !== 0x0604) return undefined
  const address = view.getUint32(28) as Ipv4Address
  return address === UNSPECIFIED ? undefined : { address, mac: macOfBytes(frame.subarray(22, 28)) }
}
