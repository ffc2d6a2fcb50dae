import {
  bootHistory,
  compileMatch,
  machineFacts,
  parsePolicy,
  type BootHistory,
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
): Replicas<MachineFacts, Policy, Sighting, BootHistory> {
  return openReplicas<MachineFacts, Policy, Sighting, BootHistory>({
    control,
    prepare: machineFacts,
    match: (when) => compileMatch(when).test,
    compile: (document, version, failed) => ({ ...parsePolicy(document, 'policy', version), failed }),
    remember: bootHistory,
    log,
    metrics,
  })
}
