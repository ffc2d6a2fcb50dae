import { parseMac } from '@reboots/protocol/net'
import { z } from 'zod'
import { cidr } from '../addressing/subnet-config.ts'

const mac = z.string().transform((text, context) => {
  const address = parseMac(text)
  if (address !== undefined) return address
  context.addIssue({ code: 'custom', message: `must be a MAC address such as 52:54:00:00:00:01, not "${text}"` })
  return z.NEVER
})

const oui = z.string().transform((text, context) => {
  const digits = text.toLowerCase().replaceAll(/[:.-]/g, '')
  if (/^[0-9a-f]{6}$/.test(digits)) return digits.match(/../g)!.join(':')
  context.addIssue({
    code: 'custom',
    message: `must be the first three octets of a MAC, such as 52:54:00, not "${text}"`,
  })
  return z.NEVER
})

const perSecond = z.int().min(1).max(1_000_000).optional()

/** Section `dhcp.admission`: who is heard at all. */
export const admission = z.object({
  relays: z
    .array(cidr)
    .default([])
    .describe('Networks that relay agents are trusted in, by the source of their packets; empty: any relay agent'),
  denyMacs: z.array(mac).default([]).describe('Hardware addresses that are never answered'),
  denyOuis: z.array(oui).default([]).describe('First three octets of hardware addresses that are never answered'),
  denyRelays: z.array(cidr).default([]).describe('Networks of relay agents (giaddr) that are never answered'),
  clientPerSecond: perSecond.describe('Most messages a second of one client; absent: any number'),
  relayPerSecond: perSecond.describe('Most messages a second through one relay agent; absent: any number'),
})

export type AdmissionConfig = z.infer<typeof admission>
