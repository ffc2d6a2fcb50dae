import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fields, metricsSection, sections } from '@reboots/runtime'
import { z } from 'zod'

/** The sections this service reads. */
export const shape = z.object({
  log: sections.log,
  hardware: z.object({
    listen: fields.hostPort.default('127.0.0.1:42113').describe('Where the machines are served over gRPC'),
    files: z
      .array(z.string().min(1))
      .default([])
      .describe(
        'Files with machine records, or directories with such files; empty for the example that comes with Reboots',
      ),
    metrics: metricsSection('127.0.0.1:7113'),
  }),
})

export type HardwareConfig = z.infer<typeof shape>['hardware']

/** Machines that exist nowhere, so that a first start has something to show and disturbs nobody. */
export const EXAMPLE = fileURLToPath(new URL('../../../deploy/examples/hardware.yaml', import.meta.url))

/** The configured paths, absolute; the example if there are none. */
export function machinePaths({ files }: HardwareConfig, directory: string): string[] {
  return files.length === 0 ? [EXAMPLE] : files.map((file) => resolve(directory, file))
}
