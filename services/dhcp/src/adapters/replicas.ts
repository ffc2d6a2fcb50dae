import type { LeaseStore } from '@reboots/leases'
import type { Ipv4Address } from '@reboots/protocol/net'
import { compileMatch, parsePolicy, type Policy, type Sighting } from '@reboots/rules'
import { openReplicas, type Log, type Metrics, type Replicas } from '@reboots/runtime'
import { withhold } from '../addressing/withhold.ts'
import type { Settings } from '../ports.ts'
import { reservationOf, type Reservation } from '../reservation.ts'

interface Surroundings {
  readonly control: { readonly hardware: string; readonly rules: string }
  /** Is told which addresses are reserved. */
  readonly leases: Pick<LeaseStore, 'reserve' | 'unreserve'>
  readonly settings: Settings
  readonly log: Log
  readonly metrics: Metrics
}

/** The copies of the hardware records and of the boot policy that this service decides by. */
export function openControlPlane(surroundings: Surroundings): Replicas<Reservation, Policy, Sighting> {
  const { control, leases, settings, log, metrics } = surroundings
  const isReserved = (address: Ipv4Address): boolean => replicas.machines.byIp(address) !== undefined
  const replicas = openReplicas<Reservation, Policy, Sighting>({
    control,
    prepare: (machine, iface) => reservationOf(machine, iface, settings),
    match: (when) => compileMatch(when).test,
    compile: (document, version) => parsePolicy(document, 'policy', version),
    changed: withhold(leases, settings.networks, isReserved),
    log,
    metrics,
  })
  return replicas
}
