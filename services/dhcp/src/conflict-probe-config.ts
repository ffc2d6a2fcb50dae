import { z } from 'zod'

/** Section `dhcp.conflictProbe`: whether somebody uses an address already. */
export const conflictProbe = z.object({
  enabled: z
    .boolean()
    .default(true)
    .describe('Whether it is asked who uses an address of a pool before it is offered to a client that is new to it'),
  waitMilliseconds: z
    .int()
    .min(50)
    .max(5000)
    .default(400)
    .describe('Milliseconds that an answer is waited for; longer than a second many clients do not wait'),
  atOnce: z
    .int()
    .min(1)
    .max(4096)
    .default(64)
    .describe(
      'Most addresses that are asked for on one link in that time; further clients are answered at once, without',
    ),
})
