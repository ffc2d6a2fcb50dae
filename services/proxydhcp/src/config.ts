import type { Ipv4Address } from '@reboots/protocol/net'
import { bootServersOn, metricsSection, sections } from '@reboots/runtime'
import { z } from 'zod'
import type { Link, Settings } from './ports.ts'

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

/** What may change while the service runs, besides `links` and `log.level`. */
export const LIVE = ['boot'] as const

/** What the handlers need of the configuration. */
export function settingsOf({ boot }: Pick<Config, 'boot'>, links: readonly Link[]): Settings {
  const servers = new Map(links.map((link) => [link.name, bootServersOn(link, boot)]))
  return {
    bootServers: (link) => servers.get(link.name) ?? bootServersOn(link, boot),
    addresses: new Set<Ipv4Address>(links.map((link) => link.address)),
  }
}
