import { INFINITE, type Seconds } from '@reboots/protocol/net'
import { bootServersOn, fields, metricsSection, sections, type UdpLink } from '@reboots/runtime'
import { z } from 'zod'
import type { Settings } from './ports.ts'

const dhcp = z.object({
  logServers: z
    .array(fields.ipv4)
    .default([])
    .describe('IPv4 addresses of log servers for every machine (option 7); empty: not sent'),
  authoritative: z
    .boolean()
    .default(true)
    .describe(
      'Whether a known machine that names a wrong address is told so (NAK), or left to other servers (silence)',
    ),
  offerSeconds: z
    .int()
    .min(1)
    .max(3600)
    .default(60)
    .describe('Seconds that an offer is held for the machine it was made to'),
  declineQuarantineSeconds: z
    .int()
    .min(0)
    .max(INFINITE)
    .default(600)
    .describe('Seconds that an address its machine found in use is given to nobody; 4294967295: until a restart'),
  metrics: metricsSection('127.0.0.1:7067'),
})

/** What this service reads from the configuration file and the environment. */
export const shape = z.object({
  log: sections.log,
  links: sections.links,
  control: sections.control,
  boot: sections.boot,
  dhcp,
})

export type Config = z.infer<typeof shape>

/** What the handlers need of the configuration. */
export function settingsOf({ dhcp, boot }: Config, links: readonly UdpLink[]): Settings {
  const servers = new Map(links.map((link) => [link.name, bootServersOn(link, boot)]))
  return {
    authoritative: dhcp.authoritative,
    offerTime: dhcp.offerSeconds as Seconds,
    quarantineTime: dhcp.declineQuarantineSeconds as Seconds,
    logServers: dhcp.logServers,
    bootServers: (link) => servers.get(link.name)!,
  }
}
