import type { Running } from '@reboots/testkit'

export interface Site {
  /** For configuration, leases and logs; emptied between subjects. */
  readonly directory: string
  /** Reservations to serve, or addresses in the pool. */
  readonly clients: number
}

/** A server to be measured, in one of its settings. */
export interface Subject {
  /** The row it belongs to: of several settings the best one counts. */
  readonly server: 'reboots' | 'kea' | 'dnsmasq' | 'door' | 'ceiling'
  readonly setting: string
  /** Where addresses come from. `canned`: nothing is looked up at all. */
  readonly addresses: 'reservations' | 'pool' | 'canned'
  /** Why it cannot be had on this machine. */
  readonly missing?: string | false
  /** Resolves as soon as it has been started; it may not answer yet. The last in the list is the server. */
  start(site: Site): Promise<readonly [...Running[], Running]>
  /** When it answers: what may be stopped. */
  readonly stopWhenReady?: (started: readonly Running[]) => readonly Running[]
}
