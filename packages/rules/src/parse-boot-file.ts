import { isScalar } from 'yaml'
import { ARCHITECTURES, type Firmware } from '@reboots/protocol/pxe'
import type { Place, Reader } from './document.ts'
import type { BootFiles } from './firmware-boot.ts'
import { LIMITS } from './limits.ts'

const FIRMWARES: readonly Firmware[] = [...new Set(ARCHITECTURES.map(({ firmware }) => firmware))]

/** The name of a boot file, which every firmware gets, or one for each firmware: `{ bios: lpxelinux.0 }`. */
export function readBootFiles(reader: Reader, place: Place): BootFiles | undefined {
  if (isScalar(place.node)) {
    const name = readBootFileName(reader, place)
    return name === undefined ? undefined : Object.fromEntries(FIRMWARES.map((firmware) => [firmware, name]))
  }
  const before = reader.problems.length
  const found = reader.readRecord(place, 'the name of a boot file, or one for each firmware', FIRMWARES)
  if (found === undefined) return undefined
  if (Object.keys(found).length === 0 && reader.problems.length === before) reader.report(place, 'names no boot file')
  const files = Object.entries(found).map(([firmware, entry]) => [firmware, readBootFileName(reader, entry)] as const)
  return reader.problems.length > before ? undefined : Object.fromEntries(files)
}

/** It stands in a header field of 128 octets, the last of which is a NUL. */
export function readBootFileName(reader: Reader, place: Place): string | undefined {
  const file = reader.readText(place, 'the name of a boot file', LIMITS.bootFileCharacters)
  if (file === undefined) return undefined
  return /^[!-~]+$/.test(file)
    ? file
    : reader.report(place, 'the name of a boot file is printable ASCII without blanks')
}
