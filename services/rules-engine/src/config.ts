import { fields, metricsSection, sections } from '@reboots/runtime'
import { z } from 'zod'

const versions = z.object({
  store: z
    .enum(['memory', 'sqlite', 'redis'])
    .default('memory')
    .describe(
      'memory: forgotten at a restart; sqlite: a file, for one process; redis: shared by any number of replicas',
    ),
  file: z
    .string()
    .min(1)
    .default('state/policies.sqlite')
    .describe(
      'The file of sqlite; relative to the directory of the configuration file, or to the current one without one',
    ),
  redis: z
    .object({
      address: fields.hostPort.default('127.0.0.1:6379').describe('host:port of Redis'),
      username: z.string().optional().describe('User of Redis'),
      password: fields.secret.optional().describe('Password of Redis; never shown'),
      tls: z.boolean().default(false).describe('Whether to speak TLS to Redis'),
      name: z
        .string()
        .min(1)
        .default('reboots:policies')
        .describe('What the keys begin with; the same for all replicas'),
      timeoutMilliseconds: z
        .int()
        .min(10)
        .max(10_000)
        .default(1000)
        .describe('Milliseconds after which Redis counts as gone'),
    })
    .prefault({}),
  keep: z.int().min(2).max(1000).default(100).describe('How many versions are remembered, the one in force among them'),
})

const history = z.object({
  store: z
    .enum(['memory', 'sqlite'])
    .default('memory')
    .describe('Where the boots of machines are kept. memory: forgotten at a restart; sqlite: a file, for one process'),
  file: z.string().min(1).default('state/boots.sqlite').describe('The file of sqlite; relative as the one of versions'),
})

const listenOrOff = z.string().refine((text) => text === 'off' || fields.hostPort.safeParse(text).success, {
  error: (issue) => `must be host:port or off, not "${String(issue.input)}"`,
})

const rules = z.object({
  listen: fields.hostPort.default('127.0.0.1:42115').describe('gRPC address of this service'),
  policy: z
    .string()
    .default('')
    .describe(
      'The boot policy, a YAML file read again when it changes; empty: what was applied last, at first the default policy',
    ),
  versions: versions.prefault({}),
  trustedKeys: z
    .array(z.string().min(1))
    .default([])
    .describe('Files with Ed25519 public keys (PEM): only policies that one of them has signed are accepted'),
  history: history.prefault({}),
  rest: z
    .object({
      listen: listenOrOff.default('127.0.0.1:42116').describe('Where the REST API is served; off for nowhere'),
    })
    .prefault({}),
  metrics: metricsSection('127.0.0.1:7115'),
})

/** What this service reads from the configuration file and the environment. */
export const shape = z.object({ log: sections.log, control: sections.control, rules })

export type Config = z.infer<typeof shape>
