import type { LeaseLedger } from '@reboots/leases'
import type { Ipv4Address } from '@reboots/protocol/net'
import { SeenBoots } from '@reboots/rules'
import {
  ChainLoads,
  LiveSettings,
  now,
  reportBoots,
  type MachineReplica,
  type ServiceContext,
  type UdpLink,
} from '@reboots/runtime'
import { Withholding } from '../addressing/withhold.ts'
import { LIVE, settingsOf, type Config } from '../config.ts'
import type { Ports, Settings } from '../ports.ts'
import { RelayMemory } from '../relay-memory.ts'
import type { Reservation } from '../reservation.ts'
import { Cards } from '../rival.ts'
import { openControlPlane, warnOfClasses } from './replicas.ts'

/** What deciding needs from the world, as it is now. */
export interface LivePorts {
  /** A message is decided by what this is when its turn comes, from beginning to end. */
  readonly current: Ports
  /** The hardware records. */
  readonly machines: Pick<MachineReplica<Reservation>, 'byMac' | 'byIp'>
  readonly links: readonly UdpLink[]
  /** For /readyz. */
  problems(): readonly string[]
  /** From now on the configuration and the links are followed; `changed` hears of the links when they may be others. */
  follow(changed: (links: readonly UdpLink[]) => void): Promise<void>
  close(): void
}

/** The settings, made of the configuration and the links; and what the control plane publishes. */
export function openPorts(context: ServiceContext<Config>, leases: LeaseLedger): LivePorts {
  const { config, log, metrics } = context
  const settings = new LiveSettings<Config, Settings>(context, ({ config, placeOf }, links) =>
    settingsOf(config, links, placeOf),
  )
  const isReserved = (address: Ipv4Address): boolean => replicas.machines.byIp(address) !== undefined
  const withholding = new Withholding(leases, settings.current.networks, isReserved)
  const changed = (addresses: Iterable<Ipv4Address>): void => withholding.changed(addresses)
  const replicas = openControlPlane({
    control: config.control,
    settings: () => settings.current,
    changed,
    log,
    metrics,
  })
  const history = new SeenBoots(replicas.history, now)
  const reporting = reportBoots(config.control.rules, history, log, metrics)
  const memories = { history, relays: new RelayMemory(), cards: new Cards(), chainLoads: new ChainLoads() }
  let current: Ports = { ...replicas, ...memories, leases, settings: settings.current }
  return {
    get current() {
      return current
    },
    get links() {
      return settings.links
    },
    machines: replicas.machines,
    problems: replicas.problems,
    follow: (changed) =>
      settings.follow(LIVE, (next, links) => {
        next.networks.succeed(current.settings.networks)
        withholding.use(next.networks, replicas.machines.addresses)
        current = { ...current, settings: next }
        const policy = replicas.policy.current()
        if (policy !== undefined) warnOfClasses(policy, next, log)
        changed(links)
      }),
    close() {
      settings.close()
      replicas.close()
      void reporting.close()
    },
  }
}
