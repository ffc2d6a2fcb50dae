import { fields } from '@reboots/runtime'
import { z } from 'zod'

/** Section `dhcp.api`. */
export const api = z.object({
  listen: z
    .string()
    .refine((text) => text === 'off' || fields.hostPort.safeParse(text).success, {
      error: (issue) => `must be host:port or off, not "${String(issue.input)}"`,
    })
    .default('127.0.0.1:42117')
    .describe('Where leases are listed, reserved, released and watched over gRPC; off for nowhere'),
})
