import { hardware } from '@reboots/api'
import { parseIpv4, type Ipv4Address, type MacAddress } from '@reboots/protocol/net'
import { matchKeys } from './match-keys.ts'
import { formatPath, type Path, type Place } from './problem.ts'

/** Where a record was read. */
export interface Origin extends Place {
  readonly file: string
  /** As `formatPath` writes it; empty for a whole document. */
  readonly path: string
}

/**
 * A machine as it is held: its encoding and the keys it is found by. The encoding is what goes out to every watcher, is compared to
 * see what changed, and takes a fraction of the memory of the message.
 */
export interface Entry {
  readonly id: string
  readonly macs: readonly MacAddress[]
  readonly addresses: readonly Ipv4Address[]
  /** What else its interfaces are found by, as people read it: `uuid 4c4c…`. */
  readonly keys: readonly string[]
  /** How many of its interfaces are found by a condition. */
  readonly conditions: number
  readonly origin: Origin
  /** The Machine without its `origin`: a line more at the top of a file moves every record and changes none. */
  readonly bytes: Uint8Array
}

const NO_KEYS: readonly string[] = []

export function entryOf(machine: hardware.Machine, origin: Origin): Entry {
  const addresses = machine.interfaces.map(({ dhcp }) => parseIpv4(dhcp?.address ?? ''))
  const keys = machine.interfaces.flatMap(({ match }) => (match === undefined ? [] : matchKeys(match)))
  return {
    id: detached(machine.id),
    macs: machine.interfaces.map(({ mac }) => mac as MacAddress).filter((mac) => mac !== ''),
    addresses: addresses.filter((address) => address !== undefined),
    keys: keys.length === 0 ? NO_KEYS : keys,
    conditions: machine.interfaces.filter(({ match }) => (match?.when ?? '') !== '').length,
    origin,
    bytes: hardware.Machine.encode({ ...machine, origin: '' }).finish(),
  }
}

/** The message, with its origin. */
export function machineOf(entry: Entry): hardware.Machine {
  return { ...hardware.Machine.decode(entry.bytes), origin: formatOrigin(entry.origin) }
}

export function sameMachine(a: Entry, b: Entry): boolean {
  return a === b || Buffer.compare(a.bytes, b.bytes) === 0
}

/** `file:line:column` */
export function formatOrigin({ file, line, column }: Origin): string {
  return `${file}:${line}:${column}`
}

export function originAt(file: string, { line, column }: Place, path: Path): Origin {
  return { file, line, column, path: formatPath(path) }
}

/** A copy that does not keep alive the whole text of the file it is a slice of. */
function detached(text: string): string {
  return Buffer.from(text).toString()
}
