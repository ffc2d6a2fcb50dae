import type { MacAddress } from '@reboots/protocol/net'
import type { MachineFacts, Sighting } from '@reboots/rules'
import type { Found, Traits } from '@reboots/runtime'

/** A machine's interface as decisions need it. */
export interface KnownMachine {
  readonly facts: MachineFacts
  /** Its network, `192.0.2.0/24`; empty if the record has no address. */
  readonly subnet: string
}

/** What Decide needs to know of machines. */
export interface Machines {
  byMac(mac: MacAddress): KnownMachine | undefined
  byId(id: string): readonly KnownMachine[]
  readonly matching: boolean
  byTraits(traits: Traits<Sighting>): Found<KnownMachine> | undefined
  /** Why no records have been received so far; undefined once there have been. */
  readonly problem: string | undefined
}

/** Where the policy document comes from. */
export interface PolicySource {
  /** Its name in problems: a path, or what stands for it. */
  readonly name: string
  /** The document as it is now. Rejects if it cannot be read. */
  read(): Promise<string>
  /** Calls back some time after the document may have changed, once for changes that come together. Until `close`. */
  watch(changed: () => void): void
  close(): void
}
