import type { Host } from '@reboots/testkit'
import type { Site } from '../site.ts'

/** What a server says of a row, or of one case of it (`S2.pool`): the case decides, then the row. */
export type Stand =
  /** It does not promise it. The row is not tried. */
  | { readonly notClaimed: string }
  /** It is known to do otherwise. The row is tried and has to fail. */
  | { readonly deviates: string }

/** A server that the suite is run against. */
export interface Subject {
  readonly name: 'reboots' | 'dnsmasq' | 'kea'
  /** Programs it takes, besides those of the suite. */
  readonly commands: readonly string[]
  readonly stands: Readonly<Record<string, Stand>>
  /** Starts it on a host whose links are up, for a site; resolves when it answers. `directory` is its own, for files. */
  start(host: Host, directory: string, site: Site): Promise<Started>
}

export interface Started {
  /** Ends it as a power cut does, and starts it again on what it has on disk. */
  crash(): Promise<void>
  /** How many packets it has counted that could not be read; a subject that does not count says so in its stands. */
  malformed(): Promise<number>
}
