import { fields, metricsSection, sections } from '@reboots/runtime'
import { z } from 'zod'

const rules = z.object({
  listen: fields.hostPort.default('127.0.0.1:42115').describe('gRPC address of this service'),
  policy: z
    .string()
    .default('')
    .describe('The boot policy, a YAML file read again when it changes; empty: the default policy'),
  metrics: metricsSection('127.0.0.1:7115'),
})

/** What this service reads from the configuration file and the environment. */
export const shape = z.object({ log: sections.log, control: sections.control, rules })

export type Config = z.infer<typeof shape>
