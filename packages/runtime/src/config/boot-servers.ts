import { formatIpv4, type Endpoint, type Ipv4Address, type MacFormat } from '@reboots/protocol/net'
import type { z } from 'zod'
import type { sections } from './sections.ts'

/** Where machines find their boot files, as they see it. */
export interface BootServersOnLink {
  readonly tftp: Endpoint
  /** Origin of ipxe-http, without a slash at its end. */
  readonly http: string
  readonly macFormat: MacFormat
  readonly binaries: Readonly<Record<string, string | undefined>>
}

/** The boot servers for machines on a link: those of the section `boot`, else this host at its address on that link. */
export function bootServersOn(
  link: { readonly address: Ipv4Address },
  boot: z.infer<typeof sections.boot>,
): BootServersOnLink {
  return {
    tftp: { address: boot.tftpHost ?? link.address, port: boot.tftpPort },
    http: `http://${boot.httpHost ?? formatIpv4(link.address)}:${boot.httpPort}`,
    macFormat: boot.macFormat,
    binaries: boot.binaries,
  }
}
