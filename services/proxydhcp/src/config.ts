import type { Ipv4Address } from '@reboots/protocol/net'
import { bootServersOn, ConfigError, fields, isChosen, metricsSection, sections } from '@reboots/runtime'
import { z } from 'zod'
import { admission, admissionOf } from './admission.ts'
import { modeFor } from './networks.ts'
import type { Link, Settings } from './ports.ts'

const mode = z.enum(['proxy', 'auto-proxy', 'off'])

const network = z
  .object({
    link: z.string().min(1).optional().describe('Interface'),
    relay: fields.cidr.optional().describe('Network of relay agents (giaddr)'),
    mode: mode.describe('Who is answered there'),
  })
  .refine(({ link, relay }) => link !== undefined || relay !== undefined, { error: 'needs link, relay, or both' })

const group = fields.ipv4.refine((address) => address >>> 28 === 0xe, {
  error: 'must be a multicast address, 224.0.0.0 to 239.255.255.255',
})

const discovery = z.object({
  multicast: group.optional().describe('Multicast group in which PXE clients may look for boot servers; absent: none'),
  broadcast: z.boolean().default(false).describe('Whether PXE ROMs may look for boot servers by broadcast, on port 67'),
})

const otherServers = z.object({
  watch: z
    .boolean()
    .default(true)
    .describe('Whether what other DHCP servers send is listened to, and what is wrong with it said'),
  known: z
    .array(fields.ipv4)
    .default([])
    .describe('Servers of which nothing is said, such as replicas of this service'),
})

const proxydhcp = z.object({
  mode: mode
    .default('auto-proxy')
    .describe(
      'proxy: machines with a record or a rule of their own; auto-proxy: whoever the policy lets in; off: nobody',
    ),
  networks: z
    .array(network)
    .default([])
    .describe('Other modes for interfaces and relay agents; the first that fits holds'),
  discovery: discovery.prefault({}),
  port67: z
    .enum(['bind', 'share', 'capture'])
    .default('bind')
    .describe(
      'How port 67 is heard. bind: it is ours; capture: beside another program of this host that has it, without binding; ' +
        'share: with one that shares it (SO_REUSEADDR), broadcasts only',
    ),
  admission: admission.prefault({}),
  minimumSecs: z
    .int()
    .min(0)
    .max(60)
    .default(0)
    .describe('Only clients are answered on port 67 that say they have tried for so many seconds'),
  delayMilliseconds: z
    .int()
    .min(0)
    .max(3000)
    .default(0)
    .describe('Milliseconds that an OFFER waits, so that another proxy is heard first'),
  otherServers: otherServers.prefault({}),
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

/** What may change while the service runs, besides `links` and `log.level`. */
export const LIVE = [
  'boot',
  'proxydhcp.mode',
  'proxydhcp.networks',
  'proxydhcp.discovery.broadcast',
  'proxydhcp.admission',
  'proxydhcp.minimumSecs',
] as const

type PlaceOf = (path: readonly PropertyKey[]) => string

/** What the handlers need of the configuration. ConfigError when it is for other interfaces than those that are served. */
export function settingsOf(config: Config, links: readonly Link[], placeOf: PlaceOf = () => ''): Settings {
  const problems = strayLinks(config, links, placeOf)
  if (problems.length > 0) throw new ConfigError(problems)
  const { boot, proxydhcp } = config
  const { mode, networks, discovery, minimumSecs } = proxydhcp
  const servers = new Map(links.map((link) => [link.name, bootServersOn(link, boot)]))
  return {
    bootServers: (link) => servers.get(link.name) ?? bootServersOn(link, boot),
    modeFor: networks.length === 0 ? () => mode : (link, behind) => modeFor(networks, mode, link, behind),
    discovery,
    admission: admissionOf(proxydhcp.admission),
    minimumSecs,
    addresses: new Set<Ipv4Address>(links.map((link) => link.address)),
  }
}

/** A link that is waited for is none of them. */
function strayLinks({ proxydhcp, links: chosen }: Config, links: readonly Link[], placeOf: PlaceOf): string[] {
  const served = links.map(({ name }) => name)
  // The interface of the default route has no name in the configuration, and may be gone for a while.
  if (chosen.interfaces.length === 0 && links.length === 0) return []
  return proxydhcp.networks.flatMap(({ link }, index) => {
    if (link === undefined || served.includes(link) || isChosen(link, chosen.interfaces)) return []
    const path = ['proxydhcp', 'networks', index, 'link']
    const why = `interface ${link} is not served; served are ${served.join(', ')}`
    return [`${placeOf(path)} ${path.join('.')}: ${why}: add it to links.interfaces, or correct it here`.trimStart()]
  })
}
