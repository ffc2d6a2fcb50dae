import type { hardware } from '@reboots/api'
import { lookForLinks, type Examination } from '@reboots/runtime'
import { settingsOf } from '../config.ts'
import { generalRemarks } from './general-remarks.ts'
import { machineRemarks } from './machine-remarks.ts'
import type { Examined } from './place.ts'
import { subnetRemarks } from './subnet-remarks.ts'
import { summaryOf } from './summary.ts'

/**
 * What there is to say of a configuration that could be started with: what is most likely not meant, and what it comes to. ConfigError when
 * it cannot be used after all. Without `machines` nothing is said of hardware records.
 */
export function examine(examined: Examined, machines?: readonly hardware.Machine[]): Examination {
  const { config, placeOf } = examined
  const { links, missing } = lookForLinks(config.links)
  settingsOf(config, links, placeOf)
  return {
    warnings: [
      ...generalRemarks(examined, links, missing),
      ...subnetRemarks(examined, links),
      ...(machines === undefined ? [] : machineRemarks(machines, config, links)),
    ],
    summary: summaryOf(config, links, machines?.length),
  }
}
