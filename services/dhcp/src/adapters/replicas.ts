import type { Ipv4Address } from '@reboots/protocol/net'
import {
  bootHistory,
  compileMatch,
  parsePolicy,
  type BootHistory,
  type Policy,
  type Sighting,
  type Facts,
  shadowDifference,
} from '@reboots/rules'
import { didYouMean, openReplicas, type Log, type Metrics, type Replicas } from '@reboots/runtime'
import type { Settings } from '../ports.ts'
import { reservationOf, type Reservation } from '../reservation.ts'

interface Surroundings {
  readonly control: { readonly hardware: string; readonly rules: string }
  /** Those in force. */
  settings(): Settings
  /** Hears which reserved addresses came, went or moved. */
  changed(addresses: Iterable<Ipv4Address>): void
  readonly log: Log
  readonly metrics: Metrics
}

/** Once for each version, and when the configuration changes: a class that nobody configured changes nothing. */
export function warnOfClasses({ classes, version }: Policy, { classes: known }: Settings, log: Log): void {
  for (const name of classes) {
    if (known.has(name)) continue
    log.warn(
      { class: name, version },
      `the policy gives a class that is not in dhcp.classes${didYouMean(name, known.names)}`,
    )
  }
}

/** The copies of the hardware records and of the boot policy that this service decides by. */
export function openControlPlane(
  surroundings: Surroundings,
): Replicas<Reservation, Policy, Sighting, BootHistory, Facts> {
  const { control, settings, changed, log, metrics } = surroundings
  return openReplicas<Reservation, Policy, Sighting, BootHistory, Facts>({
    control,
    prepare: reservationOf,
    match: (when) => compileMatch(when).test,
    compile(document, version, failed) {
      const policy = { ...parsePolicy(document, 'policy', version), failed }
      warnOfClasses(policy, settings(), log)
      return policy
    },
    remember: bootHistory,
    judge: shadowDifference,
    changed,
    log,
    metrics,
  })
}
