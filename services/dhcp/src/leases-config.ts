import { fields } from '@reboots/runtime'
import { z } from 'zod'

/** Section `dhcp.leases`: where the books are kept. */
export const leases = z.object({
  store: z
    .enum(['sqlite', 'memory', 'redis'])
    .default('sqlite')
    .describe(
      'sqlite: a file, for one process; redis: shared by any number of replicas; memory: forgotten at a restart',
    ),
  file: z
    .string()
    .min(1)
    .default('state/dhcp-leases.sqlite')
    .describe(
      'The file of sqlite; relative to the directory of the configuration file, or to the current one without one',
    ),
  redis: z
    .object({
      address: fields.hostPort.default('127.0.0.1:6379').describe('host:port of Redis; not used with Sentinels'),
      sentinels: z.array(fields.hostPort).default([]).describe('host:port of each Sentinel'),
      master: z.string().min(1).default('mymaster').describe('What the Sentinels call the Redis that is meant'),
      username: z.string().optional().describe('User of Redis'),
      password: fields.secret.optional().describe('Password of Redis; never shown'),
      tls: z.boolean().default(false).describe('Whether to speak TLS to Redis'),
      name: z.string().min(1).default('reboots:leases').describe('What the keys begin with; the same for all replicas'),
      copies: z
        .int()
        .min(0)
        .default(0)
        .describe('How many other Redis must have a lease before it is acknowledged; with Sentinels at least 1'),
      timeoutMilliseconds: z
        .int()
        .min(10)
        .max(10_000)
        .default(500)
        .describe('Milliseconds after which Redis counts as gone'),
      split: z
        .object({
          percent: z
            .int()
            .min(0)
            .max(50)
            .default(0)
            .describe('Percent of the free addresses of each pool that each replica keeps for when Redis is gone'),
          seconds: z
            .int()
            .min(60)
            .max(86_400)
            .default(3600)
            .describe('Seconds that they are kept after Redis was last reached; leases of them are no longer'),
        })
        .prefault({}),
    })
    .prefault({}),
})

export type LeasesConfig = z.infer<typeof leases>
