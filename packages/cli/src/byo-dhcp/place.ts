import { formatIpv4, parseIpv4 } from '@reboots/protocol/net'
import { chooseLinks, fields, loadConfig, OperatorError, sections } from '@reboots/runtime'
import { z } from 'zod'
import type { BootPlace } from './model.ts'
import { subnetOf, type Subnet } from './subnet.ts'

export interface PlaceOptions {
  readonly config?: string | undefined
  readonly tftp?: string | undefined
  readonly http?: string | undefined
  readonly subnet?: string | undefined
}

const SHAPE = z.object({ links: sections.links, boot: sections.boot })
/** Firmware asks no other port. */
const TFTP_PORT = 69

/** Where machines find Reboots: what the command line says, else the configuration, else this host. OperatorError for what makes no sense. */
export function bootPlace(options: PlaceOptions): BootPlace {
  const { links, boot } = loadConfig(SHAPE, options.config === undefined ? {} : { file: options.config }).config
  const own = (): string => ownAddress(links)
  const subnet = options.subnet === undefined ? undefined : readSubnet(options.subnet)
  if (options.tftp === undefined && boot.tftpPort !== TFTP_PORT) {
    const remedy = 'Forward port 69 to it, and say with --tftp where that is.'
    throw new OperatorError(`firmware asks TFTP servers on port 69 only, and boot.tftpPort is ${boot.tftpPort}`, remedy)
  }
  return {
    tftp: options.tftp === undefined ? tftpHost(boot.tftpHost, own) : readAddress(options.tftp),
    http:
      options.http === undefined
        ? readOrigin('boot.httpHost', boot.httpHost ?? own(), boot.httpPort)
        : readOrigin('--http', options.http, boot.httpPort),
    binaries: boot.binaries,
    ...(subnet !== undefined && { subnet }),
  }
}

function tftpHost(configured: Parameters<typeof formatIpv4>[0] | undefined, own: () => string): string {
  return configured === undefined ? own() : formatIpv4(configured)
}

function ownAddress(links: z.infer<typeof sections.links>): string {
  const found = chooseLinks(links).links
  const [only] = found
  if (only !== undefined && found.length === 1) return formatIpv4(only.address)
  const seen = found.map((link) => `${formatIpv4(link.address)} on ${link.name}`).join(', ')
  const remedy = 'Say with --tftp and --http where the machines find it.'
  throw new OperatorError(
    found.length === 0 ? 'this host has no address yet' : `this host has several addresses: ${seen}`,
    remedy,
  )
}

function readAddress(text: string): string {
  const address = parseIpv4(text)
  if (address !== undefined) return formatIpv4(address)
  throw new OperatorError(
    `--tftp: "${text}" is not an IPv4 address`,
    'Firmware takes an address and no name: --tftp 192.0.2.5',
  )
}

const ORIGIN = /^(?:http:\/\/)?([A-Za-z0-9][A-Za-z0-9.-]*)(?::(\d{1,5}))?\/?$/

function readOrigin(key: string, text: string, port: number): string {
  const [, host, own = port] = ORIGIN.exec(text) ?? []
  if (host !== undefined && fields.port.safeParse(Number(own)).success) return `http://${host}:${own}`
  const remedy = 'Name a host by its address or name, with a port or without: --http 192.0.2.5:7080'
  throw new OperatorError(`${key}: "${text}" is not where ipxe-http can be`, remedy)
}

function readSubnet(text: string): Subnet {
  const read = fields.cidr.safeParse(text)
  const remedy = 'Name the network of the machines: --subnet 192.0.2.0/24'
  if (!read.success) throw new OperatorError(`--subnet: ${read.error.issues[0]?.message}`, remedy)
  const subnet = subnetOf(read.data.network, read.data.mask)
  if (subnet === undefined)
    throw new OperatorError(`--subnet: ${text} is not a network of 8 to 16 million addresses`, remedy)
  return subnet
}
