import { ownScriptUrl } from '@reboots/protocol/ipxe'
import { ARCHITECTURES, FILE_LIMIT, type Architecture, type Firmware } from '@reboots/protocol/pxe'
import { OperatorError } from '@reboots/runtime'
import type { Subnet } from './subnet.ts'

/** Where machines find Reboots, as they see it. */
export interface BootPlace {
  /** Dotted quad: DHCP has no other way to name a TFTP server, and no way to name its port. */
  readonly tftp: string
  /** Origin of ipxe-http, `http://10.0.0.1:7080`. */
  readonly http: string
  /** Name of the boot file for each firmware; one that is missing gets none. */
  readonly binaries: Readonly<Record<string, string | undefined>>
  /** The network of the machines; the text is then a whole configuration for it. */
  readonly subnet?: Subnet
}

/** One line of the switch: firmware with one of these architecture types (option 93) is handed this file. */
export interface Row {
  /** A word to make names of: `uefi-x64`, `uefi-x64-http`. */
  readonly name: string
  readonly types: readonly Architecture[]
  readonly transport: 'tftp' | 'http'
  /** A name on the TFTP server, or for HTTP boot a URL. */
  readonly file: string
}

/** Architecture types that get nothing, and the reason as the end of a sentence. */
export interface Unserved {
  readonly types: readonly Architecture[]
  readonly why: string
}

/** What a DHCP server has to be told, whatever its language: condition → what to hand out, the first that holds. */
export interface BootModel {
  readonly place: BootPlace
  /** For whoever says that it is iPXE (option 77 `iPXE`, or any option 175): the URL of its script, with settings that iPXE fills in. */
  readonly script: string
  /** For everybody else, by option 93. */
  readonly rows: readonly Row[]
  readonly unserved: readonly Unserved[]
}

/** What a name may be made of, so that it means the same in every one of these languages. */
const PLAIN = /^[A-Za-z0-9._/+-]+$/

/** The whole registry of architecture types, each either in one of the rows or in one of the reasons. */
export function bootModel(place: BootPlace): BootModel {
  const rows: Row[] = []
  const unserved: Unserved[] = []
  const groups = Map.groupBy(ARCHITECTURES, ({ firmware, transport }) => `${firmware}${suffix(transport)}`)
  for (const [name, types] of groups) {
    const { firmware, transport } = types[0]!
    const binary = binaryFor(firmware, place)
    if (binary === undefined) continue
    rows.push({ name, types, transport, file: fileFor(firmware, transport, binary, place) })
  }
  const served = new Set(rows.flatMap(({ types }) => types))
  const left = ARCHITECTURES.filter((row) => !served.has(row))
  for (const [firmware, types] of Map.groupBy(left, (row) => row.firmware)) {
    unserved.push({
      types,
      why: firmware === 'other' ? 'there is no iPXE for them' : `boot.binaries.${firmware} names no file`,
    })
  }
  return { place, script: scriptUrl(place.http), rows, unserved }
}

function suffix(transport: Architecture['transport']): string {
  return transport === 'http' ? '-http' : ''
}

/** As `targetFor` of packages/rules has it: a Raspberry Pi takes the arm64 file when nothing is said for it. */
function binaryFor(firmware: Firmware, { binaries }: BootPlace): string | undefined {
  const named = binaries[firmware] || undefined
  return named ?? (firmware === 'rpi' ? binaries['uefi-arm64'] || undefined : undefined)
}

function fileFor(firmware: Firmware, transport: Architecture['transport'], binary: string, place: BootPlace): string {
  if (!PLAIN.test(binary)) {
    const remedy = 'Rename the file: letters, digits and . _ - + / are safe with every DHCP server.'
    throw new OperatorError(`boot.binaries.${firmware}: "${binary}" cannot be written in every configuration`, remedy)
  }
  return fitting(transport === 'http' ? `${place.http}/ipxe/binary/${binary}` : binary)
}

/** One text for all machines, because iPXE fills in what differs. The UUID is left out where it does not fit. */
function scriptUrl(origin: string): string {
  const whole = ownScriptUrl(origin, { uuid: true })
  return whole.length <= FILE_LIMIT ? whole : fitting(ownScriptUrl(origin, { uuid: false }))
}

/** Old firmware reads no more than the header field of DHCP. */
function fitting(file: string): string {
  if (file.length <= FILE_LIMIT) return file
  const remedy = 'Name ipxe-http by its address, or by a shorter name: --http.'
  throw new OperatorError(`${file} has ${file.length} characters, a DHCP answer has room for ${FILE_LIMIT}`, remedy)
}
