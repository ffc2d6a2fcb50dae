import { metricsSection, sections } from '@reboots/runtime'
import { z } from 'zod'

const proxydhcp = z.object({
  metrics: metricsSection('127.0.0.1:7011'),
})

/** What this service reads from the configuration file and the environment. */
export const shape = z.object({
  log: sections.log,
  links: sections.links,
  control: sections.control,
  boot: sections.boot,
  proxydhcp,
})

export type Config = z.infer<typeof shape>
