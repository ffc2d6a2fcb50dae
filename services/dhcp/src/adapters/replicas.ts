import type { Ipv4Address } from '@reboots/protocol/net'
import { compileMatch, parsePolicy, type Policy, type Sighting } from '@reboots/rules'
import { openReplicas, type Log, type Metrics, type Replicas } from '@reboots/runtime'
import { reservationOf, type Reservation } from '../reservation.ts'

interface Surroundings {
  readonly control: { readonly hardware: string; readonly rules: string }
  /** Hears which reserved addresses came, went or moved. */
  changed(addresses: Iterable<Ipv4Address>): void
  readonly log: Log
  readonly metrics: Metrics
}

/** The copies of the hardware records and of the boot policy that this service decides by. */
export function openControlPlane(surroundings: Surroundings): Replicas<Reservation, Policy, Sighting> {
  const { control, changed, log, metrics } = surroundings
  return openReplicas<Reservation, Policy, Sighting>({
    control,
    prepare: reservationOf,
    match: (when) => compileMatch(when).test,
    compile: (document, version) => parsePolicy(document, 'policy', version),
    changed,
    log,
    metrics,
  })
}
