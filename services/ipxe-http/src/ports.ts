import type { Ipv4Address, MacAddress } from '@reboots/protocol/net'
import type { Ask } from './boot-api/ask.ts'
import type { Histories, MachineFacts, Policy, Facts } from '@reboots/rules'
import type { FileHandle } from 'node:fs/promises'

/** A machine's interface as this service needs it. */
export interface KnownMachine {
  /** Undefined: the record has none, and names the interface by something else. */
  readonly mac: MacAddress | undefined
  /** It is found by something else than its MAC, too. */
  readonly matched: boolean
  readonly facts: MachineFacts
}

/** What the script route needs from the world. */
export interface ScriptPorts {
  machineByMac(mac: MacAddress): KnownMachine | undefined
  machineByAddress(address: Ipv4Address): KnownMachine | undefined
  /** Its interfaces. */
  machineById(id: string): readonly KnownMachine[]
  machineByUuid(uuid: string): KnownMachine | undefined
  /** The boot policy in force; undefined until one has been received. */
  policy(): Policy | undefined
  /** To be told what was decided on: a candidate that is tried out decides on it too, later. */
  readonly decided?: (facts: Facts) => void
  /** What is remembered of machines, with what this service has seen itself. */
  readonly history: Histories
  /** True once the hardware records have been received. */
  readonly machinesSynced: boolean
}

/** What it needs besides to write a script. */
export interface BootPorts extends ScriptPorts {
  readonly ask: Ask
}

/** An open regular file; who is given one closes it. */
export interface BootFile {
  readonly handle: FileHandle
  readonly size: number
  readonly modified: Date
}

/** What the file routes need from the world. */
export interface FilePorts {
  /** Opens a file below one of the directories of the store; undefined when there is none that may be served, `busy` when none can be opened now. */
  open(store: 'files' | 'ipxe', path: string): Promise<BootFile | 'busy' | undefined>
}
