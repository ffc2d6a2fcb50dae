import { INFINITE, type Ipv4Address, type Seconds } from '@reboots/protocol/net'
import { bootServersOn, ConfigError, fields, isChosen, metricsSection, sections, type UdpLink } from '@reboots/runtime'
import { z } from 'zod'
import { Classes } from './addressing/classes.ts'
import { Networks } from './addressing/networks.ts'
import { admission } from './admission/admission-config.ts'
import { admissionOf } from './admission/admission.ts'
import { conflictProbe } from './conflict-probe-config.ts'
import { classes, leaseSeconds, options, subnets } from './addressing/subnet-config.ts'
import { api } from './lease-api/api-config.ts'
import { leases } from './leases-config.ts'
import type { Settings } from './ports.ts'

const dhcp = z.object({
  subnets: subnets.describe('Subnets with their pools, options and lease times; see the README'),
  unknownMachines: z
    .enum(['ignore', 'serve'])
    .default('ignore')
    .describe('Whether machines without a hardware record get addresses of the pools'),
  clientIdentity: z
    .enum(['mac', 'client-id'])
    .default('mac')
    .describe('What tells clients of a pool apart: mac keeps one address for firmware, iPXE and system'),
  leaseSeconds,
  options: options.describe('DHCP options for every network, by name or number'),
  classes: classes.describe('What goes with the classes that rules of the policy give, by name; see the README'),
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
  rapidCommit: z.boolean().default(false).describe('Whether DISCOVER with option 80 is answered by ACK (RFC 4039)'),
  subnetSelection: z
    .boolean()
    .default(false)
    .describe('Whether clients may name the subnet they want an address in, option 118 (RFC 3011)'),
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
    .describe('Seconds that an address its machine found in use is given to nobody; 4294967295: for ever'),
  conflictProbe: conflictProbe.prefault({}),
  admission: admission.prefault({}),
  leases: leases.prefault({}),
  api: api.prefault({}),
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

/** A lease where nothing says how long: a day. */
const DEFAULT_LEASE = 86_400 as Seconds

/** What may change while the service runs, besides `links` and `log.level`: all but where leases are kept and what is listened on. */
export const LIVE = [
  'boot',
  'dhcp.subnets',
  'dhcp.unknownMachines',
  'dhcp.clientIdentity',
  'dhcp.leaseSeconds',
  'dhcp.options',
  'dhcp.classes',
  'dhcp.logServers',
  'dhcp.authoritative',
  'dhcp.rapidCommit',
  'dhcp.subnetSelection',
  'dhcp.offerSeconds',
  'dhcp.declineQuarantineSeconds',
  'dhcp.conflictProbe',
  'dhcp.admission',
] as const

/** What the handlers need of the configuration. ConfigError when it is for other interfaces than those that are served. */
export function settingsOf(config: Config, links: readonly UdpLink[], placeOf: PlaceOf = () => ''): Settings {
  const { dhcp, boot } = config
  const problems = strayLinks(config, links, placeOf)
  if (problems.length > 0) throw new ConfigError(problems)
  const servers = new Map(links.map((link) => [link.name, bootServersOn(link, boot)]))
  return {
    ...timesOf(dhcp),
    ...switchesOf(dhcp),
    networks: networksOf(dhcp, links),
    classes: new Classes(Object.entries(dhcp.classes)),
    admission: admissionOf(dhcp.admission),
    bootServers: (link) => servers.get(link.name) ?? bootServersOn(link, boot),
  }
}

type PlaceOf = (path: readonly PropertyKey[]) => string

/** A link that is waited for is none of them. */
function strayLinks({ dhcp, links: chosen }: Config, links: readonly UdpLink[], placeOf: PlaceOf): string[] {
  const served = links.map(({ name }) => name)
  // The interface of the default route has no name in the configuration, and may be gone for a while.
  if (chosen.interfaces.length === 0 && links.length === 0) return []
  return dhcp.subnets.flatMap(({ link, subnet }, index) => {
    if (link === undefined || served.includes(link) || isChosen(link, chosen.interfaces)) return []
    const path = ['dhcp', 'subnets', index, 'link']
    const why = `subnet ${subnet.text} is for interface ${link}, which is not served; served are ${served.join(', ')}`
    return [
      `${placeOf(path)} ${path.join('.')}: ${why}: add it to links.interfaces, or correct dhcp.subnets`.trimStart(),
    ]
  })
}

type DhcpConfig = Config['dhcp']

function timesOf(dhcp: DhcpConfig) {
  return { offerTime: dhcp.offerSeconds as Seconds, quarantineTime: dhcp.declineQuarantineSeconds as Seconds }
}

function switchesOf(dhcp: DhcpConfig) {
  const { authoritative, clientIdentity, rapidCommit, subnetSelection } = dhcp
  const servesUnknown = dhcp.unknownMachines === 'serve'
  return {
    authoritative,
    servesUnknown,
    clientIdentity,
    rapidCommit,
    subnetSelection,
    conflictProbe: dhcp.conflictProbe,
    sharedLeases: dhcp.leases.store === 'redis',
  }
}

function networksOf(
  dhcp: DhcpConfig,
  links: readonly { readonly name: string; readonly address: Ipv4Address }[],
): Networks {
  const { subnets, options, logServers } = dhcp
  const leaseSeconds = { ...dhcp.leaseSeconds, default: dhcp.leaseSeconds.default ?? DEFAULT_LEASE }
  return new Networks({ subnets, options, logServers, leaseSeconds, ...timesOf(dhcp) }, links)
}
