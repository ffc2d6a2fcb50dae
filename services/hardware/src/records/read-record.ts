import type { hardware } from '@reboots/api'
import { Cursor, type Report } from './cursor.ts'
import type { Format } from './format.ts'
import { matchKeys } from './match-keys.ts'
import { DEEPEST, metadataOf } from './metadata.ts'
import type { Finding, Path } from './problem.ts'

/** One record, read. */
export interface RecordReading {
  /** Undefined when the record is refused. Its `origin` is empty still. */
  readonly machine: hardware.Machine | undefined
  readonly findings: readonly Finding[]
}

/** A bound for what one record can make of itself, where every interface repeats what the machine says once. */
const MOST_INTERFACES = 256

/** Reads the record at a path of its document. Total: any value gives a machine or findings that say why not. */
export function readRecord(format: Format, value: unknown, path: Path): RecordReading {
  const report: Report = { findings: [], leftovers: [] }
  const record = Cursor.root(value, path, report)
  const reading = format.read(record)
  if (reading === undefined) return { machine: undefined, findings: report.findings }
  const metadata = metadataOf(reading.metadata, report.leftovers, path, format)
  if (metadata.tooDeep) record.refuse(`nests deeper than ${DEEPEST} levels; leave out what machines do not need`)
  const machine: hardware.Machine = { ...reading, metadata: metadata.value, origin: '' }
  checkInterfaces(record, machine)
  const refused = report.findings.some(({ severity }) => severity === 'refused')
  return { machine: refused ? undefined : machine, findings: report.findings }
}

function checkInterfaces(record: Cursor, { interfaces }: hardware.Machine): void {
  if (interfaces.length > MOST_INTERFACES) record.refuse(`has more than ${MOST_INTERFACES} interfaces`)
  const macs = new Set<string>()
  const keys = new Set<string>()
  const addresses = new Set<string>()
  for (const { mac, dhcp, match } of interfaces) {
    if (mac !== '' && macs.has(mac)) record.refuse(`has ${mac} on two interfaces; each needs its own MAC`)
    macs.add(mac)
    for (const key of match === undefined ? [] : matchKeys(match)) {
      if (keys.has(key)) record.refuse(`has ${key} on two interfaces; each needs its own`)
      keys.add(key)
    }
    const address = dhcp?.address ?? ''
    if (address !== '' && addresses.has(address))
      record.warn(`reserves ${address} for two interfaces; only one may use it at a time`)
    addresses.add(address)
  }
}
