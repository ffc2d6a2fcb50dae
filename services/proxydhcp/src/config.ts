import { formatIpv4 } from '@reboots/protocol/net'
import type { BootServers } from '@reboots/rules'
import { metricsSection, sections } from '@reboots/runtime'
import { z } from 'zod'
import type { Link } from './ports.ts'

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

/** The boot servers as machines on a link see them: those configured, else this host at its address on that link. */
export function bootServersOn(link: Link, boot: Config['boot']): BootServers {
  return {
    tftp: { address: boot.tftpHost ?? link.address, port: boot.tftpPort },
    http: `http://${boot.httpHost ?? formatIpv4(link.address)}:${boot.httpPort}`,
    macFormat: boot.macFormat,
    binaries: boot.binaries,
  }
}
