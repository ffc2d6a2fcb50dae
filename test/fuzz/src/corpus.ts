import { readdirSync, readFileSync } from 'node:fs'
import { fromHex } from '@reboots/protocol/bytes'
import { join } from './octets.ts'

const VECTORS = new URL('../../../packages/protocol/vectors/', import.meta.url)

/** Every DHCP message among the vectors: recorded from real clients, made to be odd, and those that are no messages at all. */
export const CORPUS: readonly Uint8Array[] = readdirSync(VECTORS, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.hex') && !name.startsWith('tftp-'))
  .sort()
  .map(vector)

/** What boots: firmware and iPXE of every kind, as recorded. */
export const BOOT_CLIENTS: readonly Uint8Array[] = readdirSync(VECTORS)
  .filter((name) => /^v\d\d-.*\.hex$/.test(name))
  .sort()
  .map(vector)

/** What perfdhcp sends, and what most systems send: 53, 55 and 61. */
export const PLAIN_CLIENT: Uint8Array = join(
  fromHex(`01010600${'00'.repeat(24)}020000000000${'00'.repeat(10 + 64 + 128)}63825363`),
  fromHex('350101 3707011c02030f060c 3d0701020000000000 ff'),
)

function vector(name: string): Uint8Array {
  return fromHex(readFileSync(new URL(name, VECTORS), 'utf8'))
}
