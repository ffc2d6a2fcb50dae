import { fields } from '@reboots/runtime'
import { z } from 'zod'
import { cidr } from '../addressing/subnet-config.ts'

const perSecond = z.int().min(1).max(1_000_000).optional()

/** Section `dhcp.admission`: who is heard at all. */
export const admission = z.object({
  relays: z
    .array(cidr)
    .default([])
    .describe('Networks that relay agents are trusted in, by the source of their packets; empty: any relay agent'),
  denyMacs: z.array(fields.mac).default([]).describe('Hardware addresses that are never answered'),
  denyOuis: z
    .array(fields.oui)
    .default([])
    .describe('First three octets of hardware addresses that are never answered'),
  denyRelays: z.array(cidr).default([]).describe('Networks of relay agents (giaddr) that are never answered'),
  clientPerSecond: perSecond.describe('Most messages a second of one client; absent: any number'),
  relayPerSecond: perSecond.describe('Most messages a second through one relay agent; absent: any number'),
})

export type AdmissionConfig = z.infer<typeof admission>
