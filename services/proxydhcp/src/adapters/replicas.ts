import {
  bootHistory,
  compileMatch,
  machineFacts,
  parsePolicy,
  shadowDifference,
  type BootHistory,
  type Facts,
  type MachineFacts,
  type Policy,
  type Sighting,
} from '@reboots/rules'
import { openReplicas, type Log, type Metrics, type Replicas } from '@reboots/runtime'

/** The copies of the control plane's state that clients are answered by. */
export function openControlPlane(
  control: { readonly hardware: string; readonly rules: string },
  log: Log,
  metrics: Metrics,
): Replicas<MachineFacts, Policy, Sighting, BootHistory, Facts> {
  return openReplicas<MachineFacts, Policy, Sighting, BootHistory, Facts>({
    control,
    prepare: machineFacts,
    match: (when) => compileMatch(when).test,
    compile: (document, version, failed) => ({ ...parsePolicy(document, 'policy', version), failed }),
    remember: bootHistory,
    judge: shadowDifference,
    log,
    metrics,
  })
}
