import { vector } from '../client.ts'
import { RELAY, SERVER } from '../site.ts'
import type { Frame } from '../wire/frame.ts'
import { bytes, hex, ip, u16, u32 } from '../wire/octets.ts'
import type { Asked } from './judge.ts'

/** A boot client asks, and is owed an answer. */
export interface Question {
  readonly xid: number
  readonly asked: Asked
  readonly frame: Omit<Frame, 'destinationMac'>
}

const EVERYBODY = '255.255.255.255'
/** The address that the site gave the clients that ask on port 4011. */
export const CLIENT_ADDRESS = '192.168.77.86'

/** Recorded messages, by where they go: to everybody's port 67, by a relay agent, or to our port 4011. */
const QUESTIONS: readonly (readonly [name: string, way: 'broadcast' | 'relay' | 'uefi' | 'rom'])[] = [
  ['v01-ovmf-x64-pxe-discover', 'broadcast'],
  ['v03-ovmf-x64-binl-request', 'uefi'],
  ['v04-ipxe-bios-discover', 'broadcast'],
  ['v06-ipxe-efi-proxy-request', 'rom'],
  ['v05-ipxe-efi-discover', 'broadcast'],
  ['v01-ovmf-x64-pxe-discover', 'relay'],
  ['v07-ovmf-x64-http-discover', 'broadcast'],
  ['v03-ovmf-x64-binl-request', 'uefi'],
  ['v08-aavmf-arm64-http-discover', 'broadcast'],
  ['v09-aavmf-arm64-pxe-discover', 'relay'],
]
const WAYS = {
  broadcast: { from: '0.0.0.0', fromPort: 68, to: EVERYBODY, toPort: 67, answerTo: `${EVERYBODY}:68` },
  relay: { from: RELAY, fromPort: 67, to: SERVER, toPort: 67, answerTo: `${RELAY}:67` },
  uefi: { from: CLIENT_ADDRESS, fromPort: 4011, to: SERVER, toPort: 4011, answerTo: `${CLIENT_ADDRESS}:4011` },
  rom: { from: CLIENT_ADDRESS, fromPort: 68, to: SERVER, toPort: 4011, answerTo: `${CLIENT_ADDRESS}:68` },
} as const
const GIADDR = 24

/** The question number `index`: every kind in turn, each from a machine of its own. */
export function question(index: number): Question {
  const [name, way] = QUESTIONS[index % QUESTIONS.length]!
  const { answerTo, toPort, ...travel } = WAYS[way]
  const digits = u16(index & 0xffff)
  const client = { mac: `52:54:00:b0:${digits.slice(0, 2)}:${digits.slice(2)}` }
  const payload = vector(name, client)
  const xid = 0x0b000000 + index
  payload.set(bytes(u32(xid)), 4)
  if (way === 'relay') payload.set(bytes(ip(RELAY)), GIADDR)
  const asked = { mac: client.mac, port: toPort, answerTo }
  return { xid, asked, frame: { sourceMac: client.mac, ...travel, toPort, payload } }
}

/** The transaction of an answer. */
export function xidOf(payload: Uint8Array): number {
  return Number.parseInt(hex(payload.subarray(4, 8)), 16)
}
