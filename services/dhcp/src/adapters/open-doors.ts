import type { LeaseLedger, LeaseStep, StepResult } from '@reboots/leases'
import { SERVER_PORT } from '@reboots/protocol/dhcp'
import {
  Probing,
  serveDhcpWithStore,
  whyNoProbing,
  type Log,
  type Metrics,
  type UdpLink,
  type Wires,
} from '@reboots/runtime'
import type { Config } from '../config.ts'
import { handle } from '../handle.ts'
import type { Outcome } from '../outcome.ts'
import { levelOf, remarksOf } from '../packet-line.ts'
import type { Settings } from '../ports.ts'
import type { LivePorts } from './live-ports.ts'

/** What is open to the machines. */
export interface Doors {
  /** How it is found out whether an address is used: `ARP on eth0`. Empty: it is not, although it should be. Undefined: it need not. */
  readonly probing: readonly string[] | undefined
  /** These are the links from now on, and the settings are those of now. */
  serve(links: readonly UdpLink[]): void
  close(): Promise<void>
}

/** Opens port 67 on every link, and what it takes to probe addresses. OperatorError when a port cannot be had. */
export async function openDoors(
  ports: Pick<LivePorts, 'current' | 'links'>,
  leases: LeaseLedger,
  { config, log, metrics }: { readonly config: Pick<Config, 'links'>; readonly log: Log; readonly metrics: Metrics },
): Promise<Doors> {
  const probing = await Probing.open({ name: 'dhcp', log, metrics })
  const wires = (links: readonly UdpLink[]): Wires => wiresOf(ports.current.settings, links)
  probing.use(wires(ports.links))
  const doors = await serveDhcpWithStore<Outcome, LeaseStep, StepResult>({
    name: 'dhcp',
    run: (steps, now) => leases.run(steps, now),
    attempt: (step, now) => leases.attempt(step, now),
    probe: probing.probe,
    links: ports.links,
    ioThread: config.links.ioThread,
    doors: [[SERVER_PORT, (message, arrival, now) => handle(message, arrival, ports.current, now)]],
    level: levelOf,
    remarks: remarksOf,
    log,
    metrics,
  })
  return {
    get probing() {
      const { links, relayed } = wires(ports.links)
      return links.length > 0 || relayed ? probing.ways : undefined
    },
    serve(links) {
      probing.use(wires(links))
      doors.serve(links)
    },
    close() {
      probing.close()
      return doors.close()
    },
  }
}

/** What this host keeps the service from, for an operator who looks at the configuration before it is used. */
export async function limitsOf({ conflictProbe, subnets }: Config['dhcp']): Promise<readonly string[]> {
  const pooled = subnets.some(({ pools, reservationsOnly }) => pools.length > 0 && !reservationsOnly)
  const why = conflictProbe.enabled && pooled ? await whyNoProbing() : undefined
  return why === undefined ? [] : [`addresses of pools cannot be probed before they are offered: ${why}`]
}

/** Where there are addresses to be probed. An answer is good for as long as the offer that was made on it. */
function wiresOf({ networks, offerTime, conflictProbe }: Settings, links: readonly UdpLink[]): Wires {
  const { enabled, ...budget } = conflictProbe
  const pooled = links.filter(({ name }) => enabled && networks.segmentOn(name)?.hasPool).map(({ name }) => name)
  return { links: pooled, relayed: enabled && networks.hasPoolsBehindRelays, ...budget, rememberSeconds: offerTime }
}
